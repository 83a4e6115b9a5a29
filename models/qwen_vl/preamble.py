"""Where a conversation's preamble ends: the system prompt and the tools, up to the first user's own words.

Every template writes it in another way. What two renderings with different questions begin with alike can hold
nothing of either question, and so nothing of what the wearer said.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import takewhile
from typing import Any

from models.base import ManifestError
from models.qwen_vl.prefix import common
from models.qwen_vl.template import Template
from models.qwen_vl.turns import told
from models.qwen_vl.words import Words

ROLES = ("system", "developer")
QUESTIONS = ("a", "βγ")  # they have neither a letter nor a byte nor their length in common


def preamble(
    template: Template,
    words: Words,
    messages: Sequence[Mapping[str, Any]],
    tools: Sequence[Mapping[str, Any]] | None,
    items: Sequence[int],
) -> int:
    """How many of a prompt's ``items`` are the preamble of its ``messages``; 0 where the template does not tell."""
    begin = list(takewhile(lambda message: message.get("role") in ROLES, messages))
    turns = [told([*begin, {"role": "user", "content": question}]) for question in QUESTIONS]
    try:
        texts = [template.render(turn.messages, tools=tools) for turn in turns]
    except ManifestError:  # it wants more than one question to speak at all
        return 0
    alike = texts[0][: common(*texts)]
    return common(words.encode(alike, turns[0].words[:-1]), items)
