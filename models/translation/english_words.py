"""English number words, months and weekdays, by value."""

from __future__ import annotations

from collections.abc import Mapping

_SMALL = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
_TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_NTH = [
    "zeroth",
    "first",
    "second",
    "third",
    "fourth",
    "fifth",
    "sixth",
    "seventh",
    "eighth",
    "ninth",
    "tenth",
    "eleventh",
    "twelfth",
    "thirteenth",
    "fourteenth",
    "fifteenth",
    "sixteenth",
    "seventeenth",
    "eighteenth",
    "nineteenth",
]

CARDINALS: Mapping[str, int] = {
    **{word: value for value, word in enumerate(_SMALL)},
    **{word: value for value, word in zip(range(20, 100, 10), _TENS, strict=True)},
    "zeros": 0,
    "zeroes": 0,
    **{
        f"{word}{'es' if word.endswith('x') else 's'}": value
        for value, word in enumerate(_SMALL[:10])
        if value > 1
    },
}
ORDINALS: Mapping[str, int] = {
    **{word: value for value, word in enumerate(_NTH) if value},
    **{f"{word[:-1]}ieth": value for value, word in zip(range(20, 100, 10), _TENS, strict=True)},
    "hundredth": 100,
}
SCALES: Mapping[str, int] = {
    "hundred": 100, "thousand": 1000, "million": 10**6, "billion": 10**9, "trillion": 10**12,
    "k": 1000, "grand": 1000,
}  # fmt: skip
DECADES: Mapping[str, int] = {f"{word[:-1]}ies": CARDINALS[word] for word in _TENS}
VAGUE: Mapping[str, int] = {
    "dozens": 10, "tens": 10, "hundreds": 100, "thousands": 1000, "millions": 10**6, "billions": 10**9,
}  # fmt: skip
MULTIPLES: Mapping[str, int] = {
    "twice": 2, "thrice": 3, "triple": 3, "threefold": 3, "twofold": 2, "quadruple": 4, "tenfold": 10,
}  # fmt: skip
FAINT: Mapping[str, int] = {
    "both": 2, "couple": 2, "pair": 2, "double": 2, "once": 1, "single": 1, "twin": 2, "twins": 2, "triplets": 3,
    "penny": 1, "doubled": 2, "doubles": 2,
}  # fmt: skip
"""Words that hold a number but may stand where the source has none."""

MONTHS: Mapping[str, int] = {
    name[:length]: number
    for number, name in enumerate(
        [
            "january",
            "february",
            "march",
            "april",
            "may",
            "june",
            "july",
            "august",
            "september",
            "october",
            "november",
            "december",
        ],
        1,
    )
    for length in {3, len(name), 4 if number == 9 else 3}
}
WEEKDAYS: Mapping[str, int] = {
    name: number
    for number, names in enumerate(
        (
            "monday mondays mon", "tuesday tuesdays tue tues", "wednesday wednesdays wed",
            "thursday thursdays thu thur thurs", "friday fridays fri", "saturday saturdays sat", "sunday sundays sun",
        ),
        1,
    )
    for name in names.split()
}  # fmt: skip
ROMAN: Mapping[str, int] = {"II": 2, "III": 3, "IV": 4, "VI": 6, "VII": 7, "VIII": 8}
