"""A checkpoint from the Hugging Face hub, by its name: what a build needs of it, verified, resumed, kept.

``GET /api/models/REPO/revision/REV?blobs=true`` lists a repository's files with their sizes, the SHA-256 of large
ones and the git hash of small ones (huggingface.co/docs/hub/api). ``HF_ENDPOINT`` names another server, as for the
hub's own tools. No login is sent.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path

import msgspec

from models.base import FetchError
from models.fetch_http import Progress, Request, Sleep, fetch, read

ENDPOINT = "https://huggingface.co"
NAMED = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*(@[\w.-]+)?")
LARGEST_LISTING = 8 << 20
TEXTS = (
    "config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "chat_template.jinja",
    "chat_template.json",
    "generation_config.json",
    "preprocessor_config.json",
    "video_preprocessor_config.json",
    "processor_config.json",
    "model.safetensors.index.json",
)


class Large(msgspec.Struct, frozen=True):
    """What git LFS says of a file."""

    sha256: str


class File(msgspec.Struct, frozen=True, rename={"name": "rfilename", "git": "blobId"}):
    """One file of a repository."""

    name: str
    git: str = ""
    size: int = 0
    lfs: Large | None = None

    @property
    def wanted(self) -> bool:
        """Whether a build reads it; nothing in a folder, nothing of another framework."""
        return self.name in TEXTS or bool(re.fullmatch(r"[\w.-]+\.safetensors", self.name))


class Listing(msgspec.Struct, frozen=True):
    """A repository at one revision."""

    sha: str
    siblings: tuple[File, ...]


def is_named(text: str) -> bool:
    """Whether this is a hub name, ``OWNER/MODEL`` or ``OWNER/MODEL@REVISION``, and no path of this machine."""
    return bool(NAMED.fullmatch(text)) and not Path(text).exists()


def pull(name: str, cache: Path, environ: Mapping[str, str], sleep: Sleep, progress: Progress) -> Path:
    """The folder of the checkpoint ``name``, fetched as far as it is not here. Raises FetchError, OSError."""
    repository, _, revision = name.partition("@")
    base = environ.get("HF_ENDPOINT", ENDPOINT).rstrip("/")
    listing = _list(f"{base}/api/models/{repository}/revision/{revision or 'main'}?blobs=true", name, sleep)
    files = [file for file in listing.siblings if file.wanted]
    if not any(file.name.endswith(".safetensors") for file in files):
        raise FetchError(f"{name} has no safetensors: take another repository of the model")
    folder = cache / "hub" / repository.replace("/", "--") / listing.sha
    folder.mkdir(parents=True, exist_ok=True)
    for file in files:
        url = f"{base}/{repository}/resolve/{listing.sha}/{file.name}"
        try:
            _ensure(file, url, folder / file.name, sleep, progress)
        except FetchError as error:
            raise FetchError(f"{name}: {file.name}: {error}") from error
    return folder


def _list(url: str, name: str, sleep: Sleep) -> Listing:
    try:
        listing = msgspec.json.decode(read(url, LARGEST_LISTING, sleep), type=Listing)
    except FetchError as error:
        raise FetchError(
            f"{name}: {error}; check the name, or download it by hand and build the folder"
        ) from error
    except msgspec.DecodeError as error:
        raise FetchError(f"{name}: the hub's answer makes no sense: {error}") from error
    if not re.fullmatch(r"[0-9a-f]{7,64}", listing.sha):
        raise FetchError(f"{name}: the hub names no revision")
    return listing


def _ensure(file: File, url: str, target: Path, sleep: Sleep, progress: Progress) -> None:
    if target.is_file() and target.stat().st_size == file.size:
        return  # it was verified before it got this name
    part = target.with_name(target.name + ".part")
    if file.size:
        fetch(Request(url, part, file.size), sleep, progress)
    else:
        part.touch()
    if not _is(file, part):
        part.unlink()
        raise FetchError("it is not the file that the hub lists: try again")
    part.rename(target)
    part.with_name(part.name + ".from").unlink(missing_ok=True)


def _is(file: File, path: Path) -> bool:
    with path.open("rb") as opened:
        if file.lfs is not None:
            return hashlib.file_digest(opened, "sha256").hexdigest() == file.lfs.sha256
        # git's name of a file's content: gitformat-objects
        content = opened.read()
        return hashlib.sha1(b"blob %d\0%b" % (len(content), content)).hexdigest() == file.git
