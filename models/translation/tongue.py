"""Which language a typed text is in, as far as its letters and its little words tell."""

from __future__ import annotations

from models.translation.guard_form import LITTLE_WORDS
from models.translation.pair import latin_words, scripts

_BY_SCRIPT = {
    "kana": "ja", "hangul": "ko", "han": "zh", "cyrillic": "ru", "arabic": "ar", "hebrew": "he", "thai": "th",
    "greek": "el", "devanagari": "hi", "tamil": "ta", "bengali": "bn",
}  # fmt: skip


def language_of(text: str) -> str:
    """ISO 639-1; English where Latin letters tell nothing else, empty for letters nobody knows.

    >>> language_of("牛奶在哪里？"), language_of("Où est la gare ?"), language_of("milk")
    ('zh', 'fr', 'en')
    """
    found = scripts(text)
    if own := next((code for script, code in _BY_SCRIPT.items() if found.get(script)), ""):
        return own
    if "latin" not in found:
        return "" if found else "en"
    words = [word.lower() for word in latin_words(text)]
    counts = {code: sum(word in little for word in words) for code, little in LITTLE_WORDS.items()}
    best = max(counts, key=lambda code: (counts[code], code == "en"))
    return best if counts[best] > counts["en"] else "en"
