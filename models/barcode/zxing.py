"""zxing-cpp behind one small function: what it reads from a gray picture, as plain structs."""

from __future__ import annotations

import msgspec
import numpy as np
import zxingcpp
from numpy.typing import NDArray

from models.barcode.base import Point, Quad
from models.barcode.gtin import GtinError, expand_upce, normalise

_FORMATS = zxingcpp.BarcodeFormat
_MATRIX = {"QR Code", "Micro QR Code", "rMQR Code", "Data Matrix", "Aztec", "PDF417", "MaxiCode"}
_PRODUCT = {"EAN-13", "UPC-A", "EAN-8", "UPC-E", "ISBN"}


class Hit(msgspec.Struct, frozen=True):
    """One symbol that zxing-cpp decoded: ``gtin`` is empty when it names no product."""

    symbology: str
    text: str
    gtin: str
    box: Quad
    corrected: bool  # a matrix code: its error correction proves the text


def decode(gray: NDArray[np.uint8]) -> list[Hit]:
    """All symbols in ``gray`` uint8[H, W] with a right check digit or checksum, as zxing-cpp sees them."""
    found = zxingcpp.read_barcodes(np.ascontiguousarray(gray), binarizer=zxingcpp.Binarizer.LocalAverage)
    return [hit for symbol in found if symbol.valid and (hit := _hit(symbol)) is not None]


def _hit(symbol: zxingcpp.Barcode) -> Hit | None:
    name = str(symbol.format)
    position = symbol.position
    corners = (position.top_left, position.top_right, position.bottom_right, position.bottom_left)
    box: tuple[Point, ...] = tuple((float(p.x), float(p.y)) for p in corners)
    if name in _PRODUCT:
        try:
            symbology, gtin = _product(name, symbol.text)
        except GtinError:
            return None
        return Hit(symbology, symbol.text, gtin, (box[0], box[1], box[2], box[3]), False)
    return Hit(name, symbol.text, "", (box[0], box[1], box[2], box[3]), name in _MATRIX)


def _product(name: str, text: str) -> tuple[str, str]:
    if name == "UPC-E":
        return name, text.zfill(13) if len(text) > 8 else expand_upce(text)
    gtin = normalise(text)
    if len(gtin) == 13:
        return ("UPC-A" if gtin[0] == "0" else "EAN-13"), gtin
    return name, gtin
