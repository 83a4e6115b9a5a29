"""``browline snap``: the contract of its JSON, its exit status, and pictures of every odd kind."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

from drivers.sim.scenario import FOLDER
from tools import cli

SCENES = FOLDER.parent / "scenes"
TRUTH = json.loads((SCENES / "truth.json").read_text(encoding="utf-8"))

Ask = Callable[..., tuple[int, list[dict[str, Any]], str]]


@pytest.fixture
def ask(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Ask:
    """Run ``browline snap --json`` → status, objects, what was said on the side."""

    def run(*words: str | Path) -> tuple[int, list[dict[str, Any]], str]:
        status = cli.main(["snap", "--json", "--data", str(tmp_path / "data"), *map(str, words)])
        said = capsys.readouterr()
        return status, [json.loads(line) for line in said.out.splitlines()], said.err

    return run


@pytest.mark.parametrize("name", TRUTH)
def test_a_rendered_product_is_read_as_it_was_drawn(ask: Ask, name: str) -> None:
    status, (said,), _ = ask(SCENES / f"{name}.jpg")
    assert status == 0
    assert set(said) == {"photo", "codes", "fields", "lines", "card", "ms"}
    code = said["codes"][0]
    assert (code["gtin"], code["certainty"]) == (TRUTH[name]["gtin"], "sure")
    assert len(code["box"]) == 4
    assert set(code) == {"gtin", "symbology", "certainty", "box"}
    assert said["fields"]["price"]["value"]
    for field in said["fields"].values():
        assert set(field) == {"value", "certainty", "crop"}
        assert field["certainty"] in ("sure", "probable", "not read")
    for line in said["lines"]:
        assert set(line) == {"text", "box", "confidence"}
    assert all(taken >= 0 for taken in said["ms"].values())
    assert said["card"]


def test_a_blank_wall_is_no_failure(ask: Ask, tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "wall.png"), np.full((300, 400, 3), 128, np.uint8))
    status, (said,), _ = ask(tmp_path / "wall.png")
    assert (status, said["codes"], said["lines"]) == (0, [], [])


def test_what_is_no_picture_is_named_and_the_others_are_read(ask: Ask, tmp_path: Path) -> None:
    (tmp_path / "notes.jpg").write_text("not a picture", encoding="utf-8")
    status, said, err = ask(tmp_path / "notes.jpg", tmp_path / "gone.jpg", SCENES / "milk.jpg")
    assert status == 2
    assert [Path(one["photo"]).name for one in said] == ["milk.jpg"]
    assert "notes.jpg" in err
    assert "gone.jpg" in err


def odd(kind: str, path: Path) -> Path:
    """A photo of the milk, or less, in an odd form."""
    with Image.open(SCENES / "milk.jpg") as file:
        picture = file.copy()
    match kind:
        case "truncated":
            path.write_bytes((SCENES / "milk.jpg").read_bytes()[:60_000])
        case "one pixel":
            picture.resize((1, 1)).save(path, "png")
        case "a ribbon":
            picture.resize((20_000, 2)).save(path, "png")
        case "cmyk":
            picture.convert("CMYK").save(path, "jpeg", quality=95)
        case "turned by exif":
            exif = Image.Exif()
            exif[0x0112] = 6
            picture.transpose(Image.Transpose.ROTATE_90).save(path, "jpeg", quality=95, exif=exif)
        case "16 bit":
            deep = np.asarray(picture.convert("L")).astype(np.uint16) * 257
            cv2.imwrite(str(path.with_suffix(".png")), deep)
            return path.with_suffix(".png")
        case "animated":
            picture.convert("P").save(
                path, "gif", save_all=True, append_images=[picture.convert("P").rotate(180)]
            )
        case "palette with a transparent colour":
            picture.convert("P").save(path, "png", transparency=255)
    return path


@pytest.mark.parametrize(
    "kind", ["cmyk", "turned by exif", "16 bit", "animated", "palette with a transparent colour"]
)
def test_odd_pictures_are_read_like_any_other(ask: Ask, tmp_path: Path, kind: str) -> None:
    status, (said,), _ = ask(odd(kind, tmp_path / "odd"))
    assert status == 0
    assert said["codes"][0]["gtin"] == TRUTH["milk"]["gtin"]


@pytest.mark.parametrize("kind", ["truncated", "one pixel", "a ribbon"])
def test_poor_pictures_are_read_or_refused_but_never_break(ask: Ask, tmp_path: Path, kind: str) -> None:
    status, said, err = ask(odd(kind, tmp_path / "odd"))
    assert (status == 0 and len(said) == 1) or (status == 2 and "odd" in err)


def test_the_card_as_the_wearer_sees_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["snap", str(SCENES / "milk.jpg"), "--hud", str(tmp_path / "hud.png"), "--data", str(tmp_path)]
    assert cli.main(words) == 0
    assert "15.90" in capsys.readouterr().out
    with Image.open(tmp_path / "hud.png") as hud:
        assert hud.size == (640, 480)
        assert {level % 17 for level in np.asarray(hud.convert("L")).flat} == {0}, "sixteen greys"
