"""Chinese words with a numeral in them that state no number."""

from __future__ import annotations

import re

from models.translation.tables import words

_WORDS = "|".join(map(re.escape, sorted(words("idioms.txt"), key=len, reverse=True)))
_PATTERN = re.compile(rf"(?<![周期拜十百千万零〇])(?:{_WORDS})")  # 周一下雪 holds no 一下
_FEASTS = re.compile(
    r"(?:五一|六一|七一|八一|十一|三八|双十一|双十二)(?=劳动|儿童|国庆|妇女|黄金|放|节|假|长假|期间|的时候|你|我们)"
)
_TEN_MILLION = re.compile(r"(?<![零一二两三四五六七八九十百千几数好上\d])千万(?!元|块|美|人|级|分之)")
_ONE_OF = re.compile(r"(?<!分)之一")
_TEN_MINUTES = re.compile(
    r"(?<![零一二两三四五六七八九十百千几点时過过差第的\d])十分(?![钟鐘之间間ぐくほで後前かお待]|歩)"
)


def veil(text: str) -> str:
    """The text with such words blanked out, each place kept.

    >>> veil("万一有三个人")
    '\\x00\\x00有三个人'
    """
    for pattern in (_ONE_OF, _FEASTS, _PATTERN, _TEN_MINUTES, _TEN_MILLION):
        text = pattern.sub(lambda match: "\0" * len(match[0]), text)
    return text
