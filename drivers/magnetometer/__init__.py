"""Magnetometers."""
