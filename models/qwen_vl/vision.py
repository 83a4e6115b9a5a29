"""The picture encoder: RGB in, rows for the decoder out; what was encoded lately is remembered."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from models.backends.ort_bound import BoundSession
from models.base import BackendError
from models.qwen_vl import grid
from models.qwen_vl.fit import check_encoder
from models.qwen_vl.folder import ModelFolder
from models.qwen_vl.pixels import Picture, patches, resized
from models.qwen_vl.shape import VisionShape

REMEMBERED = 4  # pictures or clips; a few MB a picture

Place = tuple[int, ...]


class Encoded(msgspec.Struct, frozen=True):
    """A picture, or a group of a clip's frames, as the decoder sees it: ``high`` × ``wide`` features, row by row.

    ``rows`` float32[n, out], ``deep`` float32[d, n, out] or none. ``mark`` is negative and the picture's own: it
    stands for the picture where prompts are compared.
    """

    mark: int
    high: int
    wide: int
    rows: NDArray[np.float32]
    deep: NDArray[np.float32] | None


class Encoder:
    """Loaded when the first picture comes; ``close`` frees it."""

    def __init__(
        self, folder: ModelFolder, shape: VisionShape, threads: int = 2, *, pack: bool = True
    ) -> None:
        """``pack``: keep the weights beside the model as this CPU wants them, for the next time."""
        self._folder = folder
        self._shape = shape
        self._threads = threads
        self._pack = pack
        self._session: BoundSession | None = None
        self._known: OrderedDict[tuple[int, ...], tuple[Encoded, ...]] = OrderedDict()

    def encode(self, picture: Picture, most: int | None = None) -> Encoded:
        """``picture`` uint8[h, w, 3] in RGB, looked at with at most ``most`` pixels.

        Raises PictureError, BackendError, ManifestError.
        """
        return self._recall([[resized(picture, self._shape, most)]], [()])[0]

    def encode_clip(self, groups: NDArray[np.uint8], places: Sequence[Place]) -> tuple[Encoded, ...]:
        """``groups`` uint8[g, frames, h, w, 3] of a clip, resized, in RGB.

        ``places`` tell apart what looks alike and stands elsewhere. Raises BackendError, ManifestError.
        """
        return self._recall(groups, places)

    def _recall(
        self, groups: Sequence[Sequence[Picture]] | NDArray[np.uint8], places: Sequence[Place]
    ) -> tuple[Encoded, ...]:
        marks = tuple(_mark(group, place) for group, place in zip(groups, places, strict=True))
        if marks not in self._known:
            self._known[marks] = tuple(map(self._run, groups, marks))
            while len(self._known) > REMEMBERED:
                self._known.popitem(last=False)
        self._known.move_to_end(marks)
        return self._known[marks]

    def forget(self) -> None:
        """Drop what was encoded."""
        self._known.clear()

    def close(self) -> None:
        """Free the weights."""
        self.forget()
        if self._session is not None:
            self._session.close()
            self._session = None

    def _run(self, frames: Sequence[Picture], mark: int) -> Encoded:
        if self._session is None:
            graph, weights = (self._folder.path / f"vision.{kind}" for kind in ("onnx", "data"))
            session = BoundSession(graph, self._threads, weights if self._pack else None)
            check_encoder(graph, session.shapes(), self._shape)
            self._session = session
        shape = self._shape
        high, wide = (side // shape.patch for side in frames[0].shape[:2])
        features = high * wide // shape.merge**2
        rows = np.empty((features, shape.out), np.float32)
        deep = np.empty((len(shape.deep), features, shape.out), np.float32) if shape.deep else None
        results = {"rows": rows[None]} if deep is None else {"rows": rows[None], "deep": deep}
        self._session.bind().run(self._feeds(frames, high, wide), results)
        if not np.isfinite(rows.sum(dtype=np.float64)):
            raise BackendError(
                f"{self._session.path} computes no numbers: its weights are damaged, build or pull the model again"
            )
        return Encoded(mark, high // shape.merge, wide // shape.merge, rows, deep)

    def _feeds(self, frames: Sequence[Picture], high: int, wide: int) -> dict[str, NDArray[Any]]:
        shape = self._shape
        cos, sin = grid.angles(high, wide, shape)
        feeds: dict[str, NDArray[Any]] = {"patches": patches(frames, shape)[None], "cos": cos, "sin": sin}
        feeds["at"] = np.arange(high * wide)[None]
        if shape.grid:
            feeds["places"] = grid.learned(self._folder.tensor("vision.places"), high, wide, shape)[None]
        if shape.window:
            feeds["windows"], feeds["back"], feeds["closed"] = grid.windows(high, wide, shape)
        return feeds


def _mark(frames: Sequence[Picture], place: Place) -> int:
    """Of the pixels the encoder sees, of their shape, and of their place in a clip."""
    digest = hashlib.sha256(repr(frames[0].shape).encode())
    for frame in frames:
        digest.update(frame.tobytes())
    digest.update(repr(place).encode() if place else b"")
    return -1 - int.from_bytes(digest.digest()[:7], "big")
