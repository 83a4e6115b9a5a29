"""What the glasses do."""
