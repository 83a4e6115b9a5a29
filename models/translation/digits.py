"""Numbers of Mandarin speech in digits, as subtitles write them: 二零二六年十一月二十六号 is 2026年11月26号.

What a reader expects in characters stays: small counts (三个人), idioms (三心二意), estimates (四五个).
"""

from __future__ import annotations

from models.translation.chinese import read_chinese


def in_digits(text: str) -> str:
    """The text with its numbers in digits; every other character as it was.

    >>> in_digits("一万两千三百块，打车要二十五分钟，万一下雨呢")
    '12300块，打车要25分钟，万一下雨呢'
    """
    for fact in reversed(read_chinese(text)):
        if fact.written:
            text = text[: fact.start] + fact.written + text[fact.end :]
    return text
