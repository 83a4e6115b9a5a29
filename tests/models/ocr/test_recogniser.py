from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from models.backends.ort import Session
from models.base import BackendError
from models.manifest import list_manifests
from models.ocr.recogniser import CtcRecogniser
from tests.models.conftest import ModelFiles

MANIFEST = list_manifests()["ppocrv6-tiny"]
TEXTS = ("4006381333931", "NET WT 250 g", "12.03.2027", "A", "INGREDIENTS: MILK, SUGAR, WHEAT FLOUR, SALT")


@pytest.fixture(scope="module")
def recogniser(model_files: ModelFiles) -> CtcRecogniser:
    file = MANIFEST.file("recogniser")
    return CtcRecogniser(Session(model_files(MANIFEST.name)[file.name], file))


def strip(text: str, scale: float = 1.2) -> NDArray[np.uint8]:
    (width, height), base = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, scale, 2)
    image = np.full((height + base + 8, width + 20, 3), 235, np.uint8)
    cv2.putText(image, text, (10, height + 4), cv2.FONT_HERSHEY_SIMPLEX, scale, (25, 20, 20), 2)
    return image


def test_the_alphabet_is_the_models_own_with_a_space_at_its_end(recogniser: CtcRecogniser) -> None:
    alphabet = recogniser.alphabet
    assert len(alphabet) == 6905
    assert alphabet[-1] == " "
    assert all(c in alphabet for c in "0123456789.¥€%愚园路起")


def test_strips_of_all_lengths_are_read_in_one_go(recogniser: CtcRecogniser) -> None:
    read = recogniser.read([strip(text) for text in TEXTS])
    assert [text.replace(" ", "") for text, _ in read] == [text.replace(" ", "") for text in TEXTS]
    assert all(confidence > 0.8 for _, confidence in read)


def test_batching_does_not_change_what_is_read(recogniser: CtcRecogniser) -> None:
    strips = [strip(text, scale) for text in TEXTS for scale in (0.7, 1.2, 2.5)]
    together = recogniser.read(strips)
    assert [recogniser.read([one])[0][0] for one in strips] == [text for text, _ in together]


def test_posteriors_are_probabilities_that_decode_to_the_text(recogniser: CtcRecogniser) -> None:
    (steps,) = recogniser.posteriors([strip("4006381333931")])
    assert steps.dtype == np.float32
    assert steps.shape[1] == len(recogniser.alphabet) + 1
    assert np.allclose(steps.sum(axis=1), 1, atol=1e-4)
    best = steps.argmax(axis=1)
    kept = [c for c, before in zip(best, [0, *best[:-1]], strict=True) if c and c != before]
    assert "".join(recogniser.alphabet[c - 1] for c in kept) == "4006381333931"


def test_nothing_to_read(recogniser: CtcRecogniser) -> None:
    assert recogniser.read([]) == []
    assert recogniser.posteriors([]) == []
    ((text, confidence),) = recogniser.read([np.full((48, 200, 3), 128, np.uint8)])
    assert (text, confidence) == ("", 0.0)


@pytest.mark.parametrize("shape", [(1, 1, 3), (3000, 2, 3), (2, 3000, 3)])
def test_odd_strips_are_no_error(recogniser: CtcRecogniser, shape: tuple[int, int, int]) -> None:
    ((text, confidence),) = recogniser.read([np.zeros(shape, np.uint8)])
    assert isinstance(text, str)
    assert 0 <= confidence <= 1


def test_a_model_without_an_alphabet_is_refused(model_files: ModelFiles) -> None:
    file = MANIFEST.file("detector")
    with pytest.raises(BackendError, match="names no alphabet"):
        CtcRecogniser(Session(model_files(MANIFEST.name)[file.name], file))
