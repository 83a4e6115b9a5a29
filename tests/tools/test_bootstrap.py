from __future__ import annotations

from pathlib import Path

from tools import bootstrap


def test_the_cache_is_where_the_environment_says() -> None:
    assert bootstrap.cache_folder({"BROWLINE_CACHE": "/a"}) == Path("/a")
    assert bootstrap.cache_folder({"XDG_CACHE_HOME": "/b", "HOME": "/h"}) == Path("/b/browline")
    assert bootstrap.cache_folder({"HOME": "/h"}) == Path("/h/.cache/browline")


def test_another_lock_wants_other_wheels(tmp_path: Path) -> None:
    first, second = tmp_path / "a.lock", tmp_path / "b.lock"
    first.write_text("numpy==1\n", encoding="utf-8")
    second.write_text("numpy==2\n", encoding="utf-8")
    assert bootstrap.fingerprint(first) == bootstrap.fingerprint(first)
    assert bootstrap.fingerprint(first) != bootstrap.fingerprint(second)


def test_every_locked_package_has_a_hash() -> None:
    for name in ("requirements.lock", "requirements-dev.lock"):
        text = (bootstrap.ROOT / name).read_text(encoding="utf-8").replace("\\\n", " ")
        packages = [line for line in text.splitlines() if line and not line.startswith(("#", " "))]
        assert packages
        assert all("--hash=sha256:" in line for line in packages)
        assert "://" not in text, "a lock file names no server"
