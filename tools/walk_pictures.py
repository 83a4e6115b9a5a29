"""What the wearer saw on a walk: a PNG a picture in a folder, or one moving GIF."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from drivers.display.png import write_png

EVERY_S = 0.5  # pictures of a GIF are no closer: a head never holds still
MOST = 2_000  # pictures of a GIF; a longer walk is shown in longer steps
LEVEL = 17  # 0…15 → 0…255
PALETTE = [grey for level in range(16) for grey in (level * LEVEL,) * 3]


class Pictures:
    """Collects canvases (uint8[H, W] of 0…15) with their seconds; ``save`` writes the GIF."""

    def __init__(self, place: Path) -> None:
        """Raises OSError where the folder can't be made."""
        self._place, self._gif = place, place.suffix.lower() == ".gif"
        self._frames: list[tuple[float, NDArray[np.uint8]]] = []
        self._count, self._last_s = 0, -EVERY_S
        self._held: tuple[float, NDArray[np.uint8]] | None = None
        (place.parent if self._gif else place).mkdir(parents=True, exist_ok=True)

    def add(self, seconds: float, canvas: NDArray[np.uint8]) -> None:
        """One more picture; of those that follow each other too fast the last stands for all."""
        if self._held is not None and seconds - self._held[0] >= EVERY_S:
            self._take(*self._held)
        if seconds - self._last_s < EVERY_S:
            self._held = seconds, canvas.copy()
        else:
            self._take(seconds, canvas)

    def _take(self, seconds: float, canvas: NDArray[np.uint8]) -> None:
        self._held, self._last_s = None, seconds
        self._count += 1
        if self._gif:
            self._frames.append((seconds, canvas.copy()))
        else:
            write_png(self._place / f"hud-{self._count:05d}.png", canvas)

    def save(self) -> str:
        """Write what was collected and say where it is."""
        if self._held is not None:
            self._take(*self._held)
        if self._gif and self._frames:
            self._write()
        return f"HUD: {self._count} pictures in {self._place}"

    def _write(self) -> None:
        frames = self._frames[:: -(-len(self._frames) // MOST)]
        ends = [seconds for seconds, _ in frames[1:]] + [frames[-1][0] + 2.0]
        lasts = [min(2000, round(1000 * (end - at))) for end, (at, _) in zip(ends, frames, strict=True)]
        images = [_image(canvas) for _, canvas in frames]
        images[0].save(self._place, save_all=True, append_images=images[1:], duration=lasts, loop=0)


def _image(canvas: NDArray[np.uint8]) -> Image.Image:
    image = Image.fromarray(canvas)
    image.putpalette(PALETTE)
    return image
