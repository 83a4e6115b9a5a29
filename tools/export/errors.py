"""What can be wrong with a checkpoint or a build.

Errors::

    ExportError (ModelError)
    ├── CheckpointError (ValueError)  a file is damaged, lies about itself or lacks something
    └── FamilyError (ValueError)      the architecture, or an option of it, is not one we can build
"""

from __future__ import annotations

from models.base import ModelError


class ExportError(ModelError):
    """Root of the builder's errors; the message says what to do next."""


class CheckpointError(ExportError, ValueError):
    """A checkpoint's file is damaged, lies about itself or lacks something."""


class FamilyError(ExportError, ValueError):
    """The architecture, or an option of it, is not one that can be built."""
