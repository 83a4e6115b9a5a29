from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from boards import detect
from boards.load import FOLDER, BoardError, NoBoardError, check, load, merge, names, parse_setting
from drivers.base import ConfigError
from drivers.camera.decode import load_picture
from drivers.factory import BuildContext, build
from drivers.sim.world import World
from runtime.core.clock import VirtualClock
from tests.glasses.sim import STILL

BASE = 'name = "base"\nsummary = "a base"\n[buses.i2c-7]\ncompatible = "linux,i2c"\npath = "/dev/i2c-7"\n'


def put(folder: Path, name: str, text: str) -> None:
    (folder / name).mkdir()
    (folder / name / "board.toml").write_text(text, encoding="utf-8")


def why(folder: Path, name: str, *settings: str) -> str:
    with pytest.raises(BoardError) as caught:
        load(name, settings=settings, folder=folder)
    return str(caught.value)


def test_an_undeclared_bus_is_named_with_those_there_are(tmp_path: Path) -> None:
    put(tmp_path, "rock5b", BASE + '[imu]\ncompatible = "invensense,icm42688p"\nbus = "i2c-9"\n')
    said = "boards/rock5b/board.toml: imu.bus: i2c-9 is not declared; declared: i2c-7"
    assert why(tmp_path, "rock5b") == said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[imu]\nbuss = 1\n", "there is no key 'buss'; did you mean 'bus'?"),
        ("[camera]\ncompatible = 1\n", "camera.compatible: Expected `str`, got `int`"),
        ('[camera]\ncompatible = "x"\nfps = 0\n', "camera.fps: Expected `int` >= 1"),
        ('[imu]\ncompatible = "x"\nbus = "i2c-7"\naxes = "xyz"\n', "imu.axes: "),
        ('[display]\ncompatible = "x"\nsafe_area = [0, 0, 700, 100]\n', "does not fit 640×480"),
        ('[display]\ncompatible = "x"\nsafe_area = [0, -1, 70, 100]\n', "left, top, width, height"),
        ('[imu]\ncompatible = "x"\nbus = "i2c-7"\naxes = "+x+x+z"\n', "imu.axes: +x+x+z names an axis twice"),
        ('[imu]\ncompatible = "x"\nbus = "i2c-7"\naxes = "+y+x+z"\n', "imu.axes: +y+x+z is a mirror image"),
        ('[imu]\ncompatible = "x"\nbus = "i2c-7"\naddress = 0x78\n', "imu.address: Expected `int` <= 119"),
        (
            '[battery]\ncompatible = "x"\nbus = "i2c-7"\naddress = -1\n',
            "battery.address: Expected `int` >= 8",
        ),
        ('[buses."spi-0.0"]\npat = "x"\ncompatible = "x"\n', "buses.\"spi-0.0\": there is no key 'pat'; did"),
        ('[buses.i2c-8]\ncompatible = "x"\nhz = -1\n', "buses.i2c-8.hz: Expected `int` >= 0"),
        (
            '[keys]\ncompatible = "x"\nkeys.shutter.lin = "a"\n',
            "keys.keys.shutter: there is no key 'lin'; did",
        ),
        ("[sources]\na = 'b'\n\"c.d\" = 1\n", 'sources."c.d": Expected `str`, got `int`'),
        ("[camera\n", "boards/b/board.toml: "),
        ("extends = 3\n", "extends: must be the name of a board"),
        ("a = '\xff'\n", "there is no key 'a'"),
    ],
)
def test_what_is_wrong_is_said_with_its_key(tmp_path: Path, text: str, said: str) -> None:
    put(tmp_path, "b", text + BASE if "extends" in text or text.startswith("a") else BASE + text)
    assert said in why(tmp_path, "b")


def test_no_such_board_and_not_text(tmp_path: Path) -> None:
    put(tmp_path, "rock5b", BASE)
    with pytest.raises(
        NoBoardError, match=r"there is no board 'rock5'; there are: rock5b. Did you mean rock5b\?"
    ):
        load("rock5", folder=tmp_path)
    (tmp_path / "rock5b" / "board.toml").write_bytes(b"name = '\xff'")
    assert "is not UTF-8 text" in why(tmp_path, "rock5b")


@pytest.mark.parametrize("name", ["", "..", "a/b", "a\0b", "a" * 300, "\udcff"])
def test_a_name_that_no_folder_can_have_is_no_board(tmp_path: Path, name: str) -> None:
    put(tmp_path, "rock5b", BASE)
    with pytest.raises(NoBoardError):
        load(name, folder=tmp_path)


@pytest.mark.parametrize(
    "text", ["a = " + "[" * 3000, "a = " + "9" * 5000, "a = " + "{a = " * 3000 + "1" + "}" * 3000]
)
def test_text_that_chokes_the_parser_is_a_board_error_with_its_file(tmp_path: Path, text: str) -> None:
    put(tmp_path, "b", text)
    assert why(tmp_path, "b").startswith("boards/b/board.toml: ")
    assert len(why(tmp_path, "b")) < 200, "the message does not repeat the text"
    put(tmp_path, "good", BASE)
    assert "--set" in why(tmp_path, "good", text)


def test_tables_too_deep_to_lay_over_each_other(tmp_path: Path) -> None:
    put(tmp_path, "b", BASE)
    deep = ".".join("a" * 3000) + " = 1"
    assert "nested too deeply" in why(tmp_path, "b", deep, deep)
    put(tmp_path, "below", deep)
    put(tmp_path, "above", f'extends = "below"\n{deep}')
    assert "nested too deeply" in why(tmp_path, "above")


def test_extends_takes_what_is_not_said_again(tmp_path: Path) -> None:
    put(tmp_path, "base", BASE + '[camera]\ncompatible = "linux,v4l2-camera"\nwidth = 640\n')
    put(tmp_path, "mid", 'extends = "base"\nname = "mid"\n[camera]\nfps = 15\n')
    put(tmp_path, "top", 'extends = "mid"\nname = "top"\n[buses.i2c-7]\nhz = 100000\n')
    board = load("top", folder=tmp_path)
    assert board.camera is not None
    assert (board.name, board.summary) == ("top", "a base")
    assert (board.camera.width, board.camera.fps) == (640, 15)
    assert (board.buses["i2c-7"].path, board.buses["i2c-7"].hz) == ("/dev/i2c-7", 100000)


def test_extends_that_goes_round_or_nowhere(tmp_path: Path) -> None:
    put(tmp_path, "a", 'extends = "b"\n')
    put(tmp_path, "b", 'extends = "a"\n')
    put(tmp_path, "c", 'extends = "nothing"\n')
    assert "extends goes round: a → b → a" in why(tmp_path, "a")
    assert "there is no board 'nothing'" in why(tmp_path, "c")


def test_overrides_by_file_and_by_setting_in_that_order(tmp_path: Path) -> None:
    over = tmp_path / "mine.toml"
    over.write_text("[display]\nwidth = 480\n[camera]\nfps = 5\n", encoding="utf-8")
    board = load(
        "rock5b", [over], ["camera.fps=7", "display.safe_area=[0, 0, 480, 400]", "camera.device=/dev/video11"]
    )
    assert board.display is not None
    assert board.camera is not None
    assert (board.display.width, board.camera.fps, board.camera.device) == (480, 7, "/dev/video11")
    slow = load("rock5b", settings=['buses."spi-0.0".hz=1000000'])
    assert slow.buses["spi-0.0"].hz == 1_000_000, "a key with a dot is quoted, as in TOML"
    over.write_text("[display]\nwide = 480\n", encoding="utf-8")
    with pytest.raises(
        BoardError, match=r"mine.toml: display: there is no key 'wide'; did you mean 'width'\?"
    ):
        load("rock5b", [over])


@pytest.mark.parametrize(
    "setting", ["", "camera", "=3", "camera..fps=3", ".=", "camera.fps", "[a]\n[b]\nc=1", "a b=1"]
)
def test_a_setting_that_is_none(setting: str) -> None:
    with pytest.raises(BoardError, match=r"write it as table\.key=value"):
        parse_setting(setting)


def test_a_setting_of_the_wrong_kind_names_itself() -> None:
    with pytest.raises(BoardError, match=r"--set camera.fps=fast: camera.fps: Expected `int`, got `str`"):
        load("rock5b", settings=["camera.fps=fast"])


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        (b"radxa,rock-5b\0rockchip,rk3588\0", "rock5b"),
        (b"xunlong,orangepi-5\0rockchip,rk3588s\0", "orangepi5"),
        (b"nvidia,p3768-0000+p3767-0005-super\0nvidia,p3767-0005\0nvidia,tegra234\0", "jetson_orin_nano"),
        (b"rockchip,rk3588s-orangepi-5\0rockchip,rk3588\0", "orangepi5"),
        (b"somebody,clone\0xunlong,orangepi-5\0radxa,rock-5b\0", "orangepi5"),
        (b"radxa,rock-5b", "rock5b"),
        (b"radxa,rock-5b-plus\0rockchip,rk3588\0", None),
        (b"xunlong,orangepi-5b\0rockchip,rk3588s\0", None),
        (b"raspberrypi,5-model-b\0brcm,bcm2712\0", None),
        (b"", None),
        (b"\xff\xfe\0", None),
    ],
)
def test_the_device_tree_tells_the_board(tmp_path: Path, raw: bytes, name: str | None) -> None:
    (tmp_path / "compatible").write_bytes(raw)
    assert detect.detect(tmp_path / "compatible") == name


def test_a_machine_without_a_device_tree_and_a_broken_board_beside_a_good_one(tmp_path: Path) -> None:
    assert detect.detect(tmp_path / "none") is None
    put(tmp_path, "a_broken", "[")
    put(tmp_path, "b_good", 'compatible = ["x,y"]\n' + BASE)
    (tmp_path / "compatible").write_bytes(b"x,y\0")
    assert detect.detect(tmp_path / "compatible", tmp_path) == "b_good"


def test_add_a_board_as_the_readme_says(tmp_path: Path) -> None:
    """README: make boards/NAME/board.toml; extends starts from another; a wrong bus is an error with its key."""
    readme = (FOLDER.parent / "README.md").read_text(encoding="utf-8")
    assert '`extends = "rock5b"`' in readme
    for name in ("rock5b", "sim"):
        put(tmp_path, name, (FOLDER / name / "board.toml").read_text(encoding="utf-8"))
    put(tmp_path, "mine", 'extends = "rock5b"\nname = "mine"\n[imu]\naxes = "-y+x+z"\n')
    board = load("mine", folder=tmp_path)
    assert board.imu is not None
    assert (board.name, board.imu.axes, board.imu.bus) == ("mine", "-y+x+z", "i2c-7")
    parts = build(
        BuildContext(
            load("mine", settings=["display.compatible=browline,png-panel"], folder=tmp_path), VirtualClock()
        )
    )
    assert parts.imu is not None, "its drivers are made, closed: nothing of the board is touched"


KEYS = st.sampled_from(
    ["name", "imu", "camera", "display", "bus", "width", "safe_area", "keys", "buses", "x", "line"]
)
VALUES: Any = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(KEYS, VALUES, max_size=5))
def test_any_tables_give_a_board_or_the_documented_error(tree: dict[str, Any]) -> None:
    try:
        check(merge({"name": "n", "summary": "s"}, tree), "boards/x/board.toml")
    except BoardError as error:
        assert str(error).startswith("boards/x/board.toml: ")


@given(st.sampled_from(names()), st.data())
def test_a_real_board_with_one_value_changed_is_a_board_or_the_documented_error(
    name: str, data: st.DataObject
) -> None:
    tree: dict[str, Any] = msgspec.to_builtins(load(name))
    place, path = tree, []
    while True:
        path.append(data.draw(st.sampled_from(sorted(place))))
        if not isinstance(place[path[-1]], dict) or not place[path[-1]] or data.draw(st.booleans()):
            break
        place = place[path[-1]]
    place[path[-1]] = data.draw(VALUES)
    try:
        board = check(tree, "boards/x/board.toml")
    except BoardError as error:
        assert str(error).startswith("boards/x/board.toml: ")
        assert "[...]" not in str(error), "a table is named, never left out"
    else:
        assert check(msgspec.to_builtins(board), "again") == board


@given(st.text(max_size=40))
def test_any_setting_gives_a_table_or_the_documented_error(setting: str) -> None:
    try:
        load("sim", settings=[setting])
    except BoardError as error:
        assert "--set" in str(error) or "boards/sim" in str(error)


@given(st.binary(max_size=60))
def test_any_bytes_as_a_board_file(data: bytes) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "b").mkdir()
        (folder / "b" / "board.toml").write_bytes(data)
        with pytest.raises(BoardError):
            load("b", folder=folder)


@given(st.sampled_from(["imu", "camera", "display", "keys", "battery"]), st.text(max_size=12))
def test_an_unknown_driver_is_refused_by_name(part: str, compatible: str) -> None:
    clock = VirtualClock()
    board = load(
        "sim", settings=[f'{part}.compatible="{"".join(c for c in compatible if c.isalnum())}-none"']
    )
    with pytest.raises(ConfigError, match="no driver is called"):
        build(BuildContext(board, clock, World(clock, STILL, load_picture)))


def test_a_driver_of_another_kind_of_part_is_refused() -> None:
    board = load("sim", settings=["camera.compatible=maxim,max17048"])
    clock = VirtualClock()
    with pytest.raises(ConfigError, match="maxim,max17048 drives a battery, not a camera"):
        build(BuildContext(board, clock, World(clock, STILL, load_picture)))
