"""A pseudo-terminal: the simulator's serial port. Any terminal program can open ``name``, and come back."""

from __future__ import annotations

import contextlib
import errno
import os
import select
import tty
from pathlib import Path

from drivers.base import BusError, DeviceLostError
from drivers.serial.base import CHUNK


class Pty:
    """The glasses' end. ``link``, when given, is a symbolic link to the other end that keeps its name."""

    def __init__(self, link: Path | None = None) -> None:
        """Make the pair. Raises BusError."""
        try:
            # The client's end stays open here too: without it each hang-up of a client would end the stream.
            self._ours, self._theirs = os.openpty()
        except OSError as error:
            raise BusError(
                f"no pseudo-terminal can be had ({error.strerror}): is /dev/pts mounted?"
            ) from error
        tty.setraw(self._theirs)
        os.set_blocking(self._ours, False)
        self._name, self._link = os.ttyname(self._theirs), link
        self._open = True
        if link is not None:
            self._put_link(link)

    @property
    def name(self) -> str:
        """The node a client opens."""
        return self._name

    def read(self, timeout_s: float) -> bytes:
        """What a client sent. Raises DeviceLostError once closed."""
        try:
            ready, _, _ = select.select([self._fd()], [], [], timeout_s)
            return os.read(self._ours, CHUNK) if ready else b""
        except BlockingIOError:
            return b""
        except OSError as error:
            raise DeviceLostError(f"{self._name}: {error.strerror}; open the console again") from error

    def write(self, data: bytes) -> None:
        """Send to the client; what nobody has read when the kernel's buffer is full is dropped."""
        try:
            while data:
                data = data[os.write(self._fd(), data) :]
        except BlockingIOError:
            return
        except OSError as error:
            raise DeviceLostError(f"{self._name}: {error.strerror}; open the console again") from error

    def close(self) -> None:
        """End it; the client sees a hang-up."""
        if self._open:
            self._open = False
            os.close(self._ours)
            os.close(self._theirs)
            if (
                self._link is not None
                and self._link.is_symlink()
                and str(self._link.readlink()) == self._name
            ):
                self._link.unlink()

    def _fd(self) -> int:
        if not self._open:
            raise OSError(errno.EBADF, "is closed")
        return self._ours

    def _put_link(self, link: Path) -> None:
        new = link.with_name(f"{link.name}.{os.getpid()}")
        try:
            with contextlib.suppress(FileNotFoundError):
                new.unlink()
            new.symlink_to(self._name)
            new.replace(link)
        except OSError as error:
            self._link = None
            self.close()
            raise BusError(f"{link}: {error.strerror}; choose another folder") from error
