from __future__ import annotations

from hypothesis import settings

# The same examples on every machine; a slow one is no failure.
settings.register_profile("steady", deadline=None, derandomize=True)
settings.load_profile("steady")
