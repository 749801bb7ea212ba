"""Step patterns as the fuzzer feeds them: seeds, and how each is read."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from graphdaw.nodes.prepare import pattern
from graphdaw.nodes.prepare.score import HEADER, ITEM
from graphdaw.nodes.steps import Steps

PATTERNS = (
    b"kick: x . . . X . . x2 | x*3?50>10/2 - - .\nhat 42: 5 . 9 .",
    b"bass c2: X - . 7<25\n@cc74: 0.1 . 0.5 1\n@velocity: 0.2 .\n@bend: -12 0",
    b"a 60: x . .\n\nb eb3: x . . . .\n@pressure: .5\n@timbre: 0",
)


def read_pattern(data: bytes, _folder: Path) -> None:
    text = data.decode(errors="surrogateescape")
    rows = pattern.rows_of(text)
    made = pattern.score_of_pattern("node", {**Steps.type.defaults(), "pattern": text})
    items = np.frombuffer(made, ITEM, offset=HEADER.itemsize)
    (loop_ticks,) = np.frombuffer(made, HEADER, 1)["loop_ticks"]
    assert len(rows) <= pattern.MOST_ROWS and np.isfinite(items["at"]).all()
    assert (items["at"] >= 0).all() and (items["at"] <= loop_ticks).all() and (np.diff(items["at"]) >= 0).all()
    assert (items["end"] >= items["at"]).all() and (items["key"] < 128).all()
