"""Sentences as a receiver would send them, with a sum of the tests' own making."""

from __future__ import annotations

from functools import reduce


def line(body: str) -> bytes:
    """``body`` ("GPGGA,…") with "$", its sum and its end."""
    total = reduce(lambda a, b: a ^ b, body.encode(), 0)
    return f"${body}*{total:02x}\r\n".encode()


def gga(time: str = "123519", lat: str = "4807.038,N", lon: str = "01131.000,E", quality: str = "1") -> bytes:
    return line(f"GPGGA,{time},{lat},{lon},{quality},08,0.9,545.4,M,46.9,M,,")


def rmc(
    time: str = "123519",
    lat: str = "4807.038,N",
    lon: str = "01131.000,E",
    date: str = "230326",
    status: str = "A",
) -> bytes:
    return line(f"GPRMC,{time},{status},{lat},{lon},002.4,084.4,{date},003.1,W")


COLD = (
    line("GNRMC,,V,,,,,,,,,,N") + line("GNVTG,,,,,,,,,N") + line("GNGGA,,,,,,0,00,99.99,,,,,,")
    + line("GNGSA,A,1,,,,,,,,,,,,,99.99,99.99,99.99") + line("GPGSV,1,1,00")
)  # fmt: skip
