"""A folder of photos as a camera: each time it is opened it shows the next one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from boards import spec
from drivers.base import Clock, DeviceLostError, Frame
from drivers.camera.decode import load_picture

if TYPE_CHECKING:
    from drivers.factory import BuildContext

ENDINGS = {".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff", ".gif"}
PERIOD_NS = 1_000_000_000 // 30


class PhotoCamera:
    """The photos of ``folder`` in the order of their names, round and round."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        self._folder, self._clock = folder, clock
        self._next = 0
        self._frame: Frame | None = None

    @classmethod
    def from_board(cls, part: spec.Camera, context: BuildContext) -> PhotoCamera:
        """As the board file says: ``device`` is the folder."""
        return cls(Path(part.device), context.clock)

    def open(self) -> None:
        """Load the next photo. Raises DeviceLostError when there is none, PictureError when it is broken."""
        photos = sorted(path for path in self._folder.glob("*") if path.suffix.lower() in ENDINGS)
        if not photos:
            raise DeviceLostError(f"{self._folder}: no photo there; give a folder with JPEG or PNG pictures")
        path = photos[self._next % len(photos)]
        self._next += 1
        self._frame = Frame(self._clock.now_ns(), load_picture(path), 0)

    def close(self) -> None:
        """Let the photo go."""
        self._frame = None

    def read(self) -> Frame | None:
        """The photo, as a frame of this moment."""
        if self._frame is None:
            return None
        now_ns = self._clock.now_ns()
        return Frame(now_ns, self._frame.image, now_ns // PERIOD_NS)
