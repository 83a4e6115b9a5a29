"""Routes: what one is, and how it is read from what maps and recorders write."""
