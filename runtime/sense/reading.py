"""The readers of text and bar codes: loaded behind the first HUD frame, absent until then."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from boards.spec import Compute
from models.base import FetchError, ModelError
from models.runner import Runner
from models.store import ModelStore
from runtime.core.clock import Clock
from runtime.core.log import Log

if TYPE_CHECKING:  # both bring OpenCV: the first HUD frame does not wait for it
    from models.barcode.reader import BarcodeReader
    from models.ocr.reader import TextReader

TEXT_MODEL = "ppocrv6-tiny"
MISSING = "The text model is missing: browline models pull"

Report = Callable[[str, str | None], None]


class Readers:
    """Loads the readers once; ``report`` tells a fault that stands in one calm line, or None."""

    def __init__(
        self, clock: Clock, store: ModelStore, runner: Runner, compute: Compute, log: Log, report: Report
    ) -> None:
        self._clock, self._store, self._runner = clock, store, runner
        self._compute, self._log, self._report = compute, log, report
        self._text: TextReader | None = None
        self._codes: BarcodeReader | None = None

    def text(self) -> TextReader | None:
        """The text reader, None until it is loaded."""
        return self._text

    def codes(self) -> BarcodeReader | None:
        """The bar code reader, None until it is loaded; without the text model it reads bars alone."""
        return self._codes

    async def run(self) -> None:
        """Load both, then end. What is missing is said once; bar codes are read all the same."""
        try:
            self._text = await self._load_text()
            self._report("models", None)
        except ModelError as error:
            self._log.warning("no text model", part="models", error=str(error))
            self._report("models", MISSING if isinstance(error, FetchError) else str(error))
        self._codes = await self._clock.call("models", self._open_codes)
        self._log.info("readers loaded", part="models", text=self._text is not None)

    def _open_codes(self) -> BarcodeReader:
        from models.barcode.reader import BarcodeReader

        return BarcodeReader(self._text.recogniser if self._text else None)

    async def _load_text(self) -> TextReader:
        if TEXT_MODEL in self._store.missing():
            raise FetchError(MISSING)
        memory_mb = self._store.manifest(TEXT_MODEL).memory_mb
        reader = await self._runner.load(TEXT_MODEL, memory_mb, self._open_text)
        self._runner.shelf.pin(TEXT_MODEL)  # a large language model must not take it from the next snap
        return reader

    def _open_text(self) -> TextReader:
        return open_text(self._store, self._compute, lambda note: self._log.warning(note, part="models"))


def open_text(store: ModelStore, compute: Compute, report: Callable[[str], object]) -> TextReader:
    """The text reader on this board's providers; ``report`` hears which could not be had, and why.

    Blocks while it loads. Raises ModelError.
    """
    from models.backends.ort import Options
    from models.ocr.build import open_reader

    files = store.ensure(TEXT_MODEL)
    return open_reader(store.manifest(TEXT_MODEL), files, Options(compute.providers, compute.threads, report))
