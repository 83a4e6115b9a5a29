"""From frames to a result: pick the sharpest, read codes and text, find the fields.

The stages are plain functions; ``read_product`` runs them one after the other on files, the feature runs the
two readers side by side.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence

import msgspec

from models.base import ModelError, TextLine
from models.steps import finished
from runtime.features.snap.fields.extract import extract
from runtime.features.snap.quality import best_first, quality
from runtime.features.snap.result import (
    CodeReader,
    Expired,
    Image,
    LineReader,
    ProductCode,
    SnapResult,
    Ticking,
    Tracing,
    Trouble,
    milliseconds,
)

TEXT_LOADING = "Text is still loading: bar codes only"
CODES_LOADING = "The bar code reader is still loading"


class Tools(msgspec.Struct, frozen=True):
    """What a snap is read with; a reader that is not loaded yet is None."""

    codes: CodeReader | None
    text: LineReader | None
    clock: Ticking
    tracer: Tracing


class Part(msgspec.Struct, frozen=True):
    """What one reader gave: codes or lines, the time it took, and what went wrong."""

    codes: tuple[ProductCode, ...] = ()
    lines: tuple[TextLine, ...] = ()
    ms: dict[str, float] = {}
    troubles: tuple[Trouble, ...] = ()


def pick(images: Sequence[Image], tools: Tools, trace_id: int = 0) -> tuple[list[Image], Part]:
    """The frames worth reading, sharpest first."""
    start = tools.clock.now_ns()
    with tools.tracer.span("snap.pick", trace_id):
        best = best_first(images)
    return best, Part(ms={"pick": milliseconds(start, tools.clock.now_ns())})


def read_codes(best: Sequence[Image], tools: Tools, expired: Expired, trace_id: int = 0) -> Part:
    """Product codes in the best frames."""
    if tools.codes is None:
        return Part(troubles=(Trouble("codes", CODES_LOADING),))
    start = tools.clock.now_ns()
    troubles: tuple[Trouble, ...] = ()
    codes: tuple[ProductCode, ...] = ()
    with tools.tracer.span("snap.codes", trace_id):
        try:
            codes = tuple(tools.codes.read(best, expired=expired))
        except ModelError as error:
            troubles = (Trouble("codes", f"Bar codes failed: {error}"),)
    return Part(codes=codes, troubles=troubles, ms={"codes": milliseconds(start, tools.clock.now_ns())})


def read_text(best: Sequence[Image], tools: Tools, trace_id: int = 0) -> Generator[None, None, Part]:
    """The lines of the sharpest frame; yields between steps, so that a caption need not wait for all of it."""
    if tools.text is None:
        return Part(troubles=(Trouble("text", TEXT_LOADING),))
    start = tools.clock.now_ns()
    troubles: tuple[Trouble, ...] = ()
    lines: tuple[TextLine, ...] = ()
    try:
        lines = tuple((yield from tools.text.steps(best[0])))
    except ModelError as error:
        troubles = (Trouble("text", f"Text failed: {error}"),)
    end = tools.clock.now_ns()
    tools.tracer.mark("snap.text", start, end, trace_id)
    return Part(lines=lines, troubles=troubles, ms={"text": milliseconds(start, end)})


def finish(best: Sequence[Image], parts: Sequence[Part], tools: Tools, trace_id: int = 0) -> SnapResult:
    """Put the parts together and find the fields; an empty result says what the wearer can do."""
    start = tools.clock.now_ns()
    with tools.tracer.span("snap.fields", trace_id):
        lines = tuple(line for part in parts for line in part.lines)
        fields = extract(lines)
    result = SnapResult(
        codes=tuple(code for part in parts for code in part.codes),
        fields=fields,
        lines=lines,
        ms={name: ms for part in parts for name, ms in part.ms.items()}
        | {"fields": milliseconds(start, tools.clock.now_ns())},
        troubles=tuple(trouble for part in parts for trouble in part.troubles),
    )
    if result.empty and best:
        hint = quality(best[0]).hint or "Nothing to read here: move closer to the label"
        result = msgspec.structs.replace(result, troubles=(*result.troubles, Trouble("picture", hint)))
    return result


def read_product(images: Sequence[Image], tools: Tools, expired: Expired) -> SnapResult:
    """Read pictures (uint8[H, W, 3] BGR) of one product, one stage after the other.

    A reader that fails is a trouble in the result, not an exception.
    """
    if not images:
        return SnapResult(troubles=(Trouble("camera", "No picture came: press again"),))
    start = tools.clock.now_ns()
    best, picked = pick(images, tools)
    parts = [picked, read_codes(best, tools, expired)]
    if expired():
        parts.append(Part(troubles=(Trouble("text", "No time was left for the text: press again"),)))
    else:
        parts.append(finished(read_text(best, tools)))
    result = finish(best, parts, tools)
    total = milliseconds(start, tools.clock.now_ns())
    return msgspec.structs.replace(result, ms={**result.ms, "total": total})
