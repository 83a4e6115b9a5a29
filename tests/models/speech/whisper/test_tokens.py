from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from models.base import ManifestError
from models.speech.whisper.pieces import spans
from models.speech.whisper.tokens import Vocabulary
from tests.models.speech.whisper.scripted import Small, write_tokenizer

TEXTS = (
    " Hello, world! It's 3.5% (or so) — fine.",
    " 大学生利用iPhone 15漏洞，免费吃肯德基。",
    " สวัสดีครับ ผมชื่อ",
    " 안녕하세요 세계",
    " x <|endoftext|> 👩‍👩‍👧 வணக்கம்",
)

# ``suppress_tokens`` of openai/whisper-base's generation_config.json, without the special tokens
SUPPRESSED = (
    1,
    2,
    7,
    8,
    9,
    10,
    14,
    25,
    26,
    27,
    28,
    29,
    31,
    58,
    59,
    60,
    61,
    62,
    63,
    90,
    91,
    92,
    93,
    359,
    503,
    522,
    542,
    873,
    893,
    902,
    918,
    922,
    931,
    1350,
    1853,
    1982,
    2460,
    2627,
    3246,
    3253,
    3268,
    3536,
    3846,
    3961,
    4183,
    4667,
    6585,
    6647,
    7273,
    9061,
    9383,
    10428,
    10929,
    11938,
    12033,
    12331,
    12562,
    13793,
    14157,
    14635,
    15265,
    15618,
    16553,
    16604,
    18362,
    18956,
    20075,
    21675,
    22520,
    26130,
    26161,
    26435,
    28279,
    29464,
    31650,
    32302,
    32470,
    36865,
    42863,
    47425,
    49870,
    50254,
)


@pytest.fixture
def small(tmp_path: Path) -> Small:
    return Small(tmp_path)


@pytest.fixture
def real(whisper_base: Path) -> Vocabulary:
    """Of the multilingual models of all sizes up to large-v2."""
    return Vocabulary(whisper_base / "tokenizer.json", 51865, multilingual=True)


def test_the_steering_tokens_are_those_of_openai(real: Vocabulary) -> None:
    assert (real.end, real.start, real.previous, real.no_speech) == (50257, 50258, 50361, 50362)
    assert (real.no_timestamps, real.first_timestamp, real.blank) == (50363, 50364, 220)
    assert real.tasks == {"translate": 50358, "transcribe": 50359}
    assert len(real.languages) == 99
    assert (real.languages["en"], real.languages["zh"], real.languages["jv"]) == (50259, 50260, 50356)
    assert real.opening("zh", "translate", timestamps=False) == [50258, 50260, 50358, 50363]


def test_what_is_suppressed_is_what_the_published_configuration_lists(real: Vocabulary) -> None:
    ours = np.flatnonzero(real.suppressed(timestamps=True))
    steering = {*range(50258, 50364)}  # start, languages, tasks, no speech, no timestamps
    assert set(ours) == {*SUPPRESSED, *steering}
    assert real.suppressed(timestamps=False)[50364:].all()


@pytest.mark.parametrize("text", TEXTS)
def test_a_text_that_is_cut_between_any_two_tokens_has_no_half_character(real: Vocabulary, text: str) -> None:
    tokens = real.encode(text)
    assert real.text(tokens) == text
    for cut in range(len(tokens)):
        part = real.text(tokens[:cut])
        assert text.startswith(part)
        assert "".join(span.text for span in spans(tokens[:cut], real.bytes_of)) == part.rstrip()


def test_large_v3_has_cantonese_and_the_english_models_no_language(tmp_path: Path) -> None:
    file = write_tokenizer(tmp_path, languages=("en", "zh", "yue"))
    assert list(Vocabulary(file, 4000, multilingual=True).languages) == ["en", "zh", "yue"]
    english = Vocabulary(file, 4000, multilingual=False)
    assert english.opening("en", "transcribe", timestamps=False) == [english.start, english.no_timestamps]
    with pytest.raises(ValueError, match="does not know the language 'zh'"):
        english.opening("zh", "transcribe", timestamps=False)


def test_a_tokenizer_of_another_kind_is_refused(tmp_path: Path) -> None:
    (tmp_path / "text.json").write_text("hello")
    with pytest.raises(ManifestError, match="build the model again"):
        Vocabulary(tmp_path / "text.json", 100, multilingual=True)
    file = write_tokenizer(tmp_path)
    file.write_text(file.read_text().replace("startofprev", "startofnothing"))
    with pytest.raises(ManifestError, match="startofprev"):
        Vocabulary(file, 100, multilingual=True)


def test_a_prompt_keeps_the_newest_words(small: Small) -> None:
    assert small.prompt("  ", 9) == []
    assert small.prompt("one", 0) == []
    assert small.prompt("one two", 1) == [small.previous, *small.encode(" two")]


def test_only_a_token_that_goes_on_with_a_character_takes_no_time(small: Small) -> None:
    first, *rest = small.encode("𠀀")
    assert not small.goes_on(first)
    assert len(rest) == 3
    assert all(map(small.goes_on, rest))


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        (" Hello, world!", [" Hello,", " world!"]),
        ("don't (ever) “say” U.S. 3.5%", ["don't", " (ever)", " “say”", " U.S.", " 3.5%"]),
        ("你好，世界。", ["你", "好，", "世", "界。"]),
        ("用iPhone 15吧", ["用", "iPhone", " 15", "吧"]),
        ("「はい」とOK、yes", ["「は", "い」", "と", "OK、", "yes"]),
        ("ที่นี่", ["ที่", "นี่"]),
        ("नमस्ते दुनिया", ["नमस्ते", " दुनिया"]),
        ("안녕 세계", ["안녕", " 세계"]),
        (" \t ", []),
    ],
)
def test_pieces_are_words_or_characters_by_their_script(small: Small, text: str, pieces: list[str]) -> None:
    assert [span.text for span in spans(small.encode(text), small.bytes_of)] == pieces


def test_pieces_know_their_tokens_and_may_share_one(small: Small) -> None:
    tokens = small.encode(" one你好é")
    assert [(s.text, s.first, s.last) for s in spans(tokens, small.bytes_of)] == [
        (" one", 0, 0),
        ("你", 1, 1),
        ("好", 1, 1),
        ("é", 2, 3),
    ]


def test_broken_bytes_are_left_out(small: Small) -> None:
    half = small.encode("界")[:1]
    tokens = [*small.encode(" one"), *half, *small.encode(" two"), *half]
    assert [span.text for span in spans(tokens, small.bytes_of)] == [" one", " two"]
