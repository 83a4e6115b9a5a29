from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.base import ConfigError
from drivers.sim.faults import KINDS, Faults
from drivers.sim.motion import G, Head
from drivers.sim.scenario import FOLDER, Scenario, from_photos, load_scenario
from drivers.sim.world import World
from runtime.core.clock import VirtualClock

HEAD = 'name = "t"\nends_s = 5\n'


def put(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "s.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_every_committed_scenario_loads_and_finds_its_pictures() -> None:
    for path in FOLDER.glob("*.toml"):
        scenario = load_scenario(path)
        assert scenario.pictures
        for picture in scenario.pictures:
            assert scenario.path(picture.file).is_file()


def test_steps_are_put_in_order(tmp_path: Path) -> None:
    path = put(tmp_path, HEAD + '[[steps]]\nat = 3\nkey = "touch"\n[[steps]]\nat = 1\nlook = [10, 0]\n')
    assert [step.at for step in load_scenario(path).steps] == [1, 3]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[", "s.toml"),
        (HEAD + "wind = 3\n", "wind"),
        (HEAD + "charge = 1.5\n", r"\$\.charge"),
        (HEAD + "[[steps]]\nat = -1\n", r"steps\[0\]\.at"),
        (HEAD + '[[steps]]\nat = 1\naction = "kick"\n', "action"),
        (HEAD + "repeat_s = 2\n[[steps]]\nat = 3\n", "repeat_s: must be later than the last step at 3 s"),
    ],
)
def test_a_broken_scenario_names_file_and_key(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        load_scenario(put(tmp_path, text))


@given(st.binary(max_size=80))
def test_any_bytes_as_a_scenario(data: bytes) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "s.toml"
        path.write_bytes(data)
        try:
            load_scenario(path)
        except ConfigError as error:
            assert str(path) in str(error)


def test_photos_stand_side_by_side_and_an_empty_folder_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no photo there"):
        from_photos(tmp_path)
    for name in ("b.png", "a.jpg", "notes.txt"):
        (tmp_path / name).touch()
    assert [(p.file, p.yaw) for p in from_photos(tmp_path).pictures] == [("a.jpg", 0.0), ("b.png", -30.0)]


def test_the_last_of_many_photos_can_be_looked_at(tmp_path: Path) -> None:
    for i in range(12):
        (tmp_path / f"{i:02}.jpg").touch()
    clock = VirtualClock()
    shades = {f"{i:02}.jpg": np.full((48, 64, 3), 10 * i + 10, np.uint8) for i in range(12)}
    world = World(clock, from_photos(tmp_path), lambda path: shades[path.name])
    for _ in range(22):
        world.turn(-15, 0)
        clock.advance(1.0)
    assert np.median(world.picture(clock.now_ns(), 64, 48)) == pytest.approx(120, abs=2)


def test_an_ideal_imu_in_the_turning_head_agrees_with_where_it_points() -> None:
    head = Head()
    head.turn(1.0, 50.0, 20.0, 0.8)
    t_ns = np.arange(0, 3_000_000_000, 1_000_000, dtype=np.int64)
    motion = head.motion(t_ns)
    yaw, pitch, _, _ = head.angles(t_ns[-1:])
    assert [float(yaw[0]), float(pitch[0])] == pytest.approx([50, 20], abs=0.3)
    w, x, y, z = motion.quaternion[-1]
    assert math.degrees(math.atan2(2 * (w * z + x * y), 1 - 2 * (y * y + z * z))) == pytest.approx(
        float(yaw[0])
    )
    assert np.linalg.norm(motion.accel, axis=1) == pytest.approx(np.full(len(t_ns), G), rel=1e-6)
    assert np.degrees(motion.gyro[:, 1].sum()) / 1000 == pytest.approx(-20, abs=0.4)


def test_keys_come_once_in_their_order() -> None:
    clock = VirtualClock()
    nothing: Any = None
    world = World(clock, Scenario(name="t", ends_s=0), nothing)
    world.press("shutter")
    clock.advance(0.1)
    world.press("touch", "tap")
    clock.advance(0.1)
    events = world.keys_between(-1, clock.now_ns())
    assert [(event.key, event.action) for event in events] == [("shutter", "press"), ("touch", "tap")]
    assert world.keys_between(clock.now_ns(), clock.now_ns() + 10**9) == []


def test_a_picture_that_is_missing_names_its_file(tmp_path: Path) -> None:
    from drivers.camera.decode import load_picture

    path = put(tmp_path, HEAD + '[[pictures]]\nfile = "gone.jpg"\n')
    world = World(VirtualClock(), load_scenario(path), load_picture)
    with pytest.raises(Exception, match=r"gone\.jpg"):
        world.picture(0, 64, 48)


def test_faults_are_named_kept_and_mended() -> None:
    faults = Faults()
    faults.set("imu", "nak", 0.5)
    assert faults.active("imu") == {"nak": 0.5}
    assert 350 < sum(faults.strikes("imu", "nak") for _ in range(1000)) < 650
    assert not faults.strikes("camera", "unplug")
    faults.set("imu", "brownout")
    assert faults.once("imu", "brownout")
    assert not faults.once("imu", "brownout"), "a brown-out passes"
    faults.clear("imu")
    assert faults.active("imu") == {}


@given(st.text(max_size=8), st.text(max_size=8), st.floats())
def test_any_fault_is_taken_or_refused_with_what_there_is(part: str, kind: str, amount: float) -> None:
    for a, b in ((part, kind), ("imu", kind), ("imu", "nak")):
        faults = Faults()
        try:
            faults.set(a, b, amount)
            assert 0 < amount <= 1
            assert b in KINDS[a]
        except ConfigError as error:
            assert "there are" in str(error) or "it can as" in str(error) or "probability" in str(error)


def test_the_same_seed_gives_the_same_faults() -> None:
    one, other = Faults(3), Faults(3)
    for faults in (one, other):
        faults.set("imu", "nak", 0.3)
    assert [one.strikes("imu", "nak") for _ in range(50)] == [other.strikes("imu", "nak") for _ in range(50)]
