"""Buses: I²C, SPI and GPIO as small protocols, and the kernel's own behind them."""
