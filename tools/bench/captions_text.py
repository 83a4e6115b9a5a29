"""What is understood of real speech: whole files and, committed word by word, the stream, beside faster-whisper."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from models.speech.segments import Segmenter
from models.speech.vad import SileroVad
from models.speech.whisper.recogniser import WhisperRecogniser, open_recogniser
from models.speech.whole import CUTTING, Transcriber
from tools.bench import captions_weights
from tools.bench.captions_clips import Clip, clips, errors
from tools.bench.captions_peer import faster_whisper
from tools.bench.captions_stream import FIXED_COST_S, Stream, play
from tools.bench.figures import Figure


def measure() -> Iterator[Figure]:
    """Errors of each clip; the bar is the peer's figure."""
    model, peer = open_recogniser(captions_weights.built()), faster_whisper()
    voice = captions_weights.voice()
    streams: list[Stream] = []
    for clip in clips():
        bar = errors(clip.truth, peer.text(clip.samples, clip.language), clip.language) if peer else None
        stream = play(clip, model, voice, FIXED_COST_S)
        streams.append(stream)
        for how, text in (("whole", _whole(model, voice, clip)), ("stream", stream.text)):
            wrong, of = errors(clip.truth, text, clip.language)
            said = f"{peer.name} {bar[0]}" if peer and bar else ""
            yield Figure(f"{clip.name[:26]} {how}: wrong of {of}", wrong, "", bar and bar[0], peer=said)
    yield from _erased(streams)


def _whole(model: WhisperRecogniser, voice: SileroVad, clip: Clip) -> str:
    """As ``browline transcribe`` does it."""
    transcriber = Transcriber(model, Segmenter(voice.another(), CUTTING), language=clip.language)
    return " ".join(segment.text for segment in transcriber.transcribe([clip.samples]))


def _erased(streams: Sequence[Stream]) -> Iterator[Figure]:
    shown, erased = sum(s.shown for s in streams), sum(s.erased for s in streams)
    yield Figure("characters shown that vanished again, share", erased / max(1, shown), "", 0.15)
    yield Figure("committed characters that vanished", sum(s.taken_back for s in streams), "", 0)
