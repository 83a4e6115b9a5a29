"""A model's chat template: messages → prompt, in a sandbox.

A template is somebody else's program: it runs in the sandbox of ``sandbox``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import jinja2
from jinja2.exceptions import SecurityError

from models.backends.ort import first_line
from models.base import ManifestError
from models.qwen_vl.sandbox import Sandbox
from models.qwen_vl.sandbox_cost import LARGEST

# What a model without a template gets: the form all Qwens were trained on (ChatML).
PLAIN = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


# What a template's own mistakes raise.
_ITS_OWN = (
    jinja2.TemplateError,
    TypeError,
    ValueError,
    LookupError,
    AttributeError,
    ArithmeticError,
    RecursionError,
    MemoryError,
)
WIDEST = 8  # spaces of an indent
LONGEST_FORM = 100
LARGEST_SOURCE = 1_000_000  # characters; published ones have a hundredth


class Template:
    """One template, compiled."""

    def __init__(self, source: str, today: date | None = None) -> None:
        """``today`` is what templates may ask for. Raises ManifestError."""
        self._today = today
        self._sandbox = Sandbox({"tojson": _to_json}, {"raise_exception": _refuse, "strftime_now": self._now})
        if len(source) > LARGEST_SOURCE:
            raise ManifestError(f"the model's chat template is longer than {LARGEST_SOURCE} characters")
        try:
            self._template = self._sandbox.from_string(source)
        except (*_ITS_OWN, SyntaxError) as error:
            raise ManifestError(f"the model's chat template is wrong: {first_line(error)}") from error

    def render(
        self,
        messages: Sequence[Mapping[str, Any]],
        *,
        tools: Sequence[Mapping[str, Any]] | None = None,
        thinking: bool = False,
    ) -> str:
        """The prompt, up to where the assistant speaks. Raises ManifestError."""
        self._sandbox.begin()
        parts: list[str] = []
        size = 0
        try:
            for part in self._template.generate(
                messages=[dict(message) for message in messages],
                tools=list(tools) if tools else None,
                add_generation_prompt=True,
                enable_thinking=thinking,
                add_vision_id=False,
            ):
                size += len(part)
                if size > LARGEST:
                    raise ManifestError(f"the model's chat template made more than {LARGEST} characters")
                parts.append(part)
        except SecurityError as error:
            raise ManifestError(f"the model's chat template tried to leave its sandbox: {error}") from error
        except ManifestError:
            raise
        except _ITS_OWN as error:
            raise ManifestError(
                f"the model's chat template can't take these messages: {first_line(error)}"
            ) from error
        return "".join(parts)

    def _now(self, form: str) -> str:
        if self._today is None:
            raise ManifestError("the model's chat template asks for the date, which is not known here")
        if len(form) > LONGEST_FORM:
            raise ManifestError("the model's chat template asks for a date in a form that is no form")
        return self._today.strftime(form)


def load_template(folder: Path) -> str:
    """The source out of a model's folder: its own file, an older form of it, or ChatML. Raises ManifestError."""
    try:
        own = folder / "chat_template.jinja"
        if own.is_file():
            return own.read_text("utf-8")
        for name in ("chat_template.json", "tokenizer_config.json"):
            if (folder / name).is_file():
                found = json.loads((folder / name).read_bytes()).get("chat_template")
                if isinstance(found, str):
                    return found
    except (OSError, ValueError, AttributeError, RecursionError) as error:
        raise ManifestError(f"{folder}: the chat template can't be read: {error}") from error
    return PLAIN


def _to_json(value: Any, indent: int | None = None) -> str:
    return json.dumps(value, ensure_ascii=False, indent=None if indent is None else min(indent, WIDEST))


def _refuse(message: str) -> None:
    raise jinja2.TemplateError(message)
