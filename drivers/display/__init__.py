"""Panels: 16 grey levels over SPI, in a terminal, or as PNG files."""
