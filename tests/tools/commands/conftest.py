"""Real models and recordings are looked for as the models' own tests do."""

from tests.models.conftest import fixtures, model_files, whisper_base

__all__ = ["fixtures", "model_files", "whisper_base"]
