"""Pictures that are pasted, with clipboard tools that answer as the real ones do, and keys that are typed."""

from __future__ import annotations

import base64
import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import DummyOutput

from models.qwen_vl.pixels import PictureError
from tools.clipboard import Pasted, paste
from tools.prompt import Prompt


def png(size: int = 4) -> bytes:
    data = io.BytesIO()
    Image.fromarray(np.full((size, size, 3), 200, np.uint8)).save(data, "PNG")
    return data.getvalue()


def uri(data: bytes) -> str:
    return f"data:image/png;base64,{base64.b64encode(data).decode()}"


class Desktop:
    """A folder of clipboard tools; ``offers`` is what was copied, by its kind."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environ = {"PATH": f"{folder}:/usr/bin:/bin"}

    def wayland(self, **offers: bytes) -> dict[str, str]:
        return self._install("wl-paste", '[ "$1" = --list-types ]', "$3", offers, WAYLAND_DISPLAY="wayland-0")

    def x11(self, **offers: bytes) -> dict[str, str]:
        return self._install("xclip", '[ "$5" = TARGETS ]', "$5", offers, DISPLAY=":0")

    def _install(
        self, name: str, lists: str, kind: str, offers: dict[str, bytes], **environ: str
    ) -> dict[str, str]:
        (self.folder / "image").mkdir()
        for each, data in offers.items():
            (self.folder / "image" / each).write_bytes(data)
        tool = self.folder / name
        names = "".join(f"echo image/{each}; " for each in offers) or "exit 1; "
        tool.write_text(
            f'#!/bin/sh\nif {lists}; then echo UTF8_STRING; {names}else cat "{self.folder}/{kind}"; fi\n'
        )
        tool.chmod(0o755)
        return self.environ | environ


@pytest.fixture
def desktop(tmp_path: Path) -> Desktop:
    return Desktop(tmp_path)


def test_a_picture_is_taken_from_a_wayland_clipboard(desktop: Desktop) -> None:
    assert paste(desktop.wayland(bmp=b"no", png=png())) == png()


def test_a_picture_is_taken_from_an_x11_clipboard(desktop: Desktop) -> None:
    assert paste(desktop.x11(jpeg=b"jpeg")) == b"jpeg"


def test_what_is_missing_is_said(desktop: Desktop) -> None:
    with pytest.raises(PictureError, match="install wl-clipboard"):
        paste(desktop.environ | {"WAYLAND_DISPLAY": "wayland-0", "PATH": str(desktop.folder)})
    with pytest.raises(PictureError, match="no picture on the clipboard"):
        paste(desktop.wayland())


def test_data_uris_in_a_line_become_pictures() -> None:
    pasted = Pasted()
    line = pasted.named(f"{uri(png(4))} or {uri(png(8))}, which is larger?")
    assert line == "[picture 1] or [picture 2], which is larger?"
    pictures, words = pasted.taken(line)
    assert [picture.shape for picture in pictures] == [(4, 4, 3), (8, 8, 3)]
    assert words == "or , which is larger?"
    assert pasted.taken("as  [picture 3]") == ([], "as  [picture 3]")
    pasted.forget()
    assert pasted.taken("[picture 1]") == ([], "[picture 1]")


@pytest.mark.parametrize(
    ("text", "message"),
    [("data:image/png;base64,AAA", "damaged"), (uri(b"GIF89a"), "damaged|no picture file")],
)
def test_a_damaged_data_uri_is_said(text: str, message: str) -> None:
    with pytest.raises(PictureError, match=message):
        Pasted().named(text)


def typed(keys: str, environ: dict[str, str], pasted: Pasted, history: Path | None = None) -> tuple[str, str]:
    """The line that keys make, and the last note below it before it was sent."""
    with create_pipe_input() as terminal:
        prompt = Prompt(pasted, history, environ, input=terminal, output=DummyOutput())
        terminal.send_text(keys)
        return prompt.ask(), prompt.note


def test_ctrl_v_pastes_a_picture_into_the_line(desktop: Desktop, tmp_path: Path) -> None:
    pasted = Pasted()
    line, note = typed("what is \x16 ?\r", desktop.wayland(png=png()), pasted, tmp_path / "kept" / "history")
    assert (line, note) == ("what is [picture 1] ?", "")
    assert len(pasted.taken(line)[0]) == 1
    assert "+what is [picture 1] ?" in (tmp_path / "kept" / "history").read_text()


def test_ctrl_v_without_a_picture_says_why_and_leaves_the_line(desktop: Desktop) -> None:
    line, note = typed("what \x16is it?\r", desktop.x11(), Pasted())
    assert line == "what is it?"
    assert "no picture on the clipboard" in note


def test_a_pasted_data_uri_is_a_picture_and_other_text_is_text(desktop: Desktop) -> None:
    pasted = Pasted()
    line, _ = typed(f"\x1b[200~{uri(png())}\x1b[201~ \x1b[200~as it is\x1b[201~\r", desktop.environ, pasted)
    assert line == "[picture 1] as it is"
    assert len(pasted.taken(line)[0]) == 1
