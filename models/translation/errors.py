"""What can go wrong in a translator.

Errors::

    ModelError
    └── TranslationError   this translator can't do that: the message says what can
"""

from __future__ import annotations

from models.base import ModelError


class TranslationError(ModelError):
    """The translator can't put this into that language."""
