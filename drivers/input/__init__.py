"""Buttons and touch."""
