"""Every node that events go through: no note hangs, all is in order, and the size of blocks changes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from graphdaw.nodes import types
from graphdaw.nodes.base import Port
from tests.event_streams import tidy, turmoil

MOST: dict[str, dict[str, float]] = {"event_delay": {"time_s": 0.03}}  # values are drawn up to these
TAIL_FRAMES = {"event_delay": 17 * 48_000, "chord": 60_000}
FIRST: dict[str, dict[str, Any]] = {"arpeggiator": {"sync": "free", "rate_hz": 40.0, "gate": 1.5}}
LAST: dict[str, dict[str, Any]] = {"arpeggiator": {"hold": "off"}}


def carries(ports: Mapping[str, Port]) -> bool:
    return any(port.type == "event" for port in ports.values())


THROUGH = sorted(kind.name for kind in types().values() if carries(kind.inputs) and carries(kind.outputs))


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("type", THROUGH)
def test_whatever_happens_every_note_ends_and_blocks_change_nothing(type: str, seed: int) -> None:
    setting = (MOST.get(type, {}), TAIL_FRAMES.get(type, 2_000), FIRST.get(type, {}), LAST.get(type, {}))
    events = turmoil(type, seed, 1024, *setting)

    tidy(events)
    for block in (100, 1) if seed < 2 else (100,):
        assert turmoil(type, seed, block, *setting) == events
