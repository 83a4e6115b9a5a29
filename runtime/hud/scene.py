"""What the wearer is to see, before anyone decides where: a card, a caption, an arrow, a line of trouble."""

from __future__ import annotations

import msgspec

from runtime.core.messages import Caption, Card, WearerSettings


class Scene(msgspec.Struct, frozen=True):
    """All there is to say at one moment; an empty scene turns the panel off.

    ``fault`` is the newest fault that stands; ``arrow`` in degrees to the left of straight ahead.
    """

    card: Card | None = None
    caption: Caption | None = None
    arrow: float | None = None
    fault: str = ""
    settings: WearerSettings = WearerSettings()

    @property
    def empty(self) -> bool:
        """Whether there is nothing to say."""
        return self.card is None and not self.fault and self.arrow is None and not self._spoken

    @property
    def _spoken(self) -> bool:
        said = self.caption
        return said is not None and bool(said.committed or said.tentative or said.source or said.mark)
