"""From a board file to drivers: each "compatible" string names a class, imported when a board asks for it.

To add a driver: write the class with ``from_board(part, context)`` and add one row to ``DRIVERS``.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import msgspec

from boards import spec
from drivers.base import (
    Battery,
    Camera,
    Clock,
    ConfigError,
    Display,
    Gnss,
    Imu,
    Keys,
    Light,
    Magnetometer,
    Microphone,
)
from drivers.bus.gpio import GpioLine, LinuxGpio
from drivers.bus.i2c import I2cBus, LinuxI2c
from drivers.bus.spi import LinuxSpi, SpiBus
from drivers.led.guard import CaptureLight, GuardedCamera, GuardedMicrophone
from drivers.serial.base import ByteStream
from drivers.serial.port import SerialPort
from drivers.sim.world import World

DRIVERS = {
    "invensense,icm42688p": "drivers.imu.icm42688p:Icm42688p",
    "akm,ak09916": "drivers.magnetometer.ak09916:Ak09916",
    "linux,v4l2-camera": "drivers.camera.v4l2:V4l2Camera",
    "browline,photo-camera": "drivers.camera.photos:PhotoCamera",
    "browline,sim-camera": "drivers.camera.sim:SimCamera",
    "browline,spi-framebuffer-panel": "drivers.display.spi_panel:SpiPanel",
    "browline,terminal-panel": "drivers.display.terminal:TerminalPanel",
    "browline,png-panel": "drivers.display.png:PngPanel",
    "linux,alsa-capture": "drivers.audio.alsa:AlsaMicrophone",
    "browline,wav-microphone": "drivers.audio.microphones:WavMicrophone",
    "browline,sim-microphone": "drivers.audio.microphones:SimMicrophone",
    "linux,gpio-keys": "drivers.input.keys:GpioKeys",
    "browline,sim-keys": "drivers.input.keys:SimKeys",
    "linux,gpio-led": "drivers.led.lights:GpioLed",
    "linux,led-class": "drivers.led.lights:LedClass",
    "browline,sim-light": "drivers.led.lights:SimLight",
    "maxim,max17048": "drivers.power.max17048:Max17048",
    "linux,power-supply": "drivers.power.power_supply:PowerSupply",
    "nmea,gnss": "drivers.gnss.nmea:NmeaGnss",
}


class Parts(msgspec.Struct, frozen=True):
    """The drivers of one board, closed; a part the board does not have is None."""

    imu: Imu | None
    camera: Camera | None
    display: Display | None
    microphone: Microphone | None
    keys: Keys | None
    light: Light | None
    battery: Battery | None
    gnss: Gnss | None
    magnetometer: Magnetometer | None


class BuildContext:
    """What a driver is made from: the clock, the board's buses and lines, and in the simulator the World."""

    def __init__(
        self, board: spec.Board, clock: Clock, world: World | None = None, out: Path = Path("out")
    ) -> None:
        self.board, self.clock, self.out = board, clock, out
        self._world = world
        self._i2c: dict[str, I2cBus] = {}
        self.panel: Any = None  # the emulated panel, once a display was built on an emulated bus

    @property
    def world(self) -> World:
        """The simulated world. Raises ConfigError on a board that is not simulated."""
        if self._world is None:
            raise ConfigError("a simulated part needs the simulator: choose --board sim")
        return self._world

    def i2c(self, name: str) -> I2cBus:
        """The I²C bus called ``name``, shared by its chips. Raises ConfigError."""
        if name not in self._i2c:
            self._i2c[name] = self._make_i2c(name, self._bus(name))
        return self._i2c[name]

    def spi(self, part: spec.Display) -> SpiBus:
        """The SPI bus of a display. Raises ConfigError."""
        bus = self._bus(part.bus)
        if bus.compatible == "browline,emulated-spi":
            from drivers.sim.panel import EmulatedPanel

            self.panel = EmulatedPanel(self.world.faults, part.width, part.height)
            return self.panel  # type: ignore[no-any-return]
        if bus.compatible != "linux,spi":
            raise ConfigError(f"buses.{part.bus}.compatible: {bus.compatible} is no SPI bus")
        line = self.gpio(part.data_line, output=True)
        return LinuxSpi(bus.path, bus.hz, line.set)

    def gpio(self, line: str, *, active_low: bool = False, output: bool = False) -> GpioLine:
        """A line as "chip:line". Raises ConfigError, BusError."""
        return LinuxGpio(line, active_low=active_low, output=output)

    def uart(self, device: str, baud: int) -> Callable[[], ByteStream]:
        """Opens the serial port ``device``; "world:gnss" is the simulated receiver's. Raises ConfigError."""
        if device == "world:gnss":
            from drivers.sim.receiver import EmulatedReceiver

            return functools.partial(EmulatedReceiver, self.world, self.clock, baud)
        return functools.partial(SerialPort, device, baud)

    def _bus(self, name: str) -> spec.Bus:
        bus = self.board.buses.get(name)
        if bus is None:
            raise ConfigError(
                f"bus {name!r} is not declared; declared: {', '.join(self.board.buses) or 'none'}"
            )
        return bus

    def _make_i2c(self, name: str, bus: spec.Bus) -> I2cBus:
        if bus.compatible == "browline,emulated-i2c":
            return I2cBus(self._emulate(name), name)
        if bus.compatible == "linux,i2c":
            return I2cBus(LinuxI2c(bus.path), bus.path)
        raise ConfigError(f"buses.{name}.compatible: {bus.compatible} is no I²C bus")

    def _emulate(self, name: str) -> Any:
        """An emulated adapter with the chips that the board says sit on it."""
        from drivers.sim.ak09916 import EmulatedAk09916
        from drivers.sim.i2c import EmulatedI2c
        from drivers.sim.icm42688p import EmulatedIcm42688p
        from drivers.sim.max17048 import EmulatedMax17048

        adapter = EmulatedI2c(self.world.faults)
        board = self.board
        if board.imu is not None and board.imu.bus == name:
            adapter.attach(board.imu.address, EmulatedIcm42688p(self.world, self.clock))
        if board.magnetometer is not None and board.magnetometer.bus == name:
            adapter.attach(board.magnetometer.address, EmulatedAk09916(self.world, self.clock))
        if board.battery is not None and board.battery.bus == name:
            adapter.attach(board.battery.address, EmulatedMax17048(self.world, self.clock))
        return adapter


def build(context: BuildContext) -> Parts:
    """Every driver of the board; camera and microphone only behind the capture light. Raises ConfigError."""
    board = context.board
    light: Light | None = _make(board.capture_light, context)
    guard = CaptureLight(light)
    camera: Camera | None = _make(board.camera, context)
    microphone: Microphone | None = _make(board.microphone, context)
    return Parts(
        imu=_make(board.imu, context),
        camera=None if camera is None else GuardedCamera(camera, guard),
        display=_make(board.display, context),
        microphone=None if microphone is None else GuardedMicrophone(microphone, guard),
        keys=_make(board.keys, context),
        light=light,
        battery=_make(board.battery, context),
        gnss=_make(board.gnss, context),
        magnetometer=_make(board.magnetometer, context),
    )


def _make(part: Any, context: BuildContext) -> Any:
    """The driver that a part's ``compatible`` names."""
    if part is None:
        return None
    target = DRIVERS.get(part.compatible)
    if target is None:
        raise ConfigError(f"no driver is called {part.compatible!r}; there are: {', '.join(sorted(DRIVERS))}")
    module, _, name = target.partition(":")
    make = getattr(import_module(module), name).from_board
    takes = str(make.__annotations__.get("part", "")).rpartition(".")[2]
    if takes and takes != type(part).__name__:
        raise ConfigError(f"{part.compatible} drives a {takes.lower()}, not a {type(part).__name__.lower()}")
    return make(part, context)
