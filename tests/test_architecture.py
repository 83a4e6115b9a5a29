"""The shape of the house: who may import whom, who owns which name, what stands at the root."""

from __future__ import annotations

import ast
import subprocess
import sys
from importlib.metadata import distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
CODE = ("boards", "drivers", "models", "runtime", "tools")
FILES = [path for folder in CODE for path in sorted((ROOT / folder).rglob("*.py"))]


def test_imports_go_one_way() -> None:
    done = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_no_other_distribution_owns_one_of_our_names() -> None:
    owners = {
        (dist.name, file.parts[0])
        for dist in distributions()
        for file in dist.files or ()
        if file.parts[0] in CODE and dist.name != "browline"
    }
    assert not owners


def test_the_root_holds_what_the_design_names() -> None:
    allowed = {
        *CODE,
        "tests",
        "run",
        "LICENSE",
        "pyproject.toml",
        "requirements.lock",
        "requirements-dev.lock",
    }
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    top = {line.split("/")[0] for line in tracked.splitlines()}
    extra = {name for name in top - allowed if not name.startswith(".") and not name.endswith(".md")}
    assert not extra


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_is_small_and_keeps_to_the_clock(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) < 400
    if path.relative_to(ROOT).as_posix() not in MAY_TELL_TIME and "tools" not in path.parts:
        assert not _tells_time(ast.parse(text)), "pass a Clock in"


# The clock itself, and places that hand real time to a library that asks for it.
MAY_TELL_TIME = {"runtime/core/clock.py"}


def _tells_time(tree: ast.Module) -> bool:
    def forbidden(node: ast.AST) -> bool:
        match node:
            case ast.Attribute(value=ast.Name(id="time"), attr=name):
                return name in {"time", "monotonic", "monotonic_ns", "time_ns", "perf_counter", "sleep"}
            case ast.Attribute(value=ast.Name(id="asyncio"), attr="sleep"):
                return True
        return False

    return any(forbidden(node) for node in ast.walk(tree))
