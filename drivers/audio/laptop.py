"""This computer's own microphone, through ALSA's recorder as on a board."""

from __future__ import annotations

import shutil
from collections.abc import Callable

from boards import spec
from drivers.audio.alsa import AlsaMicrophone
from drivers.base import Clock, ConfigError, Microphone
from drivers.factory import BuildContext
from drivers.led.guard import CaptureLight, GuardedMicrophone
from drivers.led.lights import ShownLight


def laptop_microphone(
    clock: Clock, show: Callable[[bool], object], device: str = "default", rate_hz: int = 16_000
) -> Microphone:
    """ALSA's ``device``: "default" is what the desktop's sound settings chose; ``arecord -L`` lists the others.

    A laptop has no capture light, so ``show`` puts on the screen whether the microphone is open. Raises ConfigError
    where there is no arecord.
    """
    if shutil.which("arecord") is None:
        raise ConfigError(
            "this computer's microphone is read through arecord, which is not installed: "
            "apt install alsa-utils (on Linux), or transcribe a file"
        )
    part = spec.Microphone(compatible="linux,alsa-capture", device=device, rate_hz=rate_hz)
    context = BuildContext(spec.Board(name="laptop", summary="this computer"), clock)
    return GuardedMicrophone(AlsaMicrophone.from_board(part, context), CaptureLight(ShownLight(show)))
