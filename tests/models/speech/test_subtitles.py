from __future__ import annotations

import re

from models.speech.subtitles import JOINER, Cue, to_srt, to_vtt

TALK = [Cue(0.0, 1.5, "你好，世界"), Cue(3661.0004, 3662.9996, "Two\nlines")]


def test_srt_numbers_its_cues_and_writes_hours_with_a_comma() -> None:
    assert to_srt(TALK) == (
        "1\n00:00:00,000 --> 00:00:01,500\n你好，世界\n\n2\n01:01:01,000 --> 01:01:03,000\nTwo\nlines\n"
    )


def test_vtt_has_its_header_and_a_point() -> None:
    assert to_vtt(TALK) == (
        "WEBVTT\n\n00:00:00.000 --> 00:00:01.500\n你好，世界\n\n01:01:01.000 --> 01:01:03.000\nTwo\nlines\n"
    )


def test_no_cue_is_an_empty_file_of_its_kind() -> None:
    assert to_srt([]) == ""
    assert to_vtt([]) == "WEBVTT\n"


def test_a_cue_without_a_text_is_left_out_and_not_counted() -> None:
    cues = [Cue(0, 1, " \n "), Cue(1, 2, "\x00"), Cue(2, 3, "here")]
    assert to_srt(cues).startswith("1\n00:00:02,000")
    assert to_vtt(cues).count("-->") == 1


def test_nothing_in_a_text_ends_its_cue_or_begins_another() -> None:
    text = "a\n\n2\r\n\r\n00:00:09,000 --> 00:00:10,000\u2028\u2029b"
    for written in (to_srt([Cue(0, 1, text)]), to_vtt([Cue(0, 1, text)])):
        assert written.count("-->") == 1
        assert len(re.findall(r"\n\n(?=.)", written)) == written.startswith("WEBVTT")


def test_vtt_escapes_what_it_would_read_as_markup() -> None:
    assert to_vtt([Cue(0, 1, "R&D <i>now</i>")]).endswith("R&amp;D &lt;i&gt;now&lt;/i&gt;\n")


def test_srt_disarms_tags_and_keeps_other_signs() -> None:
    written = to_srt([Cue(0, 1, r"<i>a</i> {\an8}b 1 < 2 {c}")])
    assert written.endswith(rf"<{JOINER}i>a<{JOINER}/i> {{{JOINER}\an8}}b 1 < 2 {{c}}" + "\n")


def test_a_cue_never_starts_before_the_sound_nor_ends_before_it_starts() -> None:
    assert "00:00:00.000 --> 00:00:00.001" in to_vtt([Cue(-1, -0.5, "a")])
    assert "00:00:02.000 --> 00:00:02.001" in to_vtt([Cue(2, 2, "a")])


def test_a_hundred_hours_are_written_in_full() -> None:
    assert "100:00:00,000" in to_srt([Cue(360_000, 360_001, "late")])
