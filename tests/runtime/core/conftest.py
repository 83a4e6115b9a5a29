from __future__ import annotations

import pytest

from runtime.core.bus import Bus
from runtime.core.clock import VirtualClock
from runtime.core.log import Log, LogRing, make_logger


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def bus(clock: VirtualClock) -> Bus:
    return Bus(clock)


@pytest.fixture
def ring() -> LogRing:
    return LogRing()


@pytest.fixture
def log(clock: VirtualClock, ring: LogRing) -> Log:
    return make_logger(clock, ring)
