"""Our graphs against the reference implementation, and what a text may do to its keys and values."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from models.base import BackendError
from models.speech.whisper.folder import Quant
from models.speech.whisper.model import WhisperModel, open_whisper
from models.speech.whisper.silence import FLOOR, GROUP, MARGIN, window
from tests.models.speech.whisper.conftest import Tiny
from tests.models.speech.whisper.make_reference import FOLDER
from tools.bench import tiny_whisper
from tools.export.whisper.build import build_whisper

NUMBERS = tuple(tiny_whisper.SHAPES)


def reference(number: int) -> NDArray[np.float32]:
    with np.load(FOLDER / f"{number}.npz") as file:
        return np.asarray(file["logits"], np.float32)


def said(model: WhisperModel, mel: NDArray[np.float32], number: int) -> NDArray[np.float32]:
    model.start(model.encode(mel))
    return model.feed_all(tiny_whisper.tokens(number))


def error(found: NDArray[np.float32], wanted: NDArray[np.float32]) -> float:
    """The largest difference, in standard deviations of what is wanted."""
    return float(np.abs(found - wanted).max() / wanted.std())


@pytest.mark.parametrize("number", NUMBERS)
def test_a_whole_window_is_understood_as_by_the_reference(tiny: Tiny, number: int) -> None:
    assert error(said(tiny(number), tiny_whisper.mel(number), number), reference(number)) < 1e-4


@pytest.mark.parametrize(("quant", "allowed"), [("weights8", 0.1), ("int8", 0.15)])
@pytest.mark.parametrize("number", NUMBERS)
def test_eight_bits_stay_near_it(tiny: Tiny, number: int, quant: Quant, allowed: float) -> None:
    found, wanted = said(tiny(number, quant), tiny_whisper.mel(number), number), reference(number)
    assert 1e-6 < np.sqrt(np.square(found - wanted).mean()) / wanted.std() < allowed


@pytest.mark.parametrize("quant", ["none", "weights8", "int8"])
def test_a_text_may_come_in_any_pieces(tiny: Tiny, quant: Quant) -> None:
    model, tokens = tiny(1, quant), tiny_whisper.tokens(1)
    sound = model.encode(tiny_whisper.mel(1))
    model.start(sound)
    whole = model.feed_all(tokens)
    model.start(sound)
    at, pieces = 0, []
    for size in (1, 4, 1, 1, 9, 2, len(tokens) - 18):
        pieces.append(model.feed_all(tokens[at : at + size]))
        at += size
        assert model.position == at
    assert error(np.concatenate(pieces), whole) < 1e-4


def test_what_is_taken_back_leaves_no_trace(tiny: Tiny) -> None:
    model, tokens = tiny(2), tiny_whisper.tokens(2)
    model.start(model.encode(tiny_whisper.mel(2)))
    model.feed(tokens[:5])
    first = model.feed(tokens[5:9])
    model.rewind(5)
    other = model.feed(tokens[10:14])
    model.rewind(5)
    assert not np.array_equal(first, other)
    assert np.array_equal(model.feed(tokens[5:9]), first)
    assert model.position == 9


def test_a_new_text_starts_empty_and_an_earlier_sound_can_be_told_again(tiny: Tiny) -> None:
    model, tokens = tiny(3), tiny_whisper.tokens(3)
    first, other = model.encode(tiny_whisper.mel(3)), model.encode(tiny_whisper.mel(3)[:, :40])
    model.start(first)
    told = model.feed(tokens)
    model.start(other)
    assert not np.array_equal(model.feed(tokens), told)
    model.start(first)
    assert model.position == 0
    assert np.array_equal(model.feed(tokens), told)


def test_merging_is_exact_where_positions_are_all_alike(tmp_path: Path) -> None:
    """No merged row then differs from what it stands for, and what is left is the logs of the sizes."""
    number, spoken = 3, 14
    shape, tensors = tiny_whisper.SHAPES[number], tiny_whisper.tensors(number)
    tensors["model.encoder.embed_positions.weight"][spoken:] = 0.3
    tensors["model.encoder.conv1.bias"][:] = 0  # at the end of the window zeros are what silence is, too
    tiny_whisper.save(shape, tensors, tmp_path / "tiny")
    build_whisper(tmp_path / "tiny", tmp_path / "built", "none")
    model = open_whisper(tmp_path / "built", threads=1)
    mel = tiny_whisper.mel(number)[:, : 2 * spoken]
    mel.flat[0] = 2  # so that silence is 0
    whole = np.zeros((shape.mels, 2 * shape.audio_positions), np.float32)
    whole[:, : 2 * spoken] = mel
    merged, full = model.encode(mel), model.encode(whole)
    assert merged.cross.shape[2] == spoken + MARGIN + -(-(shape.audio_positions - spoken - MARGIN) // GROUP)
    assert full.cross.shape[2] == shape.audio_positions
    assert error(said(model, mel, number), said(model, whole, number)) < 1e-4
    without = merged.__class__(merged.cross, np.zeros_like(merged.sizes), spoken)
    model.start(without)
    assert error(model.feed_all(tiny_whisper.tokens(number)), said(model, whole, number)) > 1e-3


@pytest.mark.parametrize("spoken", [0, 1, 7, 124, 125, 126, 149, 150])
def test_a_window_stands_for_every_position_once(spoken: int) -> None:
    mel = np.random.default_rng(spoken).uniform(-1, 1, (80, 2 * spoken)).astype(np.float32)
    part = window(mel, 150)
    assert np.exp(part.sizes).sum() == pytest.approx(150)
    assert (np.diff(part.places) > 0).all()
    assert part.places.max() < 150
    assert part.frames.max() < part.mel.shape[1] // 2
    assert np.array_equal(part.mel[:, : 2 * spoken], mel)
    silence = part.mel[:, 2 * spoken :]
    assert np.unique(silence).size <= 1
    assert part.mel.min() >= FLOOR


@pytest.mark.parametrize(
    ("shape", "dtype"),
    [((79, 10), np.float32), ((80, 9), np.float32), ((80, 182), np.float32), ((80, 10), float)],
)
def test_a_spectrogram_of_another_form_is_refused(tiny: Tiny, shape: tuple[int, int], dtype: type) -> None:
    with pytest.raises(ValueError, match="mel"):
        tiny(1).encode(np.zeros(shape, dtype))


def test_wrong_tokens_are_refused_and_cost_nothing(tiny: Tiny) -> None:
    model = tiny(1)
    with pytest.raises(ValueError, match="start a text first"):
        model.feed([1])
    model.start(model.encode(tiny_whisper.mel(1)))
    model.feed([1, 2])
    for tokens in ([], [-1], [301]):
        with pytest.raises(ValueError, match="one or more of 0…300"):
            model.feed(tokens)
    with pytest.raises(ValueError, match="41 tokens are more than the 40"):
        model.feed([3] * 39)
    with pytest.raises(ValueError, match="no way back to 3"):
        model.rewind(3)
    assert model.position == 2
    model.feed([3] * 38)


def test_a_closed_model_says_so(tiny: Tiny) -> None:
    model = tiny(1)
    model.close()
    with pytest.raises(BackendError, match="was unloaded"):
        model.encode(tiny_whisper.mel(1))
