"""Messages with pictures: what the template gets, and the words and pictures in them.

``content`` is a string, or a list of parts: ``{"type": "text", "text": …}`` and ``{"type": "image", "image": …}``
with the picture as uint8[h, w, 3] in RGB, and with ``"pixels"``, the most of it that is looked at, where it says so;
``{"type": "video", "video": …, "fps": …}`` with the frames as uint8[n, h, w, 3], and the "pixels" of each.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from models.qwen_vl.clips import Clip, clip_of
from models.qwen_vl.pixels import Picture
from models.qwen_vl.prompt import PromptError


class View(msgspec.Struct, frozen=True):
    """A ``picture`` uint8[h, w, 3] in RGB, or a clip, of which at most ``most`` pixels are looked at, of each frame.

    None sets no limit.
    """

    picture: Picture | Clip
    most: int | None = None

    def limit(self, most: int | None) -> int | None:
        """The lower one of its own limit and another."""
        return min(filter(None, (self.most, most)), default=None)


class Turns(msgspec.Struct, frozen=True):
    """``messages`` without pixels, every text in them in order, every picture in order."""

    messages: list[dict[str, Any]]
    words: list[str]
    views: list[View]


def told(messages: Sequence[Mapping[str, Any]]) -> Turns:
    """Raises PromptError for a part of another kind, PictureError for a clip that is none."""
    turns = Turns([], [], [])
    for message in messages:
        content = message.get("content")
        if not isinstance(content, list):
            turns.words.append(str(content or ""))
            turns.messages.append(dict(message))
            continue
        parts = [_part(part, turns) for part in content]
        if all(part["type"] == "text" for part in parts):  # many text models' templates know no parts
            turns.messages.append({**message, "content": "".join(part["text"] for part in parts)})
        else:
            turns.messages.append({**message, "content": parts})
    return turns


def _part(part: Mapping[str, Any], turns: Turns) -> dict[str, str]:
    kind = part.get("type")
    if kind == "text":
        turns.words.append(str(part.get("text") or ""))
        return {"type": "text", "text": turns.words[-1]}
    if kind == "image":
        turns.views.append(View(part["image"], part.get("pixels")))
        return {"type": "image"}
    if kind == "video":
        turns.views.append(View(clip_of(part["video"], part.get("fps")), part.get("pixels")))
        return {"type": "video"}
    raise PromptError(f"a message has a part of type {kind!r}; it can have text, image and video")
