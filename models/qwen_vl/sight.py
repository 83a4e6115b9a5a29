"""Pictures and clips put where the chat template made room for them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from models.qwen_vl import clips
from models.qwen_vl.clips import Clip
from models.qwen_vl.folder import Description
from models.qwen_vl.prompt import Prompt, PromptError, Shown, mixed_prompt
from models.qwen_vl.shape import ClipShape, VisionShape
from models.qwen_vl.turns import View
from models.qwen_vl.vision import Encoder
from models.qwen_vl.words import Words


class Sight:
    """What a model sees with; ``encoder`` stays its owner's."""

    def __init__(self, about: Description, shape: VisionShape, encoder: Encoder, words: Words) -> None:
        self._about, self._shape, self._encoder, self._words = about, shape, encoder, words

    def prompt(self, tokens: Sequence[int], views: Sequence[View], most: int | None) -> Prompt:
        """``tokens``, in which one stands for each of ``views``, in order.

        Raises PictureError, PromptError, BackendError, ManifestError.
        """
        self._check(tokens, views)
        left = iter(views)
        parts: list[int | Shown] = []
        for token in tokens:
            parts += [token] if self._kind(token) is None else self._shown(next(left), most)
        return mixed_prompt(parts)

    def _kind(self, token: int) -> str | None:
        """What a token stands for."""
        if token == self._shape.token:
            return "picture"
        return "clip" if self._shape.clips and token == self._shape.clips.token else None

    def _check(self, tokens: Sequence[int], views: Sequence[View]) -> None:
        given = ["clip" if isinstance(view.picture, Clip) else "picture" for view in views]
        if "clip" in given and self._shape.clips is None:
            raise PromptError(f"{self._about.name} was built before clips could be looked at: build it again")
        if (room := [kind for token in tokens if (kind := self._kind(token))]) != given:
            raise PromptError(
                f"the chat template made room for {_counted(room)} to be seen, there are {_counted(given)}"
            )

    def _shown(self, view: View, most: int | None) -> Iterator[int | Shown]:
        if not isinstance(view.picture, Clip):
            yield Shown((self._encoder.encode(view.picture, view.limit(most)),))
            return
        assert self._shape.clips is not None  # was checked
        yield from self._played(view.picture, self._shape.clips, view.limit(most))

    def _played(self, clip: Clip, how: ClipShape, most: int | None) -> Iterator[int | Shown]:
        slots, room = clips.features(clip, self._shape, how, most), self._about.text.context
        if slots >= room:  # before minutes are spent on it
            raise PromptError(
                f"the clip makes {slots} features, the model reads {room}: give it fewer frames or pixels"
            )
        groups = clips.groups(clip, self._shape, how, most)
        times = clips.times(len(groups), clip.fps, self._shape, how)
        if not how.stamped:
            yield Shown(self._encoder.encode_clip(groups, list(enumerate(times))), times)
            return
        first, last = (self._special(f"<|vision_{end}|>") for end in ("start", "end"))
        seen = self._encoder.encode_clip(groups, [()] * len(groups))
        stamps = clips.stamps(len(clip.frames), clip.fps, self._shape.frames)
        for stamp, group in zip(stamps, seen, strict=True):
            yield from self._words.encode(stamp)
            yield first
            yield Shown((group,))
            yield last

    def _special(self, word: str) -> int:
        found = self._words.id(word)
        if found is None:
            raise PromptError(f"{self._about.name}: its tokenizer has no {word}, so it can't be shown clips")
        return found


def _counted(kinds: Sequence[str]) -> str:
    """
    >>> _counted(["picture", "clip", "clip"])
    '3 (picture, clip, clip)'
    """
    return f"{len(kinds)} ({', '.join(kinds)})" if kinds else "none"
