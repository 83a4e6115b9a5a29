"""What is cut out of a picture, and how closely it is looked at; real readers over real pictures at the end."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from drivers.base import Rect
from drivers.sim import world
from models.barcode.reader import BarcodeReader
from models.base import TextBox
from models.manifest import list_manifests
from models.ocr.build import open_reader
from models.ocr.reader import TextReader
from runtime.features.looking import BUDGET, LEAST, LEGIBLE, OVERVIEW, Look, choose, parts
from tests.models.conftest import ModelFiles, Picture, fixtures, model_files, picture

__all__ = ["fixtures", "model_files", "picture"]

SCENES = Path(world.__file__).parent / "scenes"
VIEW = (1080, 1920)


def blank(height: int = VIEW[0], width: int = VIEW[1]) -> NDArray[np.uint8]:
    return np.zeros((height, width, 3), np.uint8)


def line(x: float, y: float, w: float, h: float) -> TextBox:
    return TextBox(((x, y), (x + w, y), (x + w, y + h), (x, y + h)), 0.9)


def corners(x: float, y: float, w: float, h: float) -> list[tuple[float, float]]:
    return list(line(x, y, w, h).quad)


def holds(look: Look, quad: Any) -> bool:
    x, y, w, h = look.rect
    points = np.asarray(quad, float)
    return bool((points >= (x, y)).all() and (points <= (x + w, y + h)).all())


LABEL = [line(800, 400, 300, 40), line(800, 460, 280, 24), line(800, 500, 250, 24)]


def test_the_label_in_the_middle_is_cut_out_and_its_neighbour_is_not() -> None:
    neighbour = line(1500, 420, 300, 40)
    look = choose(blank(), [*LABEL, neighbour])
    assert not look.whole
    assert all(holds(look, box.quad) for box in LABEL)
    assert look.rect.x + look.rect.w < 1500


def test_a_bar_code_that_was_found_is_held_though_its_bars_are_no_text() -> None:
    code, digits = corners(800, 560, 260, 160), line(820, 722, 220, 22)
    assert holds(choose(blank(), [*LABEL, digits], [code]), code)
    assert holds(choose(blank(), [], [code]), code)


def test_print_on_both_sides_of_the_middle_is_one_label() -> None:
    left, right = line(600, 500, 300, 30), line(1020, 500, 300, 30)
    look = choose(blank(), [left, right])
    assert holds(look, left.quad)
    assert holds(look, right.quad)


@pytest.mark.parametrize(
    "text",
    [[], [line(10, 10, 200, 30)], [line(1700, 1000, 200, 30)]],
    ids=["blank", "top left", "bottom right"],
)
def test_where_no_print_is_in_the_middle_nothing_is_cut_away(text: list[TextBox]) -> None:
    look = choose(blank(), text)
    assert look == Look(Rect(0, 0, 1920, 1080), BUDGET, whole=True)


def test_a_page_full_of_print_is_looked_at_whole() -> None:
    page = [line(20 + 940 * column, 20 + 21 * row, 900, 14) for column in (0, 1) for row in range(50)]
    assert choose(blank(), page) == Look(Rect(0, 0, 1920, 1080), BUDGET, whole=True)


def test_large_print_takes_few_pixels() -> None:
    look = choose(blank(), [line(700, 480, 500, 100)])
    assert look.pixels == LEAST


def test_the_smallest_print_says_how_closely() -> None:
    def high(small: float) -> float:
        look = choose(blank(), [*LABEL, line(800, 540, 250, small)])
        return small * float(np.sqrt(look.pixels / (look.rect.w * look.rect.h)))

    assert high(20) == pytest.approx(LEGIBLE, rel=0.01)
    assert high(18) == pytest.approx(LEGIBLE, rel=0.01)


def test_specks_do_not_count_as_print() -> None:
    assert choose(blank(), [*LABEL, line(900, 486, 5, 4)]).pixels == choose(blank(), LABEL).pixels


def test_tiny_print_is_not_enlarged_and_stays_within_the_budget() -> None:
    small = choose(blank(), [line(900, 530, 100, 6)])
    assert small.pixels <= small.rect.w * small.rect.h
    large = choose(blank(3000, 4000), [line(1200, 1400 + 12 * row, 1500, 9) for row in range(30)])
    assert not large.whole
    assert large.pixels == BUDGET


def test_a_small_brand_does_not_stand_for_the_thing_it_is_on() -> None:
    look = choose(blank(), [line(940, 530, 40, 12)])
    assert look.rect.w >= 360
    assert look.rect.h >= 360


def test_a_portrait_picture() -> None:
    text = [line(300, 1000 + 50 * row, 480, 30) for row in range(5)]
    look = choose(blank(1920, 1080), text)
    assert not look.whole
    assert all(holds(look, box.quad) for box in text)


def test_what_is_cut_off_by_the_edge_is_held_as_far_as_it_goes() -> None:
    look = choose(blank(480, 640), [line(300, 300, 100, 20)], [corners(330, 330, 400, 260)])
    assert look.rect.x + look.rect.w == 640
    assert look.rect.y + look.rect.h == 480


@given(
    st.integers(1, 3000),
    st.integers(1, 3000),
    st.lists(
        st.tuples(
            st.floats(-0.2, 1.2), st.floats(-0.2, 1.2), st.floats(0, 0.8), st.floats(0, 0.3), st.floats(-2, 2)
        ),
        max_size=12,
    ),
)
def test_whatever_is_found_there_is_something_to_look_at(
    height: int, width: int, found: list[tuple[float, ...]]
) -> None:
    quads = [
        cv2.boxPoints(((x * width, y * height), (w * width, h * height), 50 * turn))
        for x, y, w, h, turn in found
    ]
    text = [TextBox(tuple((float(x), float(y)) for x, y in quad), 0.5) for quad in quads]  # type: ignore[arg-type]
    image = np.broadcast_to(np.zeros((1, 1, 3), np.uint8), (height, width, 3))
    look = choose(image, text[1:], [quad.tolist() for quad in quads[:1]])
    cut = look.cut(image)
    assert cut.shape == (look.rect.h, look.rect.w, 3)
    assert 0 < look.pixels <= min(BUDGET, cut.shape[0] * cut.shape[1])


def test_a_free_question_gets_the_whole_view_too_and_both_cost_no_more() -> None:
    image = blank()
    image[..., 0] = 255
    overview, close = parts(image, [*LABEL, line(800, 540, 250, 9)])
    assert overview["image"].shape == (*VIEW, 3)
    assert overview["pixels"] + close["pixels"] <= BUDGET
    assert close["image"].shape[0] < 500
    assert close["image"].flags.c_contiguous
    assert close["image"][0, 0].tolist() == [0, 0, 255]


def test_a_view_without_print_is_given_once() -> None:
    (only,) = parts(blank())
    assert (only["image"].shape, only["pixels"]) == ((*VIEW, 3), BUDGET)
    assert OVERVIEW < BUDGET


@pytest.fixture(scope="module")
def reader(model_files: ModelFiles) -> TextReader:
    return open_reader(list_manifests()["ppocrv6-tiny"], model_files("ppocrv6-tiny"))


TRUTHS: dict[str, dict[str, Any]] = json.loads((SCENES / "truth.json").read_text())
SHARE = 0.6  # of a scene, as a thing at arm's length is smaller than a photograph of its label
AT = (330, 610)  # top and left of the scene in the view


@pytest.mark.parametrize("name", TRUTHS)
def test_a_product_at_arms_length(reader: TextReader, name: str) -> None:
    scene = cv2.imread(str(SCENES / f"{name}.jpg"))
    assert scene is not None
    view = cv2.GaussianBlur(cv2.resize(scene, (VIEW[1], VIEW[0])), (0, 0), 40).astype(np.uint8)
    small = cv2.resize(scene, None, fx=SHARE, fy=SHARE, interpolation=cv2.INTER_AREA)
    top, left = AT
    view[top : top + small.shape[0], left : left + small.shape[1]] = small
    lines, found = reader.read(view), reader.find(view)
    code = np.array(TRUTHS[name]["code"]) * SHARE + (left, top)
    for look in (choose(view, found), choose(view, [line.box for line in lines], [code.tolist()])):
        assert holds(look, code)
        assert all(holds(look, box.quad) for box in found)
        assert look.rect.w * look.rect.h < 0.45 * VIEW[0] * VIEW[1]
        seen = np.sqrt(look.pixels / (look.rect.w * look.rect.h))
        assert seen > 1.5 * np.sqrt(BUDGET / (VIEW[0] * VIEW[1])), "print is larger than in the whole"
    texts = " ".join(line.text for line in lines)
    price = f"{TRUTHS[name]['price']:.2f}"
    assert price in texts, "the price was there to be cut off"


@pytest.mark.parametrize("name", ["price_card_zh", "street_sign_zh_en"])
def test_labels_lose_no_word(reader: TextReader, picture: Picture, name: str) -> None:
    image = picture(f"labels/{name}.jpg")
    found = reader.find(image)
    look = choose(image, found)
    assert found
    assert all(holds(look, np.clip(box.quad, 0, image.shape[1::-1])) for box in found)
    assert look.pixels < image.shape[0] * image.shape[1] or name == "price_card_zh"


@pytest.mark.parametrize("name", ["ean13-1/10", "ean13-1/36", "ean13-4/06", "ean13-4/12", "upca-2/11"])
def test_photographs_of_bar_codes_keep_their_bars_and_digits(
    reader: TextReader, picture: Picture, name: str
) -> None:
    image = picture(f"barcodes/{name}.webp")
    text, codes = reader.find(image), BarcodeReader().read([image])
    look = choose(image, text, [code.box for code in codes])
    assert codes
    for quad in (codes[0].box, max(text, key=lambda box: np.ptp(box.quad, axis=0)[0]).quad):
        assert holds(look, np.clip(quad, 0, image.shape[1::-1]))
