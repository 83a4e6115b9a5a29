"""A byte stream over TCP, on this machine only: a server that takes one client after another, and the client."""

from __future__ import annotations

import contextlib
import select
import socket

from drivers.base import BusError, DeviceLostError
from drivers.serial.base import CHUNK

LOOPBACK = "127.0.0.1"  # the console has no password, so it is never offered to the network
CONNECT_S = 2.0
SEND_S = 2.0  # a client that reads nothing for so long is let go


class TcpServer:
    """Listens on ``port`` (0 picks a free one); a new client takes the place of the one before."""

    def __init__(self, port: int) -> None:
        """Listen. Raises BusError."""
        self._client: socket.socket | None = None
        try:
            self._listener = socket.create_server((LOOPBACK, port))
        except (OSError, OverflowError) as error:
            raise BusError(f"tcp:{port}: {error}; choose another port") from error
        self._listener.setblocking(False)
        self.port: int = self._listener.getsockname()[1]

    @property
    def name(self) -> str:
        """As a client names it."""
        return f"tcp:{self.port}"

    def read(self, timeout_s: float) -> bytes:
        """What the client sent; empty also when none is there. Raises DeviceLostError once closed."""
        sockets = [self._listener] if self._client is None else [self._listener, self._client]
        try:
            ready, _, _ = select.select(sockets, [], [], timeout_s)
        except (OSError, ValueError) as error:
            raise DeviceLostError(f"{self.name}: is closed; open the console again") from error
        if self._listener in ready:
            self._welcome()
            return b""
        return self._receive(self._client) if self._client is not None and ready else b""

    def write(self, data: bytes) -> None:
        """Send to the client; dropped when none is there."""
        client = self._client
        if client is not None:
            try:
                client.sendall(data)
            except OSError:
                self._let_go(client)

    def close(self) -> None:
        """Hang up and stop listening."""
        self._let_go(self._client)
        self._listener.close()

    def _welcome(self) -> None:
        with contextlib.suppress(OSError):  # it left again before it was let in
            client, _ = self._listener.accept()
            self._let_go(self._client)
            client.settimeout(SEND_S)
            self._client = client

    def _receive(self, client: socket.socket) -> bytes:
        try:
            data = client.recv(CHUNK)
        except OSError:
            data = b""
        if not data:
            self._let_go(client)
        return data

    def _let_go(self, client: socket.socket | None) -> None:
        """Hang up on ``client``; while one thread finds it gone, another may have let in the next."""
        if client is not None:
            client.close()
            if self._client is client:
                self._client = None


class TcpClient:
    """The other end."""

    def __init__(self, port: int) -> None:
        """Connect. Raises BusError."""
        self.name = f"tcp:{port}"
        try:
            self._socket = socket.create_connection((LOOPBACK, port), CONNECT_S)
        except (OSError, OverflowError) as error:
            raise BusError(
                f"{self.name}: nobody listens there ({error}); are the glasses running?"
            ) from error

    def read(self, timeout_s: float) -> bytes:
        """What the server sent. Raises DeviceLostError when it hung up."""
        try:
            if not select.select([self._socket], [], [], timeout_s)[0]:
                return b""
            data = self._socket.recv(CHUNK)
        except (OSError, ValueError) as error:
            raise DeviceLostError(f"{self.name}: the connection is lost; connect again") from error
        if not data:
            raise DeviceLostError(f"{self.name}: the other side hung up; connect again")
        return data

    def write(self, data: bytes) -> None:
        """Send all of ``data``. Raises DeviceLostError."""
        try:
            self._socket.sendall(data)
        except OSError as error:
            raise DeviceLostError(f"{self.name}: the connection is lost; connect again") from error

    def close(self) -> None:
        """Hang up."""
        self._socket.close()
