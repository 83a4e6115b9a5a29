"""Satellite receivers: NMEA 0183 from a UART."""
