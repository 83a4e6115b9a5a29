"""What a sentence costs, in turn with faster-whisper over the same weights; and memory, each in its own process."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from models.speech.vad import RATE_HZ
from models.speech.whisper.recogniser import WhisperRecogniser, open_recogniser
from tools.bench import captions_weights
from tools.bench.captions_clips import Clip, clips, read
from tools.bench.captions_peer import THREADS, faster_whisper
from tools.bench.captions_stream import whole
from tools.bench.figures import Figure, median

ROUNDS = 7
LENGTHS_S = (4.0, 5.5, 7.0, 8.5)  # of the utterances that are cut from the clips


def measure() -> Iterator[Figure]:
    """Medians of the rounds; the first warms up."""
    model, peer = open_recogniser(captions_weights.built(), threads=THREADS), faster_whisper()
    ratios: list[float] = []
    for clip in _utterances():
        ours, theirs = [], []
        for turn in range(ROUNDS + 1):
            took = _seconds(partial(_hear, model, clip))
            other = _seconds(partial(peer.text, clip.samples, clip.language)) if peer else 0.0
            if turn:
                ours.append(took)
                theirs.append(other)
        beside = f"{peer.name} {1000 * median(theirs):.0f} ms" if peer else ""
        yield Figure(f"{clip.name}, {clip.seconds:.1f} s", 1000 * median(ours), "ms", peer=beside)
        if peer:
            ratios.append(median(a / b for a, b in zip(ours, theirs, strict=True)))
    if peer:
        yield Figure(f"compute / {peer.name} int8, median", median(ratios), "×", 0.3)
        yield Figure("… the worst of them", max(ratios), "×")
    yield from _memory(peer is not None)


def _hear(model: WhisperRecogniser, clip: Clip) -> None:
    whole(model.utterance(language=clip.language), clip.samples)


def _utterances() -> Iterator[Clip]:
    for clip in clips():
        for length in LENGTHS_S:
            if length <= clip.seconds:
                part = clip.samples[: round(length * RATE_HZ)]
                yield Clip(clip.name[:20], clip.path, clip.language, clip.truth, part)


def _memory(beside: bool) -> Iterator[Figure]:
    clip = clips()[0]
    peer = f"faster-whisper {_peak('captions_peer', clip) / 1e6:.0f} MB" if beside else ""
    yield Figure(
        "peak memory of a process that transcribes", _peak("captions_speed", clip) / 1e6, "MB", 300, peer=peer
    )


def _peak(module: str, clip: Clip) -> int:
    command = [sys.executable, "-m", f"tools.bench.{module}", str(clip.path), clip.language]
    return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()[-1])


def _seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def peak_bytes() -> int:
    """The most memory this process ever held (man proc_pid_status, VmHWM)."""
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text("ascii").splitlines())
    return int(status["VmHWM"].split()[0]) * 1024


if __name__ == "__main__":
    listener = open_recogniser(captions_weights.built(), threads=THREADS)
    whole(listener.utterance(language=sys.argv[2]), read(Path(sys.argv[1])))
    print(peak_bytes())
