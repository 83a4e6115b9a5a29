"""From bytes to lines: NMEA 0183 sentences out of whatever a UART delivers, in bounded memory."""

from __future__ import annotations

from typing import NamedTuple

# The standard says 82 characters; receivers with more decimals than it foresaw send up to about 100.
LONGEST = 128


class SentenceText(NamedTuple):
    """A line from its "$" on, without its end; ``age_bytes`` came since that "$", itself included."""

    text: str
    age_bytes: int


class Lines:
    """Cuts a stream into sentences; ``garbage`` counts the bytes that belong to none."""

    def __init__(self) -> None:
        self._rest = bytearray()
        self.garbage = 0

    def feed(self, data: bytes) -> list[SentenceText]:
        """The sentences that end in ``data``, oldest first. Never keeps more than ``LONGEST`` bytes."""
        self._rest += data
        found: list[SentenceText] = []
        *lines, rest = bytes(self._rest).split(b"\n")
        after = len(self._rest)
        for line in lines:
            sentence = self._take(line, after)
            after -= len(line) + 1
            if sentence is not None:
                found.append(sentence)
        self._keep(rest)
        return found

    def reset(self) -> None:
        """Forget the line that was begun."""
        self._rest.clear()

    def _take(self, line: bytes, after: int) -> SentenceText | None:
        """The sentence of one line; a second "$" begins anew, since the line before it was cut."""
        start = line.rfind(b"$")
        body = line[start:].rstrip(b"\r \0") if start >= 0 else b""
        if not body or len(body) > LONGEST or not (body.isascii() and body.decode("ascii").isprintable()):
            self.garbage += len(line.strip(b"\r\n"))
            return None
        self.garbage += start
        return SentenceText(body.decode("ascii"), after - start)

    def _keep(self, rest: bytes) -> None:
        start = rest.rfind(b"$")
        kept = rest[start:] if start >= 0 and len(rest) - start <= LONGEST else b""
        self.garbage += len(rest) - len(kept)
        self._rest[:] = kept
