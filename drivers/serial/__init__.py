"""Serial ports and what else carries the console's bytes."""
