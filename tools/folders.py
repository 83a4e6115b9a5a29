"""Where the glasses keep what the wearer made, and where caches go."""

from __future__ import annotations

import os
from pathlib import Path

from runtime.features.snap.catalogue import Catalogue


def data_folder(chosen: Path | None = None) -> Path:
    """``chosen``, else ``$BROWLINE_DATA``, else ``browline`` in the user's data folder; made when missing."""
    home = Path(os.environ.get("HOME", "/root"))
    base = Path(os.environ.get("XDG_DATA_HOME") or home / ".local" / "share")
    folder = chosen or Path(os.environ.get("BROWLINE_DATA") or base / "browline")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def open_catalogue(chosen: Path | None = None) -> Catalogue:
    """The product catalogue in the data folder; an empty one is made. Raises CatalogueError."""
    return Catalogue(data_folder(chosen) / "catalogue.db", create=True)
