"""A checkpoint from the Hugging Face hub, by its name: what a build needs of it, verified, resumed, kept.

``GET /api/models/REPO/revision/REV?blobs=true`` lists a repository's files with their sizes, the SHA-256 of large
ones and the git hash of small ones (huggingface.co/docs/hub/api). ``HF_ENDPOINT`` names another server, as for the
hub's own tools; ``HF_TOKEN`` logs in there, for models whose licence has to be accepted first.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from models.base import FetchError, RefusedError
from models.fetch_http import Progress, Request, Sleep, fetch, read

ENDPOINT = "https://huggingface.co"
NAMED = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*(@[\w.-]+)?")
COMMIT = re.compile(r"[0-9a-f]{7,64}")
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
    """A repository at one revision; ``card`` is what its model card says of itself."""

    sha: str
    siblings: tuple[File, ...]
    card: dict[str, Any] | None = msgspec.field(default=None, name="cardData")

    @property
    def licence(self) -> str:
        """As the card names it; empty when it does not."""
        card = self.card or {}
        named = card.get("license_name") if card.get("license") in (None, "other") else card.get("license")
        return named if isinstance(named, str) else ""


class Pulled(msgspec.Struct, frozen=True):
    """A checkpoint that is here: its folder, ``OWNER/MODEL@COMMIT``, and the licence its card names."""

    folder: Path
    name: str
    licence: str


class Hub:
    """One hub, asked on behalf of one user; ``cache`` keeps what comes. ``environ`` is the process's."""

    def __init__(self, cache: Path, environ: Mapping[str, str], sleep: Sleep, progress: Progress) -> None:
        self._cache, self._sleep, self._progress = cache, sleep, progress
        self._base = environ.get("HF_ENDPOINT", ENDPOINT).rstrip("/")
        self._token = environ.get("HF_TOKEN", "").strip()

    def pull(self, name: str) -> Pulled:
        """The checkpoint ``name``, fetched as far as it is not here. Raises FetchError, OSError."""
        repository, _, revision = name.partition("@")
        place = self._cache / "hub" / repository.replace("/", "--")
        listing = _kept(place, revision)
        if listing is None:
            listing = self._list(repository, revision or "main", name)
            self._fetch(repository, listing, place / listing.sha)
            (place / f"{listing.sha}.json").write_bytes(msgspec.json.encode(listing))
        return Pulled(place / listing.sha, f"{repository}@{listing.sha}", listing.licence)

    def _list(self, repository: str, revision: str, name: str) -> Listing:
        url = f"{self._base}/api/models/{repository}/revision/{revision}?blobs=true"
        try:
            listing = msgspec.json.decode(read(url, LARGEST_LISTING, self._sleep, self._token), type=Listing)
        except RefusedError as error:
            raise FetchError(f"{name}: {error}; {self._advice(error.status, repository)}") from error
        except FetchError as error:
            raise FetchError(f"{name}: {error}; or download it by hand and build the folder") from error
        except msgspec.DecodeError as error:
            raise FetchError(f"{name}: the hub's answer makes no sense: {error}") from error
        if not COMMIT.fullmatch(listing.sha):
            raise FetchError(f"{name}: the hub names no revision")
        return listing

    def _fetch(self, repository: str, listing: Listing, folder: Path) -> None:
        files = [file for file in listing.siblings if file.wanted]
        if not any(file.name.endswith(".safetensors") for file in files):
            raise FetchError(f"{repository} has no safetensors: take another repository of the model")
        folder.mkdir(parents=True, exist_ok=True)
        for file in files:
            url = f"{self._base}/{repository}/resolve/{listing.sha}/{file.name}"
            target = folder / file.name
            request = Request(url, target.with_name(target.name + ".part"), file.size, self._token)
            try:
                _ensure(file, request, target, self._sleep, self._progress)
            except RefusedError as error:
                advice = self._advice(error.status, repository)
                raise FetchError(f"{repository}: {file.name}: {error}; {advice}") from error
            except FetchError as error:
                raise FetchError(f"{repository}: {file.name}: {error}") from error

    def _advice(self, status: int, repository: str) -> str:
        """What to do about a refusal; the hub says 401 of what is not there as well as of what is closed."""
        accept = f"accept its licence at {self._base}/{repository}"
        if status == 401 and self._token:
            return f"HF_TOKEN is not good for it: make another at {self._base}/settings/tokens"
        if status in (401, 403) and not self._token:
            return f"check the name; if the model is gated, {accept} and set HF_TOKEN to a token of yours"
        if status == 403:
            return f"{accept} with the account that HF_TOKEN belongs to"
        return "check the name, or download it by hand and build the folder"


def is_named(text: str) -> bool:
    """Whether this is a hub name, ``OWNER/MODEL`` or ``OWNER/MODEL@REVISION``, and no path of this machine."""
    return bool(NAMED.fullmatch(text)) and not Path(text).exists()


def pinned(name: str, sources: Iterable[str]) -> str:
    """``name`` at the commit that one of ``sources``, of models built before, came from; as it is when none did.

    A name with a revision is taken at its word: ``@main`` asks for the newest.
    """
    found = (re.match(rf"{re.escape(name)}@([0-9a-f]{{40}})\b", source) for source in sources)
    return next((match[0] for match in found if match), name)


def _kept(place: Path, revision: str) -> Listing | None:
    """The listing of a commit that is here whole; the hub need not be asked again."""
    if not COMMIT.fullmatch(revision):
        return None
    try:
        listing = msgspec.json.decode((place / f"{revision}.json").read_bytes(), type=Listing)
    except (OSError, msgspec.DecodeError):
        return None
    files = [place / revision / file.name for file in listing.siblings if file.wanted]
    return listing if all(file.is_file() for file in files) else None


def _ensure(file: File, request: Request, target: Path, sleep: Sleep, progress: Progress) -> None:
    if target.is_file() and target.stat().st_size == file.size:
        return  # it was verified before it got this name
    part = request.part
    if file.size:
        fetch(request, sleep, progress)
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
