"""``browline transcribe FILE…``: what is said in recordings, as text, JSON or subtitles, translated if wanted.

``--stream`` understands them as the glasses do, while they are spoken; the other forms hear each stretch whole.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from drivers.audio.files import SoundReader
from drivers.base import DriverError
from models.base import ModelError
from models.runner import Runner
from models.speech.segments import RATE_HZ, Segmenter
from models.speech.subtitles import Cue, to_srt, to_vtt
from models.speech.vad import open_vad
from models.speech.whisper.recogniser import WhisperRecogniser
from models.speech.whole import CUTTING, Segment, Transcriber
from models.store import ModelStore
from models.translation.guarded import Guarded
from runtime.core.clock import VirtualClock, run_virtual
from tools import pipe
from tools.captioning import Captioner, Understood, stream
from tools.commands.models import open_store
from tools.interpreting import interpreter, open_translator
from tools.lines import open_lines, tell
from tools.speech import open_speech

BLOCK = RATE_HZ  # a second at once
VAD = "silero-vad"
COST_S = 0.2  # of each hypothesis of --stream
SUBTITLES = {"srt": to_srt, "vtt": to_vtt}


def configure(parser: argparse.ArgumentParser) -> None:
    """The recordings, the languages, and how to write what was said."""
    parser.add_argument("file", nargs="+", type=Path, help="WAV, FLAC, OGG or MP3, of any rate and width")
    parser.add_argument(
        "--language", default="", metavar="L", help="what is spoken (zh, en, …); found out when left out"
    )
    parser.add_argument(
        "--translate", metavar="LANG", help="translate as well: en by Whisper, others by --translator"
    )
    parser.add_argument("--translator", metavar="NAME", help="the language model that translates")
    parser.add_argument("--model", metavar="NAME", help="a built speech model; whisper-base when left out")
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--json", dest="form", action="store_const", const="json", help="one JSON object a file")
    how.add_argument("--srt", dest="form", action="store_const", const="srt", help="subtitles as SubRip")
    how.add_argument("--vtt", dest="form", action="store_const", const="vtt", help="subtitles as WebVTT")
    how.add_argument(
        "--stream", dest="form", action="store_const", const="stream", help="as live captions would come"
    )


def main(options: argparse.Namespace) -> int:
    """1: no model could be had; 2: a file can't be read."""
    if options.form in SUBTITLES and len(options.file) > 1:
        tell(f"--{options.form} writes the subtitles of one file; call it for each")
        return 2
    try:
        recogniser = open_speech(options.model, tell)
        if options.language and options.language not in recogniser.languages:
            tell(f"--language {options.language}: the model knows {' '.join(recogniser.languages)}")
            return 2
        if options.form == "stream":
            return max([_stream(path, recogniser, options) for path in options.file])
        translation = (
            interpreter(recogniser, options.translate, options.translator, tell)
            if options.translate
            else nullcontext(None)
        )
        with translation as translate:
            store = open_store()
            store.ensure(VAD)

            def transcriber() -> Transcriber:
                recogniser.belief.forget()  # another file is another talk
                return Transcriber(
                    recogniser, _segmenter(store), language=options.language, translate=translate
                )

            return max([_file(path, options.form, transcriber()) for path in options.file])
    except ModelError as error:
        tell(str(error))
        return 1


def _segmenter(store: ModelStore) -> Segmenter:
    return Segmenter(open_vad(store.manifest(VAD), store.ensure(VAD)), CUTTING)


def _stream(path: Path, recogniser: WhisperRecogniser, options: argparse.Namespace) -> int:
    """Committed text as it comes, on virtual time: the same on every machine, as fast as this one can."""
    try:
        reader = SoundReader(path, RATE_HZ)
    except (DriverError, OSError) as error:
        tell(str(error))
        return 2
    recogniser.belief.forget()
    clock, store, target = VirtualClock(), open_store(), options.translate or ""
    runner = Runner(clock, memory_mb=1 << 20)
    segmenter = Segmenter(open_vad(store.manifest(VAD), store.ensure(VAD)))
    guarded = Guarded(open_translator(recogniser, target, options.translator, runner)) if target else None
    model = Understood(clock, runner, recogniser, options.language, COST_S)
    lines = open_lines(sys.stdout, sys.stderr)
    captioner = Captioner(clock, model, lines, tell, interpreter=guarded, target=target)
    heard = _Heard(reader, shown=False)
    run_virtual(clock, stream(heard.blocks(), clock, segmenter, captioner))
    lines.end()
    reader.close()
    if reader.damage:
        tell(f"{path} is damaged after {heard.seconds:.1f} s ({reader.damage}): what came before is here")
    return 0


def _file(path: Path, form: str | None, transcriber: Transcriber) -> int:
    try:
        reader = SoundReader(path, RATE_HZ)
    except (DriverError, OSError) as error:
        tell(str(error))
        return 2
    started = time.monotonic()
    heard = _Heard(reader)
    found: list[Segment] = []
    for segment in transcriber.transcribe(heard.blocks()):
        found.append(segment)
        if form is None:
            heard.clear()
            pipe.write(
                segment.text + "\n" + (segment.translation + "\n" if segment.translation else ""), sys.stdout
            )
    heard.clear()
    reader.close()
    if reader.damage:
        tell(f"{path} is damaged after {heard.seconds:.1f} s ({reader.damage}): what came before is here")
    if form == "json":
        rtf = (time.monotonic() - started) / max(heard.seconds, 1e-9)
        pipe.write(msgspec.json.encode(as_json(path, found, rtf)).decode() + "\n", sys.stdout)
    elif form is not None:
        pipe.write(SUBTITLES[form](map(_cue, found)), sys.stdout)
    return 0


def as_json(path: Path, segments: list[Segment], rtf: float) -> dict[str, object]:
    """What ``--json`` says of a file; ``language`` is the one most was said in."""
    spoken = Counter[str]()
    for segment in segments:
        spoken[segment.language] += round(1000 * (segment.end - segment.start))
    language = spoken.most_common(1)[0][0] if spoken else ""
    blank = "" if language in UNSPACED else " "
    rows = [{"start": s.start, "end": s.end, "text": s.text, "translation": s.translation} for s in segments]
    text = blank.join(segment.text for segment in segments)
    return {"file": str(path), "language": language, "text": text, "segments": rows, "rtf": round(rtf, 3)}


UNSPACED = {"zh", "ja", "yue", "th", "lo", "my", "km", "bo"}


def _cue(segment: Segment) -> Cue:
    text = f"{segment.text}\n{segment.translation}" if segment.translation else segment.text
    return Cue(segment.start, segment.end, text)


class _Heard:
    """The blocks of a file, counted, with the progress shown to who sits at a terminal."""

    def __init__(self, reader: SoundReader, *, shown: bool = True) -> None:
        self._reader = reader
        self._shown, self._shows = False, shown and sys.stderr is not None and sys.stderr.isatty()
        self.seconds = 0.0

    def blocks(self) -> Iterator[NDArray[np.float32]]:
        """float32[≤ a second] until the end."""
        while len(block := self._reader.read(BLOCK)):
            self.seconds += len(block) / RATE_HZ
            self._show()
            yield block

    def clear(self) -> None:
        """Take the progress away, so that a line can be written."""
        if self._shown:
            print("\r\033[K", end="", file=sys.stderr, flush=True)
            self._shown = False

    def _show(self) -> None:
        if self._shows:
            done = 100 * self.seconds / max(self._reader.seconds, self.seconds)
            print(f"\r\033[K  {done:3.0f} %", end="", file=sys.stderr, flush=True)
            self._shown = True
