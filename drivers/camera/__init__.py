"""Cameras: the latest frame, never a queue."""
