"""Pictures that are pasted: from the desktop's clipboard, or as the data URI of one."""

from __future__ import annotations

import base64
import binascii
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence

from models.qwen_vl.pixels import Picture, PictureError, decode

KINDS = ("image/png", "image/jpeg", "image/webp", "image/bmp", "image/gif")
PATIENCE_S = 3.0
LARGEST = 64 << 20  # bytes
NO_TOOL = "to paste a picture install wl-clipboard or xclip, or type its path"
DATA_URI = re.compile(r"data:image/[\w.+-]+(?:;[\w=.+-]+)*;base64,[A-Za-z0-9+/=]*", re.ASCII)
NAME = re.compile(r"\[picture (\d+)\]")


class Pasted:
    """Pictures that were pasted, in memory only; ``[picture 2]`` in a line stands for the second."""

    def __init__(self) -> None:
        self._pictures: list[Picture] = []

    def add(self, data: bytes) -> str:
        """Keep a picture file's content; what stands for it in a line. Raises PictureError."""
        self._pictures.append(decode(data))
        return f"[picture {len(self._pictures)}]"

    def named(self, text: str) -> str:
        """``text`` with what stands for them in place of its data URIs. Raises PictureError."""
        return DATA_URI.sub(lambda found: self.add(from_data_uri(found[0])), text)

    def taken(self, line: str) -> tuple[list[Picture], str]:
        """The pictures that a line names, and its words without them."""
        numbers = [int(number) for number in NAME.findall(line)]
        there = [number for number in numbers if 0 < number <= len(self._pictures)]
        for number in there:
            line = line.replace(f"[picture {number}]", " ", 1)
        return [self._pictures[number - 1] for number in there], " ".join(line.split()) if there else line

    def forget(self) -> None:
        """Drop them; their numbers start again."""
        self._pictures.clear()


def from_data_uri(uri: str) -> bytes:
    """The bytes in ``data:image/…;base64,…``. Raises PictureError."""
    try:
        return base64.b64decode(uri.partition(",")[2], validate=True)
    except binascii.Error as error:
        raise PictureError(f"the pasted data URI is damaged: {error}") from error


def paste(environ: Mapping[str, str]) -> bytes:
    """The picture on the desktop's clipboard, as a file's content. Raises PictureError, which says what there is."""
    if (tool := _tool(environ)) is None:
        raise PictureError(NO_TOOL)
    offers, take = tool
    kinds = _run(offers, environ).decode(errors="replace").split()
    kind = next((kind for kind in KINDS if kind in kinds), None)
    if kind is None:
        raise PictureError("there is no picture on the clipboard; text is pasted with Ctrl-Shift-V")
    data = _run([*take, kind], environ)
    if len(data) > LARGEST:
        raise PictureError(f"the picture on the clipboard has {len(data) >> 20} MB: save it smaller")
    return data


def _tool(environ: Mapping[str, str]) -> tuple[list[str], list[str]] | None:
    """How to ask for the kinds on offer, and for one of them, which is put behind."""
    path = environ.get("PATH")
    if environ.get("WAYLAND_DISPLAY") and (found := shutil.which("wl-paste", path=path)):
        return [found, "--list-types"], [found, "--no-newline", "--type"]
    if environ.get("DISPLAY") and (found := shutil.which("xclip", path=path)):
        said = [found, "-selection", "clipboard", "-out", "-target"]
        return [*said, "TARGETS"], said
    return None


def _run(command: Sequence[str], environ: Mapping[str, str]) -> bytes:
    """What a clipboard's tool says; nothing when it fails, as it does where nothing was copied."""
    try:
        done = subprocess.run(
            command, capture_output=True, env=dict(environ), timeout=PATIENCE_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise PictureError(f"the clipboard does not answer: {error}") from error
    return done.stdout if done.returncode == 0 else b""
