"""The processor at hand, as it is printed beside every figure of speed."""

from __future__ import annotations

import platform
from pathlib import Path

CPUINFO = Path("/proc/cpuinfo")
# What decides the speed of inference: x86, then Arm (asimddp: dot products of int8, i8mm: matrices of them).
UNITS = ("amx_int8", "avx512_vnni", "avx_vnni", "avx2", "i8mm", "asimddp")


def processor(cpuinfo: Path = CPUINFO) -> str:
    """Its name, how many cores, and the vector units that decide inference speed."""
    try:
        lines = cpuinfo.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:  # no Linux
        lines = []
    fields = [
        (key.strip().lower(), value.strip()) for key, _, value in (line.partition(":") for line in lines)
    ]
    names = [value for key, value in fields if key == "model name"]
    cores = sum(key == "processor" for key, _ in fields)
    flags = {flag for key, value in fields if key in ("flags", "features") for flag in value.split()}
    units = " ".join(unit for unit in UNITS if unit in flags)
    return f"{names[0] if names else platform.machine()}, {cores or '?'} cores, {units or 'no SIMD'}"
