"""Every contestant on every row, for pytest-benchmark; a figure is recorded, never judged."""

from __future__ import annotations

import math
import os
from typing import Any

import pytest

from bench.runner import contestants, run

SECONDS = float(os.environ.get("GRAPHDAW_BENCH_SECONDS", "2"))
UNITS = ("rtf", "ms", "us", "ratio", "bytes")


@pytest.mark.parametrize(("name", "row"), [(c.name, row) for c in contestants.values() for row in c.rows])
def test_contestant_renders_sound(name: str, row: str, benchmark: Any) -> None:
    found = benchmark.pedantic(run, args=(contestants[name], row, SECONDS, 1), rounds=1)
    benchmark.extra_info.update(found)

    figures = [found[unit] for unit in UNITS if unit in found]
    if not figures:
        pytest.skip(f"{name} on {row}: {found['note']}")
    assert all(math.isfinite(figure) for figure in figures)
    assert "rms" not in found or 1e-6 < found["rms"] < 10.0
