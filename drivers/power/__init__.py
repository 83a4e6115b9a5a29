"""Fuel gauges."""
