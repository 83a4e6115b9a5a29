"""A modelled camera: perspective, uneven light, lens blur, sensor noise; the label becomes a snapshot."""

from __future__ import annotations

import cv2
import msgspec
import numpy as np
from numpy.typing import NDArray

from tools.scenes.label import Corners, Label

FOCAL = 1.0  # of the picture's width: 53° across, as a phone's main camera
GAMMA = 2.2
Image = NDArray[np.uint8]


class View(msgspec.Struct, frozen=True):
    """How the label is looked at: turn angles in degrees, ``near`` how much of the picture's width it fills,
    ``blur`` in pixels, ``noise`` as a share of full scale, ``glare`` 0…1, ``light`` the weaker side's share.
    """

    yaw: float
    pitch: float
    roll: float
    near: float = 0.86
    blur: float = 0.7
    noise: float = 0.03
    glare: float = 0.12
    light: float = 0.72


class Photo(msgspec.Struct, frozen=True):
    """``image`` uint8[H, W, 3] BGR, and where the bar code's corners came to lie in it."""

    image: Image
    code: Corners


def random_view(rng: np.random.Generator) -> View:
    """A wearer's usual view: turned by up to 15°, tilted by up to 6°."""
    side = rng.choice((-1.0, 1.0), 3)
    yaw, pitch, roll = side * rng.uniform((8, 4, 1), (15, 11, 6))
    return View(yaw, pitch, roll, near=float(rng.uniform(0.78, 0.9)), blur=float(rng.uniform(0.5, 1.0)))


def photograph(label: Label, view: View, rng: np.random.Generator, width: int, height: int) -> Photo:
    """Look at the label; the same arguments give the same picture."""
    onto = homography(label, view, width, height)
    flat = cv2.cvtColor(label.image, cv2.COLOR_RGB2BGR)
    size = (width, height)
    seen = cv2.warpPerspective(flat, onto, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_CONSTANT)
    solid = np.full(flat.shape[:2], 255, np.uint8)
    cover = cv2.warpPerspective(solid, onto, size, flags=cv2.INTER_LINEAR)[:, :, None] / np.float32(255)
    shelf = _shelf(rng, width, height) * (1 - 0.55 * _shadow(cover[:, :, 0]))[:, :, None]
    scene = seen * cover + shelf * (1 - cover)
    code = cv2.perspectiveTransform(label.code[None], onto)[0]
    return Photo(_sense(scene, view, rng), code.astype(np.float64))


def homography(label: Label, view: View, width: int, height: int) -> NDArray[np.float64]:
    """float64[3, 3]: a point of the flat label → the picture, by a pinhole that looks at its middle."""
    high, wide = label.image.shape[:2]
    yaw, pitch, roll = np.radians((view.yaw, view.pitch, view.roll))
    turn = cv2.Rodrigues(np.array([pitch, 0.0, 0.0]))[0] @ cv2.Rodrigues(np.array([0.0, yaw, 0.0]))[0]
    turn = cv2.Rodrigues(np.array([0.0, 0.0, roll]))[0] @ turn
    distance = FOCAL * wide / view.near
    centred = np.array([[1, 0, -wide / 2], [0, 1, -high / 2], [0, 0, 1]])
    place = np.column_stack((turn[:, 0], turn[:, 1], (0, 0, distance)))
    camera = np.array([[FOCAL * width, 0, width / 2], [0, FOCAL * width, height / 2], [0, 0, 1]])
    onto: NDArray[np.float64] = camera @ place @ centred
    return onto


def _shelf(rng: np.random.Generator, width: int, height: int) -> NDArray[np.float32]:
    """What stands behind, out of focus: other boxes over a shelf's edge."""
    back = np.full((height, width, 3), (74, 82, 90), np.float32)
    x = int(rng.integers(-160, -20))
    while x < width:
        wide, top = int(rng.integers(130, 300)), int(rng.integers(0, height // 4))
        back[top : height * 7 // 8, max(0, x) : max(0, x + wide)] = rng.uniform(50, 200, 3)
        x += wide + int(rng.integers(4, 24))
    back[height * 7 // 8 :] = (120, 146, 168)
    return cv2.GaussianBlur(back, (0, 0), 15).astype(np.float32, copy=False)


def _shadow(cover: NDArray[np.float32]) -> NDArray[np.float32]:
    """The soft shadow the package throws down and to the right."""
    moved = cv2.warpAffine(cover, np.array([[1, 0, 16], [0, 1, 20]], np.float32), cover.shape[::-1])
    return cv2.GaussianBlur(moved, (0, 0), 18).astype(np.float32, copy=False)


def _sense(scene: NDArray[np.float32], view: View, rng: np.random.Generator) -> Image:
    """Light in linear space, then the lens, then the sensor's shot and read noise, then gamma."""
    linear = np.clip(scene / np.float32(255), 0, 1) ** np.float32(GAMMA)
    height, width = linear.shape[:2]
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    x, y = x / width, y / height
    falls = view.light + (1 - view.light) * (0.65 * x + 0.35 * (1 - y))
    spot = view.glare * np.exp(-(((x - 0.72) / 0.22) ** 2 + ((y - 0.2) / 0.2) ** 2))
    lit = (
        linear * falls[:, :, None] * np.array((0.93, 1.0, 1.02), np.float32)
        + spot[:, :, None] * linear.mean()
    )
    soft = cv2.GaussianBlur(lit.astype(np.float32), (0, 0), view.blur)
    grain = rng.standard_normal(soft.shape, np.float32)
    grain = cv2.GaussianBlur(grain, (0, 0), 0.6)  # a sensor's colours are interpolated, so noise is not white
    noisy = soft + grain * view.noise * np.sqrt(soft + 0.02)
    picture: Image = np.rint(255 * np.clip(noisy, 0, 1) ** np.float32(1 / GAMMA)).astype(np.uint8)
    return picture
