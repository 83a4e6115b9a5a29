"""Turn cues that follow the head."""
