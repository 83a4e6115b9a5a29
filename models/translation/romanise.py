"""The sounds of other scripts in Latin letters, to find a name's source by."""

from __future__ import annotations

import os
import re
import unicodedata
from functools import lru_cache

from models.translation.pair import folded

_CYRILLIC = {
    "а": "a", "б": "b", "в": "v", "г": "g", "д": "d", "е": "e", "ё": "e", "ж": "zh", "з": "z", "и": "i", "й": "i",
    "к": "k", "л": "l", "м": "m", "н": "n", "о": "o", "п": "p", "р": "r", "с": "s", "т": "t", "у": "u", "ф": "f",
    "х": "kh", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "sh", "ы": "y", "э": "e", "ю": "yu", "я": "ya", "і": "i",
    "ї": "i", "є": "e", "ґ": "g",
}  # fmt: skip
_ENGLISH = (
    ("ph", "f"), ("th", "t"), ("ck", "k"), ("sh", "s"), ("ch", "s"), ("qu", "k"), ("ng", "n"), ("ce", "s"),
    ("ci", "s"), ("ge", "s"), ("gi", "s"),
)  # fmt: skip
_PLAIN = (("sh", "s"), ("zh", "s"), ("ch", "s"), ("ts", "s"), ("kh", "k"), ("ng", "n"))
_PINYIN = (*_PLAIN, ("c", "s"), ("q", "s"), ("x", "s"))
_CLASS = {
    "b": "p", "p": "p", "d": "t", "t": "t", "g": "k", "k": "k", "c": "k", "q": "k", "x": "ks", "v": "f", "f": "f",
    "w": "f", "s": "s", "z": "s", "j": "s", "l": "l", "r": "l", "m": "n", "n": "n",
}  # fmt: skip
_SOUNDED = frozenset(
    "阿埃艾爱安昂奥澳巴白班邦保鲍贝本比彼毕宾波伯博勃布采查达大戴丹当道德登迪蒂丁东杜顿多厄恩尔法凡菲费芬丰弗夫福盖甘冈高戈格葛古哈海韩汉豪赫亨洪胡华怀"
    "霍基吉加贾简江杰金京喀卡凯坎康考柯科克肯孔库夸奎昆拉莱赖兰朗劳勒雷冷利里丽理列林琳龙卢鲁露伦罗洛马玛迈麦曼芒毛梅门蒙米密明莫摩默姆穆纳娜奈南内妮尼"
    "宁牛纽农努诺欧帕派潘庞佩彭皮平珀普齐奇乔琴琼丘让热日荣瑞若萨赛桑森沙山尚绍舍申什圣施史舒斯丝思松苏孙索塔泰坦汤唐陶特滕提廷通图托瓦万旺威韦维魏温文沃"
    "乌武西希锡夏香谢辛欣休许逊雅亚扬耶叶伊易因英尤雨约泽扎詹珍芝朱兹佐翰奧蓓蕾莎莉莲茜薇蒙娅婕媛黛"
)
"""Characters that the transcription tables of Xinhua write foreign names with, the usual ones."""


@lru_cache(maxsize=1024)
def spelled_by(word: str, source: str) -> bool:
    """Whether ``word`` is the pinyin of a stretch of ``source``, in any reading of its characters.

    >>> spelled_by("Xiaoming", "王小明来了"), spelled_by("Xiaohong", "王小明来了")
    (True, False)
    """
    letters = folded(word)
    sounds = [syllables(char) for char in source]
    return any(_consumes(letters, sounds, at) for at in range(len(sounds)) if sounds[at])


def _consumes(letters: str, sounds: list[tuple[str, ...]], at: int) -> bool:
    if not letters:
        return True
    if at >= len(sounds):
        return False
    return any(
        letters.startswith(sound) and _consumes(letters[len(sound) :], sounds, at + 1) for sound in sounds[at]
    )


_SYLLABLES = re.compile(
    r"(?:(?:zh|ch|sh|[bpmfdtnlgkhjqxzcsryw])?(?:iang|iong|uang|ueng|ang|eng|ing|ong|ian|iao|uai|uan|ai|ei|ao|ou|an|en|in|"
    r"un|ia|ie|iu|ua|ue|ui|uo|er|a|e|i|o|u))+"
)


def is_pinyin(word: str) -> bool:
    """Whether a word of more than one syllable's length could be pinyin.

    >>> is_pinyin("Nanjing"), is_pinyin("Philip")
    (True, False)
    """
    return len(word) > 4 and bool(_SYLLABLES.fullmatch(folded(word))) and word[-1] in "aeioungr"


@lru_cache(maxsize=4096)
def syllables(char: str) -> tuple[str, ...]:
    """Every reading of a Chinese character in pinyin without tones; none for what is no such character."""
    if not "\u3400" <= char <= "\u9fff":
        return ()
    # Phrases would cost 40 MB and give one reading; all of them are wanted.
    os.environ.setdefault("PYPINYIN_NO_PHRASES", "true")
    from pypinyin import Style, pinyin

    found = pinyin(char, style=Style.NORMAL, heteronym=True, errors="ignore")
    return tuple(dict.fromkeys(form for one in found for sound in one for form in _forms(sound)))


_OLDER = (
    ("zh", ("ch",)), ("q", ("ch", "ts")), ("x", ("hs", "s", "sh")), ("j", ("ch", "k")), ("b", ("p",)), ("d", ("t",)),
    ("g", ("k",)), ("z", ("ts",)), ("c", ("ts",)),
)  # fmt: skip


def _forms(sound: str) -> tuple[str, ...]:
    """A syllable in pinyin and as Wade and Giles, and the post, wrote it: zhou is Chou, qing Ching and Tsing."""
    sound = folded(sound)
    plain = (sound.replace("v", "u"), sound.replace("v", "yu"), sound) if "v" in sound else (sound,)
    older = (
        old + one[len(new) :] for one in plain for new, olds in _OLDER if one.startswith(new) for old in olds
    )
    return tuple(dict.fromkeys((*plain, *older)))


def sounds_like(word: str, source: str, language: str) -> bool:
    """Whether ``word`` may be a foreign name that ``source`` writes by its sound (史密斯 for Smith)."""
    wanted = skeleton(word)
    if language in ("zh", "yue") and is_pinyin(word):
        return False  # it is Chinese, and would be spelled by its characters
    return bool(wanted) and any(_near(wanted, run) for run in _runs(source, language))


def skeleton(word: str, groups: tuple[tuple[str, str], ...] = _ENGLISH) -> str:
    """The consonants of a word by the way they sound, the voice left out; ``groups`` tells how they are written.

    >>> skeleton("Smith"), skeleton("shimisi", _PINYIN)
    ('snt', 'sns')
    """
    letters = folded(word)
    for group, sound in groups:
        letters = letters.replace(group, sound)
    made = "".join(_CLASS.get(char, " ") for char in letters)
    return re.sub(r"(.)\1+", r"\1", re.sub(r"\s+", "", made))


def _near(wanted: str, heard: str) -> bool:
    """Whether the skeletons have most in common, in order."""
    if not heard or abs(len(wanted) - len(heard)) > max(1, len(wanted) // 2):
        return False
    return _common(wanted, heard) >= 0.7 * max(len(wanted), len(heard))


def _common(one: str, other: str) -> int:
    """The length of the longest common subsequence."""
    row = [0] * (len(other) + 1)
    for char in one:
        before = 0
        for at, second in enumerate(other, 1):
            before, row[at] = row[at], before + 1 if char == second else max(row[at], row[at - 1])
    return row[-1]


def _runs(source: str, language: str) -> list[str]:
    """The skeletons of what may be names in ``source``."""
    if language in ("zh", "yue"):
        found = re.findall(f"[{''.join(_SOUNDED)}]{{2,}}", source)
        stretches = {
            run[a:b] for run in found for a in range(len(run)) for b in range(a + 2, min(len(run), a + 6) + 1)
        }
        return [
            skeleton("".join((syllables(char) or ("",))[0] for char in part), _PINYIN) for part in stretches
        ]
    parts = [part for word in re.findall(r"[^\W\d_]+", source) for part in _parts(word)]
    return list({skeleton(letters_of(part), _PLAIN) for part in parts})


def _parts(word: str) -> list[str]:
    """A word with and without what may be its ending (a case, a particle); of syllables every stretch."""
    if word[0] >= "\u3040":  # kana and hangul
        return [word[a:b] for a in range(len(word)) for b in range(a + 1, min(len(word), a + 5) + 1)]
    return [word[:length] for length in range(max(3, len(word) - 3), len(word) + 1)]


def letters_of(word: str) -> str:
    """Cyrillic, kana and hangul in Latin letters; others as they are."""
    return "".join(_letter(char) for char in word.lower())


def _letter(char: str) -> str:
    if char in _CYRILLIC:
        return _CYRILLIC[char]
    name = unicodedata.name(char, "")
    if name.startswith(("HANGUL SYLLABLE ", "HIRAGANA LETTER ", "KATAKANA LETTER ")):
        return name.rsplit(" ", 1)[1].lower()
    return char if char.isascii() or "LATIN" in name else ""
