"""How every feature hears what the wearer wants."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from runtime.core.bus import Bus
from runtime.core.messages import Request
from runtime.core.topics import REQUEST


async def serve(bus: Bus, handle: Callable[[Request, asyncio.TaskGroup], None]) -> None:
    """Hand each request to ``handle`` until cancelled; what fails in the group goes up to the supervisor."""
    with bus.subscribe(REQUEST) as requests:
        async with asyncio.TaskGroup() as group:
            async for request in requests:
                handle(request, group)
