"""What one NMEA 0183 sentence says: GGA, RMC, GNS, GLL, VTG, GSA, GSV, GST, ZDA of any talker.

pynmea2 knows the sentences' fields and checks the sum; the values are read here, strictly: it takes a coordinate
without its hemisphere for 0°, and hands on as text what is no number.
"""

from __future__ import annotations

import datetime
import re
from typing import Any

import msgspec
import pynmea2

from drivers.base import DriverError

KNOT = 1852 / 3600  # m/s
TALKERS = frozenset({"GP", "GL", "GA", "GB", "BD", "GQ", "QZ", "GI", "GN"})
KINDS = frozenset({"GGA", "RMC", "GNS", "GLL", "VTG", "GSA", "GSV", "GST", "ZDA"})
# Measured positions only: neither estimated (6, E), entered by hand (7, M) nor simulated (8, S).
GOOD_QUALITY, GOOD_MODES = frozenset("12345"), frozenset("ADPRF")

_NUMBER = re.compile(r"[+-]?\d+(\.\d*)?|[+-]?\.\d+", re.ASCII)
_ANGLE = re.compile(r"(\d{1,3})(\d\d(?:\.\d*)?)", re.ASCII)
_TIME = re.compile(r"(\d\d)(\d\d)(\d\d(?:\.\d*)?)", re.ASCII)
_DATE = re.compile(r"(\d\d)(\d\d)(\d\d)", re.ASCII)


class ChecksumError(DriverError):
    """The sum at the end of the line is missing or another one."""


class SentenceError(DriverError, ValueError):
    """The line is no sentence, or a field of it makes no sense."""


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """What one sentence says; None where it is silent.

    ``stamp_s`` seconds of the UTC day; ``good`` whether the receiver stands by the position; ``sd_m`` standard
    deviation of one horizontal axis; ``in_view`` satellites of the talker's own system.
    """

    kind: str
    talker: str
    stamp_s: float | None = None
    date: datetime.date | None = None
    good: bool | None = None
    latitude: float | None = None
    longitude: float | None = None
    altitude_m: float | None = None
    speed_mps: float | None = None
    course_deg: float | None = None
    hdop: float | None = None
    sd_m: float | None = None
    satellites: int | None = None
    in_view: int | None = None


def read_sentence(text: str) -> Said | None:
    """What ``text`` ("$GPGGA,…*47") says; None for other sentences. Raises ChecksumError, SentenceError."""
    try:
        message = pynmea2.parse(text, check=True)
    except pynmea2.ChecksumError as error:
        raise ChecksumError(f"bad checksum: {text[:40]}") from error
    except pynmea2.SentenceTypeError:
        return None
    except (
        ValueError,
        AttributeError,
        IndexError,
        TypeError,
    ) as error:  # its proprietary sentences raise any
        raise SentenceError(f"no sentence: {text[:40]}") from error
    kind, talker = getattr(message, "sentence_type", ""), getattr(message, "talker", "")
    if kind not in KINDS or talker not in TALKERS:
        return None
    try:
        return Said(kind=kind, talker=talker, **_READ[kind](_Fields(message)))
    except (ValueError, OverflowError) as error:
        raise SentenceError(f"{talker}{kind}: {error}") from error


class _Fields:
    """The fields of a sentence by pynmea2's names, as text; empty where the line is too short."""

    def __init__(self, message: Any) -> None:
        self._data, self._index = message.data, type(message).name_to_idx

    def text(self, name: str) -> str:
        at = self._index[name]
        return str(self._data[at]) if at < len(self._data) else ""

    def number(self, name: str, least: float = 0.0, most: float = 1e5) -> float | None:
        text = self.text(name)
        if not text:
            return None
        if not _NUMBER.fullmatch(text) or not least <= float(text) <= most:
            raise ValueError(f"{name} is {text!r}")
        return float(text)

    def count(self, name: str) -> int | None:
        value = self.number(name, 0, 999)
        return None if value is None else int(value)

    def stamp(self) -> float | None:
        text = self.text("timestamp")
        if not text:
            return None
        match = _TIME.fullmatch(text)
        if match is None:
            raise ValueError(f"the time is {text!r}")
        hours, minutes, seconds = int(match[1]), int(match[2]), float(match[3])
        if hours > 23 or minutes > 59 or seconds >= 61:  # 60: a leap second
            raise ValueError(f"the time is {text!r}")
        return hours * 3600 + minutes * 60 + seconds

    def position(self) -> dict[str, float]:
        """Latitude and longitude, or neither."""
        north = self._angle("lat", 90, "NS")
        east = self._angle("lon", 180, "EW")
        return {} if north is None or east is None else {"latitude": north, "longitude": east}

    def _angle(self, name: str, most: int, signs: str) -> float | None:
        text, sign = self.text(name), self.text(f"{name}_dir")
        if not text and not sign:
            return None
        match = _ANGLE.fullmatch(text)
        if match is None or len(sign) != 1 or sign not in signs or float(match[2]) >= 60:
            raise ValueError(f"{name} is {text!r} {sign!r}")
        degrees = int(match[1]) + float(match[2]) / 60
        if degrees > most:
            raise ValueError(f"{name} is {text!r}")
        return degrees if sign == signs[0] else -degrees


def _gga(f: _Fields) -> dict[str, Any]:
    return {
        "stamp_s": f.stamp(), "good": f.text("gps_qual") in GOOD_QUALITY, **f.position(),
        "satellites": f.count("num_sats"), "hdop": _dilution(f, "horizontal_dil"),
        "altitude_m": f.number("altitude", -1e4),
    }  # fmt: skip


def _rmc(f: _Fields) -> dict[str, Any]:
    good = f.text("status") == "A" and (
        not f.text("mode_indicator") or f.text("mode_indicator") in GOOD_MODES
    )
    speed = f.number("spd_over_grnd")
    return {
        "stamp_s": f.stamp(), "date": _date(f.text("datestamp")), "good": good, **f.position(),
        "speed_mps": None if speed is None else speed * KNOT, "course_deg": _course(f, "true_course"),
    }  # fmt: skip


def _gns(f: _Fields) -> dict[str, Any]:
    """One letter of mode for each system: one that measured is enough."""
    return {
        "stamp_s": f.stamp(), "good": bool(GOOD_MODES & set(f.text("mode_indicator"))), **f.position(),
        "satellites": f.count("num_sats"), "hdop": _dilution(f, "hdop"), "altitude_m": f.number("altitude", -1e4),
    }  # fmt: skip


def _gll(f: _Fields) -> dict[str, Any]:
    good = f.text("status") == "A" and (not f.text("faa_mode") or f.text("faa_mode") in GOOD_MODES)
    return {"stamp_s": f.stamp(), "good": good, **f.position()}


def _vtg(f: _Fields) -> dict[str, Any]:
    if f.text("true_track") and f.text("true_track_sym") != "T":  # before NMEA 2.3 there were no letters
        raise ValueError("is of a form older than NMEA 2.3")
    knots = f.number("spd_over_grnd_kts")
    return {"course_deg": _course(f, "true_track"), "speed_mps": None if knots is None else knots * KNOT}


def _gsa(f: _Fields) -> dict[str, Any]:
    return {"hdop": _dilution(f, "hdop")}


def _gsv(f: _Fields) -> dict[str, Any]:
    return {"in_view": f.count("num_sv_in_view")}


def _gst(f: _Fields) -> dict[str, Any]:
    north, east = f.number("std_dev_latitude"), f.number("std_dev_longitude")
    known = north is not None and east is not None
    return {"stamp_s": f.stamp(), "sd_m": ((north**2 + east**2) / 2) ** 0.5 if known else None}  # type: ignore[operator]


def _zda(f: _Fields) -> dict[str, Any]:
    day, month, year = (f.number(name, 0, 9999) for name in ("day", "month", "year"))
    if day is None or month is None or year is None:
        return {"stamp_s": f.stamp()}
    return {"stamp_s": f.stamp(), "date": datetime.date(int(year), int(month), int(day))}


def _dilution(f: _Fields, name: str) -> float | None:
    """99.99 is how a receiver without a fix says that it has none."""
    value = f.number(name, 0, 1000)
    return value if value is not None and 0 < value < 50 else None


def _course(f: _Fields, name: str) -> float | None:
    value = f.number(name, 0, 360)
    return None if value is None else value % 360


def _date(text: str) -> datetime.date | None:
    if not text:
        return None
    match = _DATE.fullmatch(text)
    if match is None:
        raise ValueError(f"the date is {text!r}")
    year = int(match[3])
    return datetime.date(year + (1900 if year >= 80 else 2000), int(match[2]), int(match[1]))


_READ = {
    "GGA": _gga, "RMC": _rmc, "GNS": _gns, "GLL": _gll, "VTG": _vtg, "GSA": _gsa, "GSV": _gsv, "GST": _gst,
    "ZDA": _zda,
}  # fmt: skip
