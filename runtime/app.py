"""The one place that wires parts together: a board and a clock in, running glasses out.

Start-up in the order the wearer notices: the HUD first, then what senses, then what reads. Every part runs under
the supervisor, so that one that fails is started again while the others go on.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from datetime import date
from pathlib import Path
from typing import Any, TextIO

import msgspec

from boards.spec import Board
from drivers.base import Device
from drivers.factory import BuildContext, Parts, build
from drivers.serial.choose import open_console
from drivers.sim.world import World
from models.base import ManifestError
from models.language import ADAPTER_SETTING, LANGUAGE_SETTING, Language, built_folder
from models.manifest import list_manifests
from models.runner import Runner
from models.speech.choice import SPEECH_SETTING, Speech
from models.store import ModelStore, cache_folder
from models.translation.choice import Choice
from models.translation.guarded import Guarded
from models.translation.language_model import LanguageTranslator
from models.translation.whisper import WhisperTranslator
from runtime.console.glasses import Builder
from runtime.console.service import ConsoleService
from runtime.core.bus import Bus
from runtime.core.clock import Clock, RealClock
from runtime.core.errors import RecordingError
from runtime.core.log import Level, LogRing, make_logger
from runtime.core.messages import Card, Line, Request
from runtime.core.record import Recorder
from runtime.core.settings import Settings
from runtime.core.store import Store
from runtime.core.tasks import Supervisor
from runtime.core.topics import CAPTION, CARD, REQUEST, SHOWN
from runtime.core.trace import Tracer
from runtime.core.watchdog import Notifier, Watchdog
from runtime.features import registry
from runtime.features.captions.transcripts import Transcripts
from runtime.features.captions.wishes import KEY as CAPTIONS
from runtime.hud.service import HudService
from runtime.sense.heading.service import HeadingService
from runtime.sense.health import HealthService
from runtime.sense.hearing.service import LOST as MICROPHONE_LOST
from runtime.sense.hearing.service import PART as HEARING
from runtime.sense.hearing.service import Hearing
from runtime.sense.hearing.voice import silero
from runtime.sense.live import Live
from runtime.sense.magnetic import LOST as COMPASS_LOST
from runtime.sense.magnetic import PART as MAGNETOMETER
from runtime.sense.magnetic import MagneticService
from runtime.sense.motion import MotionService
from runtime.sense.place.receiver import PART as GNSS
from runtime.sense.place.receiver import ReceiverService
from runtime.sense.place.service import PART as PLACE
from runtime.sense.place.service import PlaceService
from runtime.sense.reading import Readers
from runtime.sense.sight import Sight
from runtime.sense.touch import TouchService

GREETING_S = 3.0
SALVAGED = "What could be read was kept; the old file stands beside it."
FIRST_FRAME_S = 1.0  # no display, or a dead one: go on without it


class Options(msgspec.Struct, frozen=True):
    """What a run needs besides its board: ``data`` keeps what the wearer made, ``environ`` is the process's.

    ``builder`` makes models on the glasses themselves, where the tools for it are.
    """

    data: Path
    environ: Mapping[str, str]
    out: Path = Path("out")
    console: bool = True
    log: TextIO | None = None
    log_level: Level = "info"
    builder: Builder | None = None


class Glasses:
    """Every part of one pair of glasses; ``run`` starts them and ends when it is cancelled."""

    def __init__(self, board: Board, clock: Clock, options: Options, world: World | None = None) -> None:
        self.board, self.clock, self.world, self.options = board, clock, world, options
        self.ring = LogRing()
        self.log = make_logger(clock, self.ring, options.log, level=options.log_level)
        self.bus = Bus(clock)
        self.tracer = Tracer(clock)
        self.supervisor = Supervisor(clock, self.bus, self.log)
        self.store = Store(options.data / "browline.db", clock, self.log)
        self.transcripts = Transcripts(options.data / "transcripts.db", clock, self.log)
        self.settings = Settings(clock, self.bus, self.store, self.log)
        self.recorder = Recorder(self.bus, clock, self.log, about=_made_on(board))
        self.models = ModelStore(cache_folder(options.environ), list_manifests(), _no_wait)
        self.runner = Runner(clock, memory_mb=board.compute.model_memory_mb)
        built = built_folder(options.environ)
        self.language = Language(self.runner, built, board.compute.threads, date.today)
        self.speech = Speech(self.runner, built, board.compute.threads)
        self.interpreter = self._make_interpreter()
        self.builder = options.builder
        self.live = Live()
        self._catalogue: Any = None
        self.context = BuildContext(board, clock, world, options.out)
        self.parts: Parts = build(self.context)
        self.sight = Sight(clock, self.bus, self.parts.camera, self.live) if self.parts.camera else None
        self.hearing = self._make_hearing()
        self.readers = Readers(
            clock, self.models, self.runner, board.compute, self.log, self.supervisor.report
        )
        self.hud = HudService(self.bus, clock, self.parts.display, self.tracer, board.display)
        self._ending = asyncio.Event()
        self._notifier = Notifier(options.environ)
        self.watchdog = Watchdog(clock, self.supervisor.report, self._notifier)

    def _make_interpreter(self) -> Guarded:
        whisper = WhisperTranslator(self.runner, self.speech.recogniser)
        language = LanguageTranslator(self.language)
        ways = Choice(whisper=whisper, language=language, has_language=lambda: bool(self.language.name))
        return Guarded(ways)

    def _make_hearing(self) -> Hearing | None:
        if self.parts.microphone is None:
            return None
        voice = silero(self.models, self.runner)
        report = self.supervisor.report
        return Hearing(self.bus, self.clock, self.parts.microphone, self.live, voice, self.log, report)

    @property
    def rebooting(self) -> bool:
        """Whether the wearer asked that it be started again once it has ended."""
        return self._ending.is_set()

    def reboot(self) -> None:
        """End ``run`` in order; whoever called it starts the runtime again."""
        self._ending.set()

    async def run(self) -> None:
        """Start everything in order and serve until cancelled, or until ``reboot``."""
        try:
            await self._start()
            self._notifier.ready()
            watching = asyncio.create_task(self.watchdog.run(), name="watchdog")
            try:
                await self._ending.wait()
            finally:
                watching.cancel()
        finally:
            self._notifier.stopping()
            await self._stop()

    async def _stop(self) -> None:
        """Everything off, the last started first; a recording is completed, or said to be cut."""
        if self.recorder.path is not None:
            try:
                await self.recorder.stop()
            except RecordingError as error:
                self.log.warning("recording cut", part="record", error=str(error))
        await self.supervisor.stop()
        if self._catalogue is not None:
            self._catalogue.close()
        self.store.close()
        self.transcripts.close()

    def request(self, action: str, argument: str = "") -> None:
        """Ask a feature to act, as a key would."""
        self.bus.publish(REQUEST, Request(self.clock.now_ns(), action, argument))

    async def _start(self) -> None:
        self.log.info("starting", part="app", board=self.board.name)
        await self.settings.load()
        with contextlib.suppress(ManifestError):  # it was removed: the only one there is, or none, answers
            self.language.choose(await self.clock.call("store", self.store.get, LANGUAGE_SETTING, str, ""))
            self.language.adapt(await self.clock.call("store", self.store.get, ADAPTER_SETTING, str, ""))
        with contextlib.suppress(ManifestError):
            self.speech.choose(await self.clock.call("store", self.store.get, SPEECH_SETTING, str, ""))
        if self.store.kept_aside is not None:
            self.bus.publish(
                CARD, Card("store", (Line("Storage was damaged"), Line(SALVAGED, "small")), ttl_s=8)
            )
        greeting = (Line("Browline", "title"), Line(self.board.summary, "small"))
        self.bus.publish(CARD, Card("app", greeting, ttl_s=GREETING_S, priority=-1))
        await self._first_frame()
        for name, run, text in self._services():
            self.supervisor.add(name, run, text=text)

    async def _first_frame(self) -> None:
        """Show something before anything slow begins."""
        with self.bus.subscribe(SHOWN) as shown:
            self.supervisor.add("display", self.hud.run, text="Display lost. Trying again.")
            try:
                async with asyncio.timeout(FIRST_FRAME_S):
                    await shown.get()
            except TimeoutError:
                self.log.warning("no first frame", part="display")

    def _services(self) -> list[tuple[str, Callable[[], Awaitable[None]], str]]:
        parts, services = self.parts, []
        if parts.light is not None:
            services.append(("light", _opens(self.clock, parts.light), "Capture light lost. Trying again."))
        if parts.imu is not None and self.board.imu is not None:
            motion = MotionService(self.bus, self.clock, parts.imu, self.board.imu, self.store, self.live)
            services.append(("imu", motion.run, "Head tracking lost. Trying again."))
            mounted = {"axes": self.board.magnetometer.axes} if self.board.magnetometer else {}
            heading = HeadingService(self.bus, self.clock, self.live, self.store, **mounted)
            services.append(("heading", heading.run, "Heading failed. Trying again."))
        if parts.magnetometer is not None:
            magnetic = MagneticService(self.bus, self.clock, parts.magnetometer, self.live)
            services.append((MAGNETOMETER, magnetic.run, COMPASS_LOST))
        place = PlaceService(self.bus, self.clock, self.live)
        services.append((PLACE, place.run, "Finding the place failed. Trying again."))
        if parts.gnss is not None:
            receiver = ReceiverService(self.bus, self.clock, parts.gnss, self.live, self.supervisor.report)
            services.append((GNSS, receiver.run, "Satellite receiver lost. Trying again."))
        if parts.keys is not None:
            requests = {key: ask for row in registry.FEATURES for key, ask in row.keys.items()}
            touch = TouchService(self.bus, self.clock, parts.keys, requests)
            services.append(("keys", touch.run, "Keys lost. Trying again."))
        health = HealthService(self.bus, self.clock, parts.battery, self.supervisor, self.store)
        services.append(("health", health.run, "Health check failed. Trying again."))
        if self.hearing is not None:
            services.append((HEARING, self.hearing.run, MICROPHONE_LOST))
        services.append(("models", self.readers.run, "Models failed to load. Trying again."))
        services += [(row.name, self._feature(row.name), row.text) for row in registry.FEATURES]
        if self.options.console:
            link = self.options.data / "console" if self.board.console.port == "pty" else None
            console = ConsoleService(self, lambda: open_console(self.board.console, link))
            services.append(("console", console.run, "Console lost. Trying again."))
        return services

    def _feature(self, name: str) -> Callable[[], Awaitable[None]]:
        async def run() -> None:
            try:
                feature = await self.clock.call("models", registry.build, name, self._feature_parts())
            except registry.MissingPartError as error:
                self.log.warning("left out", part=name, error=str(error))
                return
            await feature.run()

        return run

    def _feature_parts(self) -> dict[str, Any]:
        from runtime.features.snap.describe import Describer

        return {
            "bus": self.bus, "clock": self.clock, "tracer": self.tracer, "log": self.log, "store": self.store,
            "transcripts": self.transcripts,
            "sight": self.sight, "hearing": self.hearing, "runner": self.runner,
            "reader": self.readers.codes, "ocr": self.readers.text,
            "catalogue": self._open_catalogue(), "answerer": Describer(self.language), "language": self.language,
            "speech": self.speech, "interpreter": self.interpreter, "report": self.supervisor.report,
            "view": self._in_view,
        }  # fmt: skip

    def _in_view(self) -> str:
        """What a touch is meant for: the card, or where there is none the captions, seen or paused."""
        scene, said = self.hud.scene, self.bus.latest(CAPTION)
        if scene.card is not None:
            return scene.card.key
        return CAPTIONS if scene.caption is not None or (said is not None and said.mark) else ""

    def _open_catalogue(self) -> Any:
        if self._catalogue is not None:
            return self._catalogue
        from runtime.features.snap.catalogue import Catalogue
        from runtime.features.snap.demo import add_demo
        from runtime.features.snap.result import CatalogueError

        try:
            catalogue = Catalogue(self.options.data / "catalogue.db", create=True)
            if self.world is not None:
                add_demo(catalogue)
        except CatalogueError as error:
            self.log.warning("no catalogue", part="snap", error=str(error))
            return None
        self._catalogue = catalogue
        return catalogue


def _made_on(board: Board) -> dict[str, str]:
    """What a replay elsewhere has to know: an IMU's samples are in its own axes."""
    imu = {} if board.imu is None else {"imu": msgspec.json.encode(board.imu).decode()}
    return {"board": board.name} | imu


def _opens(clock: Clock, device: Device) -> Callable[[], Awaitable[None]]:
    """A part that only has to be opened and closed."""

    async def run() -> None:
        await clock.call("light", device.open)
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            device.close()

    return run


def _no_wait(seconds: float) -> None:
    """The glasses never fetch by themselves, so nothing ever waits."""


def serve(glasses: Glasses, clock: RealClock) -> None:
    """Run on real time until stopped; parts that hang are left behind, and named in the log."""
    try:
        run_until_stopped(glasses.run())
    finally:
        end(glasses, clock)


def run_until_stopped(main: Coroutine[Any, Any, None]) -> None:
    """``asyncio.run``, ended in order by Ctrl-C, by SIGTERM (systemd) and by SIGHUP (the terminal went)."""

    async def run() -> None:
        task = asyncio.current_task()
        assert task is not None
        for number in (signal.SIGTERM, signal.SIGHUP):
            asyncio.get_running_loop().add_signal_handler(number, task.cancel)
        with contextlib.suppress(asyncio.CancelledError):
            await main

    asyncio.run(run())


def end(glasses: Glasses, clock: RealClock) -> None:
    """Let the threads finish; after ``reboot`` the process begins anew and this does not return."""
    stuck = clock.close()
    if stuck:
        glasses.log.error("threads left behind", part="app", threads=", ".join(stuck))
    if glasses.rebooting:
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])
