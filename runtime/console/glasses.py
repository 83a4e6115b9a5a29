"""What the console needs of the glasses it looks at; ``runtime.app.Glasses`` is one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from boards.spec import Board
from drivers.factory import Parts
from drivers.sim.world import World
from models.language import Language
from models.runner import Runner
from models.speech.choice import Speech
from models.store import ModelStore
from runtime.core.bus import Bus
from runtime.core.clock import Clock
from runtime.core.log import Log, LogRing
from runtime.core.record import Recorder
from runtime.core.settings import Settings
from runtime.core.store import Store
from runtime.core.tasks import Supervisor
from runtime.core.trace import Tracer
from runtime.features.captions.transcripts import Transcripts
from runtime.hud.service import HudService
from runtime.sense.hearing.service import Hearing
from runtime.sense.live import Live
from runtime.sense.sight import Sight

# Makes a model of what the words name and tells what it does; None where the tools for it are not installed.
Builder = Callable[[Sequence[str], Callable[[str], None]], Awaitable[None]]


class Glasses(Protocol):
    """One pair of glasses, running; ``sight`` is None without a camera, ``hearing`` without a microphone, ``world``
    on a real board.
    """

    board: Board
    clock: Clock
    bus: Bus
    supervisor: Supervisor
    log: Log
    ring: LogRing
    tracer: Tracer
    store: Store
    transcripts: Transcripts
    settings: Settings
    recorder: Recorder
    parts: Parts
    sight: Sight | None
    hearing: Hearing | None
    live: Live
    hud: HudService
    models: ModelStore
    runner: Runner
    language: Language
    speech: Speech
    builder: Builder | None
    world: World | None

    def request(self, action: str, argument: str = "") -> None:
        """Ask a feature to act, as a key would."""
        ...

    def reboot(self) -> None:
        """End the runtime so that it is started again."""
        ...
