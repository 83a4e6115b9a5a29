"""``browline listen``: captions of what this computer's microphone hears, in the terminal.

The ear, the streaming and the translation are those of the glasses; a mark on the screen is the capture light.
Nothing is kept. Ctrl-C ends it: what was said until then is still written.
"""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys

from drivers.audio.laptop import laptop_microphone
from drivers.base import DriverError
from models.base import ModelError
from models.runner import Runner
from models.speech.segments import SpeechEvent
from models.speech.whisper.recogniser import WhisperRecogniser
from models.translation.guarded import Guarded
from runtime.core.bus import Bus
from runtime.core.clock import RealClock
from runtime.core.log import LogRing, make_logger
from runtime.sense.hearing.listener import Listener
from runtime.sense.hearing.service import Hearing
from runtime.sense.hearing.voice import MODEL as VAD
from runtime.sense.hearing.voice import silero
from runtime.sense.live import Live
from tools.captioning import Captioner, Understood, ended
from tools.commands.models import open_store
from tools.interpreting import open_translator
from tools.lines import Lines, open_lines, tell
from tools.speech import open_speech

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
GRACE_S = 0.1  # Ctrl-C reaches the recorder as well, which may end a moment before we know why
LAST_WORDS_S = 10.0  # to understand what was said until then


def configure(parser: argparse.ArgumentParser) -> None:
    """The microphone, the languages, the models."""
    parser.add_argument(
        "--language", default="", metavar="L", help="what is spoken (zh, en, …); found out when left out"
    )
    parser.add_argument(
        "--translate", metavar="LANG", help="translate as well: en by Whisper, others by --translator"
    )
    parser.add_argument("--translator", metavar="NAME", help="the language model that translates")
    parser.add_argument("--model", metavar="NAME", help="a built speech model; whisper-base when left out")
    parser.add_argument("--device", default="default", help="ALSA's name; `arecord -L` lists them")


def main(options: argparse.Namespace) -> int:
    """0 after Ctrl-C; 1: no model could be had; 2: no microphone, or it went."""
    clock = RealClock()
    lines = open_lines(sys.stdout, sys.stderr)
    try:
        recogniser = open_speech(options.model, tell)
        if options.language and options.language not in recogniser.languages:
            tell(f"--language {options.language}: the model knows {' '.join(recogniser.languages)}")
            return 2
        open_store().ensure(VAD)
        asyncio.run(_listen(options, clock, recogniser, lines))
    except ModelError as error:
        lines.end()
        tell(str(error))
        return 1
    except DriverError as error:
        lines.end()
        tell(str(error))
        return 2
    finally:
        clock.close()
    return 0


async def _listen(
    options: argparse.Namespace, clock: RealClock, recogniser: WhisperRecogniser, lines: Lines
) -> None:
    """Until a signal comes. Raises DriverError, ModelError."""
    loop, target = asyncio.get_running_loop(), options.translate or ""
    microphone = laptop_microphone(
        clock, lambda on: loop.call_soon_threadsafe(lines.light, on), options.device
    )
    runner = Runner(clock, memory_mb=1 << 20)
    log = make_logger(clock, LogRing())
    voice = silero(open_store(), runner)
    hearing = Hearing(Bus(clock), clock, microphone, Live(), voice, log, _report)
    guarded = Guarded(open_translator(recogniser, target, options.translator, runner)) if target else None
    model = Understood(clock, runner, recogniser, options.language)
    captioner = Captioner(clock, model, lines, tell, interpreter=guarded, target=target)
    stop = asyncio.Event()
    for number in SIGNALS:
        loop.add_signal_handler(number, stop.set)
    async with hearing.listen() as events:
        await _until(stop, hearing, captioner, events, clock)
    lines.end()


async def _until(
    stop: asyncio.Event, hearing: Hearing, captioner: Captioner, events: Listener, clock: RealClock
) -> None:
    """Write until ``stop``; then close the microphone and write what was said last."""
    ear = asyncio.ensure_future(hearing.run())
    writing = asyncio.ensure_future(captioner.run())
    taking = asyncio.ensure_future(_take(events, captioner))
    stopping = asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait({ear, writing, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if not stop.is_set():
            await clock.sleep(GRACE_S)
        ear.cancel()
        (outcome,) = await asyncio.gather(ear, return_exceptions=True)
        await clock.sleep(GRACE_S)  # its last events are taken
        if not writing.done():
            for number in SIGNALS:  # a second Ctrl-C does not wait
                asyncio.get_running_loop().remove_signal_handler(number)
            await captioner.settle(LAST_WORDS_S)
    finally:
        for task in (taking, stopping):
            task.cancel()
        await ended(writing)
    if isinstance(outcome, Exception) and not stop.is_set():
        raise outcome


async def _take(events: Listener, captioner: Captioner) -> None:
    event: SpeechEvent
    async for event in events:
        captioner.hear(event)


def _report(_part: str, text: str | None) -> None:
    """What the ear tells the wearer of glasses."""
    if text is not None:
        tell(text)
