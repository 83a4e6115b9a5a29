from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from drivers.base import DeviceLostError
from drivers.camera.decode import PictureError
from drivers.camera.photos import PERIOD_NS, PhotoCamera
from runtime.core.clock import VirtualClock, run_virtual


def shown(camera: PhotoCamera) -> int:
    frame = camera.read()
    assert frame is not None
    return int(frame.image[0, 0, 0])


def test_each_opening_shows_the_next_photo(tmp_path: Path) -> None:
    for grey in (10, 20):
        Image.new("L", (4, 4), grey).save(tmp_path / f"{grey}.png")
    (tmp_path / "notes.txt").write_text("no photo", encoding="utf-8")
    camera = PhotoCamera(tmp_path, VirtualClock())
    assert camera.read() is None
    seen = []
    for _ in range(3):
        camera.open()
        seen.append(shown(camera))
        camera.close()
    assert seen == [10, 20, 10]
    assert camera.read() is None


def test_frames_follow_the_clock(tmp_path: Path) -> None:
    Image.new("L", (4, 4)).save(tmp_path / "a.png")
    clock = VirtualClock()
    camera = PhotoCamera(tmp_path, clock)
    camera.open()

    async def watch() -> list[int]:
        seen = []
        for _ in range(3):
            frame = camera.read()
            assert frame is not None and frame.t_ns == clock.now_ns()
            seen.append(frame.seq)
            await clock.sleep(PERIOD_NS * 1e-9 + 1e-6)
        return seen

    first, second, third = run_virtual(clock, watch())
    assert second == first + 1 and third == first + 2


def test_an_empty_folder_and_a_broken_photo(tmp_path: Path) -> None:
    camera = PhotoCamera(tmp_path, VirtualClock())
    with pytest.raises(DeviceLostError, match="no photo there"):
        camera.open()
    (tmp_path / "a.jpg").write_bytes(b"\xff\xd8\xff\xe0 torn")
    with pytest.raises(PictureError):
        camera.open()
