"""GTINs: check digits and the 13-digit form (GS1 General Specifications §7.9, UPC-E §5.2)."""

from __future__ import annotations


class GtinError(ValueError):
    """The text is not a GTIN; the message says why."""


def check_digit(body: str) -> str:
    """The check digit for ``body``, the digits before it: weights 3, 1, 3 … from the right (§7.9).

    Raises GtinError when ``body`` is not digits only.
    """
    if not body or not (body.isascii() and body.isdigit()):
        raise GtinError(f"a GTIN has digits only, not {body!r}")
    total = sum(int(digit) * (3 if i % 2 == 0 else 1) for i, digit in enumerate(reversed(body)))
    return str(-total % 10)


def is_valid(code: str) -> bool:
    """Whether ``code`` has 8, 12 or 13 digits and the right check digit."""
    digits = code.isascii() and code.isdigit()
    return digits and len(code) in (8, 12, 13) and check_digit(code[:-1]) == code[-1]


def normalise(code: str) -> str:
    """EAN-13 as it is, UPC-A with a leading 0 (13 digits), EAN-8 as it is (8 digits).

    Raises GtinError for another length, a character that is no digit, or a wrong check digit.
    """
    if not code.isascii() or not code.isdigit():
        raise GtinError(f"a GTIN has digits only, not {code!r}")
    if len(code) not in (8, 12, 13):
        raise GtinError(f"a GTIN has 8, 12 or 13 digits, not {len(code)}")
    if (right := check_digit(code[:-1])) != code[-1]:
        raise GtinError(f"the check digit of {code} should be {right}, not {code[-1]}")
    return code.zfill(13) if len(code) == 12 else code


def expand_upce(code: str) -> str:
    """UPC-E's 8 digits (number system, 6 digits, check digit) → the 13 digits of its UPC-A.

    Zeros that UPC-E left out come back by the last of the six digits (§5.2.2.4.2).
    Raises GtinError when the length, the number system (0 or 1) or the check digit is wrong.
    """
    if len(code) != 8 or not code.isascii() or not code.isdigit() or code[0] not in "01":
        raise GtinError(f"a UPC-E code has 8 digits and begins with 0 or 1, not {code!r}")
    system, six, check = code[0], code[1:7], code[7]
    match six[5]:
        case "0" | "1" | "2":
            body = six[:2] + six[5] + "0000" + six[2:5]
        case "3":
            body = six[:3] + "00000" + six[3:5]
        case "4":
            body = six[:4] + "00000" + six[4]
        case _:
            body = six[:5] + "0000" + six[5]
    return normalise(system + body + check)
