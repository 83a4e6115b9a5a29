from __future__ import annotations

from pathlib import Path

import cv2
import msgspec
import numpy as np
import pytest
import zxingcpp
from PIL import Image, ImageDraw

from drivers.camera.decode import load_picture
from drivers.sim.scenario import FOLDER, load_scenario
from tools.scenes import pen
from tools.scenes.__main__ import SCENES, main
from tools.scenes.label import draw_label
from tools.scenes.photo import FOCAL, View, homography
from tools.scenes.product import SHELF, random_product
from tools.scenes.render import VIEWS, Truth, jpeg, render_shelf, render_variant

TRUTHS = msgspec.json.decode((SCENES / "truth.json").read_bytes(), type=dict[str, Truth])


@pytest.mark.parametrize("name", sorted(TRUTHS))
def test_a_committed_picture_shows_its_truth(name: str) -> None:
    image, truth = load_picture(SCENES / f"{name}.jpg"), TRUTHS[name]
    assert image.shape == (960, 1280, 3)
    assert (SCENES / f"{name}.jpg").stat().st_size < 200_000
    (code,) = zxingcpp.read_barcodes(image)
    assert code.text == truth.gtin and str(code.format).replace("-", "") == truth.symbology.replace("-", "")
    corners = np.array([(p.x, p.y) for p in (code.position.top_left, code.position.bottom_right)])
    assert np.abs(corners - (truth.code[0], truth.code[2])).max() < 60


def test_the_shelf_of_the_scenario_is_there() -> None:
    scenario = load_scenario(FOLDER / "shelf.toml")
    assert {Path(picture.file).stem for picture in scenario.pictures} == set(TRUTHS) == set(SHELF)
    assert all(scenario.path(picture.file).is_file() for picture in scenario.pictures)


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("scenes")
    assert render_shelf(folder) == TRUTHS
    return folder


def test_the_committed_pictures_are_what_the_tool_renders(rendered: Path) -> None:
    for name in TRUTHS:
        made = load_picture(rendered / f"{name}.jpg").astype(int)
        difference = np.abs(made - load_picture(SCENES / f"{name}.jpg"))
        assert difference.mean() < 0.5  # other versions of FreeType and libjpeg differ in the last bits


def test_the_command_line_renders_the_same_bytes_again(
    rendered: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--out", str(tmp_path)]) == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "cereal.jpg",
        "milk.jpg",
        "tea.jpg",
        "truth.json",
    ]
    assert all(path.read_bytes() == (rendered / path.name).read_bytes() for path in tmp_path.iterdir())
    (tmp_path / "file").touch()
    assert main(["--out", str(tmp_path / "file")]) == 1
    assert "choose another folder" in capsys.readouterr().out


def test_variants_follow_from_their_seed() -> None:
    (image, truth), (again, same) = render_variant(5), render_variant(5)
    assert np.array_equal(image, again) and truth == same
    assert render_variant(6)[1] != truth


def test_variants_can_be_read() -> None:
    for seed in range(6):
        image, truth = render_variant(seed)
        assert image.shape == (960, 1280, 3) and image.dtype == np.uint8
        assert truth.gtin in [code.text for code in zxingcpp.read_barcodes(image)]
        assert len(jpeg(image)) < 250_000
        inside = np.array(truth.code)
        assert (inside >= 0).all() and (inside < (1280, 960)).all()


@pytest.mark.parametrize("name", sorted(SHELF))
def test_a_snapshot_is_not_a_scan(name: str) -> None:
    view, label = VIEWS[name], draw_label(SHELF[name])
    assert 10 <= abs(view.yaw) <= 15
    high, wide = label.image.shape[:2]
    corners = np.array([[[0, 0], [wide, 0], [wide, high], [0, high]]], np.float64)
    seen = cv2.perspectiveTransform(corners, homography(label, view, 1280, 960))[0]
    left, right = np.linalg.norm(seen[3] - seen[0]), np.linalg.norm(seen[2] - seen[1])
    assert abs(left / right - 1) > 0.1  # the nearer edge is clearly longer


def test_a_view_from_straight_ahead_only_scales() -> None:
    label = draw_label(SHELF["tea"])
    onto = homography(label, View(yaw=0, pitch=0, roll=0, near=0.5), 1280, 960)
    scale = 0.5 * 1280 / label.image.shape[1] * FOCAL
    assert np.allclose(onto / onto[2, 2], [[scale, 0, 320], [0, scale, 480 - 430 * scale], [0, 0, 1]])


def test_printed_lines_agree_with_the_truth() -> None:
    products = [*SHELF.values(), *(random_product(np.random.default_rng(seed)) for seed in range(50))]
    for product in products:
        printed = "\n".join(product.lines)
        assert product.net_content.split()[0] in printed and product.ingredients in printed
        assert product.allergens.lower() in printed.lower() and f"{product.price:.2f}" in product.price_line
        assert f"{product.unit_price:.2f}" in product.unit_price_line
        assert product.best_before[:4] in printed


def test_a_character_without_a_glyph_is_an_error_not_a_box() -> None:
    draw = ImageDraw.Draw(Image.new("RGB", (9, 9)))
    with pytest.raises(pen.MissingGlyphError, match="add one"):
        pen.write(draw, (0, 9), "a\U00012000", 12, (0, 0, 0))


def test_text_is_broken_where_it_may_be() -> None:
    assert pen.wrap("one two three", 20, pen.width("one two ", 20)) == ["one two", "three"]
    assert pen.wrap("绿茶、茉莉", 20, pen.width("绿茶、", 20)) == ["绿茶、", "茉莉"]
    assert pen.wrap("单", 20, 1) == ["单"]
