"""Product codes on the fixtures' real photos, beside zxing-cpp alone on the same photos in the same run."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from drivers.camera.decode import load_picture
from models.barcode.reader import BarcodeReader
from runtime.core.clock import RealClock
from tools.bench.figures import Figure, fixtures, median, pairs
from tools.commands.snap import open_tools

SETS = ("ean13-1", "ean13-4", "upca-2")
RIGHT_BAR, MEDIAN_BAR_MS = 54, 500


def measure() -> Iterator[Figure]:
    """Right and sure, wrong and sure, and the time a photo; nothing where the fixtures are absent."""
    reader = open_tools(RealClock()).codes
    assert isinstance(reader, BarcodeReader)
    right = wrong = probable = peer_right = total = 0
    own_ms: list[float] = []
    peer_ms: list[float] = []
    for path, truth in photos():
        image = load_picture(path)
        start = time.perf_counter()
        codes = [code for code in reader.read([image], expired=lambda: False) if code.gtin]
        own_ms.append((time.perf_counter() - start) * 1000)
        start = time.perf_counter()
        peer = zxing_alone(image)
        peer_ms.append((time.perf_counter() - start) * 1000)
        sure = [code.gtin for code in codes if code.certainty == "sure"]
        total += 1
        right += truth in sure
        wrong += any(gtin != truth for gtin in sure)
        probable += truth not in sure and any(code.gtin == truth for code in codes)
        peer_right += truth in peer
    if total == 0:
        return
    yield Figure(
        f"codes right and sure of {total}", right, "", RIGHT_BAR, "more", f"zxing-cpp alone: {peer_right}"
    )
    yield Figure("codes wrong and sure", wrong, "", 0)
    yield Figure("codes right but only probable", probable, "")
    yield Figure(
        "time a photo, median", median(own_ms), "ms", MEDIAN_BAR_MS, peer=f"{median(peer_ms):.1f} ms"
    )
    yield Figure("time a photo, worst", max(own_ms), "ms")


def photos() -> Iterator[tuple[Path, str]]:
    """Every fixture photo with its 13-digit truth."""
    for name in SETS:
        yield from pairs(fixtures() / "barcodes" / name, ".webp")


def zxing_alone(image: NDArray[np.uint8]) -> set[str]:
    """One call with zxing-cpp's default options, as the baseline was measured; UPC-A with its leading 0."""
    import zxingcpp

    return {result.text.zfill(13) for result in zxingcpp.read_barcodes(image) if result.text.isdigit()}
