"""What an engineer runs on a host."""
