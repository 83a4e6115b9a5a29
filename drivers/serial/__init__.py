"""Byte streams: serial ports, a pseudo-terminal, TCP on loopback, and a pair in memory."""
