"""A way's name as maps write it → its sign's text, the other languages, how it is said."""

from __future__ import annotations

import re
import unicodedata

from runtime.features.navigate.routes.route import Name

_BETWEEN = re.compile(r"\s*(?:;|\s/\s|(?<=[^\x00-\x7f])/(?=[A-Za-z])|\s\|\s)\s*")


def name_of(text: str, pronunciation: str = "") -> Name:
    """``text`` may hold several names ("愚园路 / Yuyuan Rd.", "Logi; Logi Street"): the first is the sign's.

    Of the others one for each language that its script tells is kept: "zh" for Han, else "en" where it is Latin and
    the first is not, or where the same way is named twice.
    """
    names = [part for part in _BETWEEN.split(text.strip()) if part]
    if not names:
        return Name("")
    first, others = names[0], dict[str, str]()
    for other in names[1:]:
        tag = "zh" if _is_han(other) else "en" if _is_latin(other) else ""
        if tag and other != first and tag not in others:
            others[tag] = other
    return Name(first, others, pronunciation)


def _is_han(text: str) -> bool:
    return any("CJK UNIFIED" in unicodedata.name(c, "") for c in text)


def _is_latin(text: str) -> bool:
    letters = [c for c in text if c.isalpha()]
    return bool(letters) and all(unicodedata.name(c, "").startswith("LATIN") for c in letters)
