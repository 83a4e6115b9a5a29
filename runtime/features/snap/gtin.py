"""Product numbers: GTIN-8, -12 (UPC-A), -13, -14 with check digit (GS1 General Specifications §7.9)."""

from __future__ import annotations

from models.barcode.gtin import check_digit


def normal(code: str) -> str | None:
    """The code with 8 or 13 digits (14 for a case of goods), or None where it is no GTIN.

    UPC-A gets its leading 0, a GTIN-14 that is a padded shorter one loses its padding.
    """
    digits = code.strip()
    if len(digits) not in (8, 12, 13, 14) or not (digits.isascii() and digits.isdigit()):
        return None
    if int(digits) == 0 or check_digit(digits[:-1]) != digits[-1]:
        return None
    if len(digits) == 8:
        return digits
    digits = digits.zfill(14)
    if digits.startswith("000000"):
        return digits[6:]
    return digits[1:] if digits[0] == "0" else digits
