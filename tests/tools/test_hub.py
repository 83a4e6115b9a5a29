"""Checkpoints by name, from a hub on loopback that behaves, and from some that do not."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from models.base import FetchError
from models.qwen_vl.folder import ModelFolder
from tests.models.web import Handler, cut, serving, whole
from tests.models.web import status as web_status
from tools import hub
from tools.bench import tiny_qwen
from tools.cli import main

SHA = "0123456789abcdef0123456789abcdef01234567"
NEWER = SHA[::-1]


class Hub:
    """A repository on loopback; ``broken`` maps a file's name to what answers for it instead."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.paths: list[str] = []
        self.logins: list[str] = []
        self.broken: dict[str, Callable[[Handler], None]] = {}
        self.listing: dict[str, Any] = {"sha": SHA, "siblings": [*map(self._about, sorted(folder.iterdir()))]}

    def _about(self, path: Path) -> dict[str, Any]:
        data = path.read_bytes()
        about: dict[str, Any] = {"rfilename": path.name, "size": len(data)}
        about["blobId"] = hashlib.sha1(b"blob %d\0%b" % (len(data), data)).hexdigest()
        if path.suffix == ".safetensors":
            about["lfs"] = {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data), "pointerSize": 130}
        return about

    def __call__(self, handler: Handler) -> None:
        path = handler.path.partition("?")[0]
        self.paths.append(path)
        self.logins.append(handler.headers.get("Authorization", ""))
        name = path.rpartition("/")[2]
        if name in self.broken:
            self.broken[name](handler)
        elif path.startswith("/api/"):
            send(handler, json.dumps(self.listing).encode())
        else:
            assert path == f"/owner/tiny/resolve/{SHA}/{name}"
            send(handler, (self.folder / name).read_bytes())


def send(handler: Handler, data: bytes, status: int = 200, **headers: str) -> None:
    handler.send_response(status)
    for key, value in headers.items():
        handler.send_header(key.replace("_", "-"), value)
    handler.send_header("Content-Length", str(len(data)))
    handler.end_headers()
    handler.wfile.write(data)


@pytest.fixture
def there(tmp_path: Path) -> Iterator[tuple[Hub, dict[str, str]]]:
    folder = tiny_qwen.draw("qwen3", 2, tmp_path / "there")
    (folder / "pytorch_model.bin").write_bytes(b"not wanted")
    repository = Hub(folder)
    with serving(repository) as web:
        yield repository, {"HF_ENDPOINT": web.url.removesuffix("/model.bin")}


def ask(environ: dict[str, str], cache: Path) -> hub.Hub:
    return hub.Hub(cache, environ, lambda _: None, lambda _done, _total: None)


def pull(environ: dict[str, str], cache: Path, name: str = "owner/tiny") -> Path:
    return ask(environ, cache).pull(name).folder


def test_what_a_build_needs_is_fetched_once(there: tuple[Hub, dict[str, str]], tmp_path: Path) -> None:
    repository, environ = there
    folder = pull(environ, tmp_path)
    assert folder == tmp_path / "hub" / "owner--tiny" / SHA
    wanted = {path.name for path in repository.folder.iterdir()} - {"pytorch_model.bin"}
    assert {path.name for path in folder.iterdir()} == wanted
    assert all((folder / name).read_bytes() == (repository.folder / name).read_bytes() for name in wanted)
    count = len(repository.paths)
    assert pull(environ, tmp_path) == folder
    assert len(repository.paths) == count + 1  # the listing


def test_a_revision_is_asked_for_by_name(there: tuple[Hub, dict[str, str]], tmp_path: Path) -> None:
    repository, environ = there
    pull(environ, tmp_path, "owner/tiny@v1.5")
    assert repository.paths[0] == "/api/models/owner/tiny/revision/v1.5"


def test_a_commit_that_is_here_whole_needs_no_network(
    there: tuple[Hub, dict[str, str]], tmp_path: Path
) -> None:
    repository, environ = there
    pulled = ask(environ, tmp_path).pull("owner/tiny")
    assert pulled.name == f"owner/tiny@{SHA}"
    count = len(repository.paths)
    assert ask(environ, tmp_path).pull(pulled.name) == pulled
    assert len(repository.paths) == count
    (pulled.folder / "model.safetensors").unlink()
    assert ask(environ, tmp_path).pull(pulled.name) == pulled
    assert repository.paths[count:] == [
        f"/api/models/owner/tiny/revision/{SHA}",
        f"/owner/tiny/resolve/{SHA}/model.safetensors",
    ]


@pytest.mark.parametrize(
    ("card", "licence"),
    [
        ({"license": "apache-2.0"}, "apache-2.0"),
        ({"license": "other", "license_name": "qwen-research"}, "qwen-research"),
        ({"license": ["a", "b"]}, ""),
        (None, ""),
    ],
)
def test_the_licence_is_what_the_card_says(
    there: tuple[Hub, dict[str, str]], tmp_path: Path, card: dict[str, Any] | None, licence: str
) -> None:
    repository, environ = there
    repository.listing["cardData"] = card
    assert ask(environ, tmp_path).pull("owner/tiny").licence == licence


def test_a_token_logs_in_and_is_not_sent_where_the_files_really_lie(
    there: tuple[Hub, dict[str, str]], tmp_path: Path
) -> None:
    repository, environ = there
    weights = (repository.folder / "model.safetensors").read_bytes()
    with serving(lambda handler: send(handler, weights)) as storage:
        repository.broken["model.safetensors"] = lambda h: send(h, b"", 302, Location=storage.url)
        pull(environ | {"HF_TOKEN": "secret"}, tmp_path)
    assert set(repository.logins) == {"Bearer secret"}
    assert all("Authorization" not in asked for asked in storage.asked)


def test_without_a_token_nobody_is_logged_in(there: tuple[Hub, dict[str, str]], tmp_path: Path) -> None:
    repository, environ = there
    pull(environ, tmp_path)
    assert set(repository.logins) == {""}


@pytest.mark.parametrize("where", ["main", "model.safetensors"])
@pytest.mark.parametrize(
    ("status", "token", "advice"),
    [
        (
            401,
            "",
            "check the name; if the model is gated, accept its licence at http://.*/owner/tiny and set HF_TOK",
        ),
        (403, "", "accept its licence at http://.*/owner/tiny and set HF_TOKEN"),
        (401, "old", "HF_TOKEN is not good for it: make another at http://.*/settings/tokens"),
        (403, "good", "accept its licence at http://.*/owner/tiny with the account that HF_TOKEN belongs to"),
    ],
)
def test_a_gated_model_says_how_to_be_let_in(
    there: tuple[Hub, dict[str, str]], tmp_path: Path, where: str, status: int, token: str, advice: str
) -> None:
    repository, environ = there
    repository.broken[where] = lambda handler: send(handler, b"", status)
    with pytest.raises(FetchError, match=advice) as caught:
        pull(environ | {"HF_TOKEN": token}, tmp_path)
    assert not token or token not in str(caught.value)


def test_a_cut_in_the_middle_is_resumed_and_a_busy_hub_is_waited_for(
    there: tuple[Hub, dict[str, str]], tmp_path: Path
) -> None:
    repository, environ = there
    weights = (repository.folder / "model.safetensors").read_bytes()
    answers = iter([cut(weights, 1000), web_status(429, Retry_After="3"), whole(weights)])
    repository.broken["model.safetensors"] = lambda handler: next(answers)(handler)
    waited: list[float] = []
    folder = hub.Hub(tmp_path, environ, waited.append, lambda _done, _total: None).pull("owner/tiny").folder
    assert (folder / "model.safetensors").read_bytes() == weights
    assert waited == [1.0, 3.0]


def test_what_broke_off_goes_on_in_a_later_run_unless_it_has_changed(
    there: tuple[Hub, dict[str, str]], tmp_path: Path
) -> None:
    repository, environ = there
    weights = (repository.folder / "model.safetensors").read_bytes()
    repository.broken["model.safetensors"] = cut(weights[::-1], 1000)
    with pytest.raises(FetchError, match="cut at 1000"):
        pull(environ, tmp_path)
    repository.broken["model.safetensors"] = whole(weights, '"v2"')
    assert (pull(environ, tmp_path) / "model.safetensors").read_bytes() == weights


def test_one_command_from_a_name_to_a_model(
    there: tuple[Hub, dict[str, str]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    repository, environ = there
    monkeypatch.setenv("HF_ENDPOINT", environ["HF_ENDPOINT"])
    monkeypatch.setenv("BROWLINE_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    repository.listing["cardData"] = {"license": "apache-2.0"}
    assert main(["models", "build", "owner/tiny"]) == 0
    told = capsys.readouterr()
    assert told.out.startswith("tiny-int8 ")
    assert f"from owner/tiny@{SHA[:8]} " in told.out
    assert "boards that hold it: jetson_orin_nano, " in told.err
    about = ModelFolder(tmp_path / "cache" / "built" / "tiny-int8").about
    assert (about.source, about.licence) == (f"owner/tiny@{SHA}", "apache-2.0")
    assert main(["ask", "tiny-int8", "hello", "--limit", "2"]) == 0

    repository.listing["sha"] = NEWER  # the branch has moved on
    capsys.readouterr()
    assert main(["models", "build", "owner/tiny", "--quant", "int4"]) == 0
    assert f"fetching owner/tiny@{SHA}, as built before" in capsys.readouterr().err
    about = ModelFolder(tmp_path / "cache" / "built" / "tiny-int4").about
    assert about.source == f"owner/tiny@{SHA}"


def test_the_newest_is_built_when_it_is_asked_for() -> None:
    sources = ["owner/tiny2@" + NEWER, f"owner/tiny@{SHA} + my-adapter"]
    assert hub.pinned("owner/tiny", sources) == f"owner/tiny@{SHA}"
    assert hub.pinned("owner/tiny@main", sources) == "owner/tiny@main"
    assert hub.pinned("owner/other", sources) == "owner/other"


@pytest.mark.parametrize(
    ("name", "answer", "message"),
    [
        ("main", lambda h: send(h, b"", 404), "HTTP 404: it has no such file; check the name"),
        ("main", lambda h: send(h, b"", 401), "HTTP 401: it wants a login"),
        ("main", lambda h: send(h, b"", 429, Retry_After="3600"), "asks to wait 3600 s"),
        ("main", lambda h: send(h, b"<html>"), "makes no sense"),
        ("main", lambda h: send(h, b'{"sha": "../..", "siblings": []}'), "names no revision|no safetensors"),
        ("config.json", lambda h: send(h, b"{}"), "config.json: the connection was cut"),
        ("model.safetensors", lambda h: send(h, b"", 403), "model.safetensors: HTTP 403"),
    ],
)
def test_what_goes_wrong_is_named(
    there: tuple[Hub, dict[str, str]],
    tmp_path: Path,
    name: str,
    answer: Callable[[Handler], None],
    message: str,
) -> None:
    repository, environ = there
    repository.broken[name] = answer
    with pytest.raises(FetchError, match=message):
        pull(environ, tmp_path)


@pytest.mark.parametrize("name", ["config.json", "model.safetensors"])
def test_a_file_with_other_content_is_not_taken(
    there: tuple[Hub, dict[str, str]], tmp_path: Path, name: str
) -> None:
    repository, environ = there
    other = bytes((repository.folder / name).stat().st_size)
    repository.broken[name] = lambda handler: send(handler, other)
    with pytest.raises(FetchError, match="not the file that the hub lists"):
        pull(environ, tmp_path)
    del repository.broken[name]
    assert (pull(environ, tmp_path) / name).read_bytes() == (repository.folder / name).read_bytes()


def test_a_repository_without_safetensors_is_refused(
    there: tuple[Hub, dict[str, str]], tmp_path: Path
) -> None:
    repository, environ = there
    siblings = repository.listing["siblings"]
    repository.listing["siblings"] = [
        file for file in siblings if not file["rfilename"].endswith(".safetensors")
    ]
    with pytest.raises(FetchError, match="no safetensors"):
        pull(environ, tmp_path)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("Qwen/Qwen3-0.6B", True),
        ("a/b@main", True),
        ("a", False),
        ("/a/b", False),
        ("../a", False),
        ("a/b/c", False),
    ],
)
def test_a_name_of_the_hub_is_told_from_a_path(text: str, named: bool) -> None:
    assert hub.is_named(text) == named


def test_a_folder_that_is_here_is_a_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    assert not hub.is_named("a/b")
