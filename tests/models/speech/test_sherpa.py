"""No weights of these models can be had from a package index. So a tiny SenseVoice is drawn, which sherpa-onnx runs
as the real one; what streams is played by a stand-in for its recogniser.
"""

from __future__ import annotations

from collections.abc import Generator as Steps
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from models.base import BackendError, Hypothesis, ManifestError, Piece
from models.speech.sherpa import SherpaRecogniser, behind, open_sherpa, pieces_of
from models.steps import finished
from tests.models.speech.sounds import warble

TAGS = ("<|zh|>", "<|NEUTRAL|>", "<|Speech|>", "<|woitn|>")
WORDS = ("<blank>", "▁hel", "lo", "你", "好", *TAGS)


def draw_sense_voice(folder: Path) -> Path:
    """A model that says its tags and " hello你好", whatever it hears, one token every 120 ms and blanks behind."""
    odds = np.zeros((4 + 40, len(WORDS)), np.float32)
    odds[:, 0] = 1
    for row, word in {0: 5, 1: 6, 2: 7, 3: 8, 4: 1, 6: 2, 8: 3, 10: 4}.items():
        odds[row, word] = 9
    frames = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", "T", 560])
    others = [
        helper.make_tensor_value_info(n, TensorProto.INT32, ["N"])
        for n in ("x_length", "language", "text_norm")
    ]
    logits = helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["N", "U", len(WORDS)])
    nodes = [
        helper.make_node("ReduceSum", ["x", "axes"], ["sums"], keepdims=1),
        helper.make_node("Mul", ["sums", "zero"], ["nothing"]),
        helper.make_node("Pad", ["nothing", "pads"], ["longer"]),
        helper.make_node("Shape", ["longer"], ["length"], start=1, end=2),
        helper.make_node("Slice", ["odds", "start", "length", "rows"], ["cut"]),
        helper.make_node("Add", ["longer", "cut"], ["logits"]),
    ]
    constants = {
        "axes": np.array([2]),
        "zero": np.zeros(1, np.float32),
        "pads": np.array([0, 4, 0, 0, 0, 0]),
        "odds": odds[None],
        "start": np.array([0]),
        "rows": np.array([1]),
    }
    weights = [numpy_helper.from_array(array, name) for name, array in constants.items()]
    graph = helper.make_graph(nodes, "tiny", [frames, *others], [logits], weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    about = {"vocab_size": len(WORDS), "lfr_window_size": 7, "lfr_window_shift": 6, "normalize_samples": 0}
    about |= {"with_itn": 14, "without_itn": 15, "lang_auto": 0, "lang_zh": 3, "lang_en": 4, "lang_ja": 11}
    about |= {"lang_ko": 12, "lang_yue": 7}
    helper.set_model_props(
        model,
        {k: str(v) for k, v in about.items()}
        | {k: ",".join(["0.0"] * 560) for k in ("neg_mean", "inv_stddev")},
    )
    onnx.save(model, str(folder / "model.onnx"))
    (folder / "tokens.txt").write_text(
        "".join(f"{word} {k}\n" for k, word in enumerate(WORDS)), encoding="utf-8"
    )
    return folder


def understood(steps: Steps[None, None, Hypothesis]) -> Hypothesis:
    return finished(steps)


def test_sherpa_onnx_runs_and_its_tokens_become_pieces(tmp_path: Path) -> None:
    pytest.importorskip("sherpa_onnx", reason="sherpa-onnx is an extra")
    recogniser = open_sherpa(draw_sense_voice(tmp_path), "sense_voice")
    utterance = recogniser.utterance()
    assert understood(utterance.decode()) == Hypothesis()
    utterance.accept(warble(1.0))
    hypothesis = understood(utterance.decode())
    assert [piece.text for piece in hypothesis.pieces] == [" hello", "你", "好"]
    assert [piece.start_s for piece in hypothesis.pieces] == pytest.approx([0.0, 0.24, 0.36])
    assert hypothesis.pieces[-1].end_s <= 1
    assert hypothesis.language == "zh"
    settled = understood(utterance.decode(settled=1, final=True))
    assert settled.pieces == hypothesis.pieces
    recogniser.close()
    with pytest.raises(BackendError, match="was unloaded"):
        recogniser.utterance()


class Stream:
    """Counts what it is given; a chunk is ready for every 100 ms."""

    def __init__(self) -> None:
        self.samples, self.done, self.finished = 0, 0, False

    def accept_waveform(self, rate_hz: int, samples: object) -> None:
        assert rate_hz == 16_000
        self.samples += len(np.asarray(samples))

    def input_finished(self) -> None:
        self.finished = True


class Streaming:
    """Says a token a chunk."""

    def create_stream(self) -> Stream:
        return Stream()

    def is_ready(self, stream: Stream) -> bool:
        return (stream.done + 1) * 1600 <= stream.samples

    def decode_stream(self, stream: Stream) -> None:
        stream.done += 1

    def tokens(self, stream: Stream) -> list[str]:
        return ["▁one", "▁t", "wo", "▁three", "▁four"][: stream.done]

    def timestamps(self, stream: Stream) -> list[float]:
        return [0.1 * k for k in range(len(self.tokens(stream)))]


def test_what_streams_is_heard_once_and_pauses_between_chunks() -> None:
    utterance = SherpaRecogniser(Streaming(), ("en",), streams=True).utterance()
    utterance.accept(np.zeros(3_200, np.float32))
    steps = utterance.decode()
    assert sum(1 for _ in steps) == 2
    assert understood(utterance.decode()).text == "one t"
    utterance.accept(np.zeros(1_600, np.float32))
    assert understood(utterance.decode(settled=1)).text == "one two"
    final = understood(utterance.decode(settled=1, final=True))
    assert (final.text, final.language) == ("one two three four", "en"), (
        "silence behind it brings the last words"
    )


def test_a_paraformers_words_are_put_together() -> None:
    found = pieces_of(["你", "好", "hel@@", "lo", "world", "吗"], [0.0, 0.2, 0.4, 0.6, 0.8, 1.0], 1.1)
    assert [piece.text for piece in found] == ["你", "好", " hello", " world", "吗"]
    assert found[-1] == Piece("吗", 1.0, 1.1)
    assert pieces_of([], [], 1.0) == ()


def test_what_was_said_before_the_settled_pieces_ended_is_not_said_again() -> None:
    settled = (Piece("a", 0.0, 0.5), Piece(" b", 0.5, 1.0))
    found = (Piece("x", 0.0, 0.9), Piece(" y", 0.8, 1.1), Piece(" z", 1.0, 1.4))
    assert [piece.text for piece in behind(settled, found)] == ["a", " b", " z"]


def test_wishes_it_can_not_meet_are_refused(tmp_path: Path) -> None:
    recogniser = SherpaRecogniser(Streaming(), ("zh",), streams=True)
    with pytest.raises(ValueError, match="does not translate"):
        recogniser.utterance(task="translate")
    with pytest.raises(ValueError, match="it knows zh"):
        recogniser.utterance(language="en")
    with pytest.raises(ManifestError, match=r"has no tokens\*\.txt"):
        open_sherpa(tmp_path, "zipformer")
