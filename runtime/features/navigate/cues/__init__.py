"""Cues: when something is said about a maneuver, and in which words."""
