"""Late blocks are counted and blamed exactly: calls of a known kind, on a clock that the test turns."""

from __future__ import annotations

import random
from collections.abc import Iterator

import numpy as np
import pytest

import graphdaw as gd
from graphdaw._core import lib
from graphdaw.host.engine import Engine

FRAMES = 480
PERIOD_NS = 10_000_000


class Clock:
    """Tells the engine of calls that never were."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.now_ns = 1_000_000_000
        self.works_ns: list[int] = []
        self.gaps_ns: list[int] = []
        self._last_ns: int | None = None

    def call(self, after_ns: int = PERIOD_NS, work_ns: int = 1_000_000, xrun: bool = False) -> None:
        self.now_ns += after_ns
        flags = lib.GD_CALL_XRUN if xrun else 0
        lib.gd_engine_account(self.engine.pointer, self.now_ns, self.now_ns + work_ns, FRAMES, flags)
        self.works_ns.append(work_ns)
        if self._last_ns is not None:
            self.gaps_ns.append(self.now_ns - self._last_ns)
        self._last_ns = self.now_ns


@pytest.fixture
def clock() -> Iterator[Clock]:
    with Engine(gd.Graph(sample_rate=48_000)) as engine:
        clock = Clock(engine)
        clock.call()
        yield clock


@pytest.mark.parametrize("seed", range(4))
def test_injected_stalls_are_counted_by_class(clock: Clock, seed: int) -> None:
    dice = random.Random(seed)
    injected = {"host_late": 0, "over_budget": 0, "driver_xruns": 0, "gaps": 0}
    overran = False
    for _ in range(3_000):
        host, own, driver = (dice.random() < 0.05 for _ in range(3))
        if overran and dice.random() < 0.5:
            clock.call(after_ns=PERIOD_NS * 2)  # late because of our own work: nobody else is to blame
            injected["gaps"] += 1
            overran = False
            continue
        after_ns = PERIOD_NS if overran or not host else dice.randrange(PERIOD_NS * 3 // 2 + 1, PERIOD_NS * 9)
        work_ns = dice.randrange(PERIOD_NS * 4 // 5 + 1, PERIOD_NS) if own else dice.randrange(PERIOD_NS * 4 // 5)
        clock.call(after_ns, work_ns, xrun=driver)
        injected["host_late"] += after_ns > PERIOD_NS
        injected["gaps"] += after_ns > PERIOD_NS
        injected["over_budget"] += own
        injected["driver_xruns"] += driver
        overran = own

    stats = clock.engine.stats()
    assert {name: stats[name] for name in injected} == injected
    assert stats["foreign_misses"] == 0
    assert stats["callbacks"] == len(clock.works_ns)


@pytest.mark.parametrize(
    "after_ns, work_ns, expected",
    (
        (PERIOD_NS * 3 // 2, 0, {"host_late": 0, "gaps": 0}),
        (PERIOD_NS * 3 // 2 + 1, 0, {"host_late": 1, "gaps": 1}),
        (PERIOD_NS, PERIOD_NS * 4 // 5, {"over_budget": 0}),
        (PERIOD_NS, PERIOD_NS * 4 // 5 + 1, {"over_budget": 1}),
    ),
)
def test_limits_are_where_they_are_said_to_be(
    clock: Clock, after_ns: int, work_ns: int, expected: dict[str, int]
) -> None:
    clock.call(after_ns, work_ns)

    stats = clock.engine.stats()
    assert {name: stats[name] for name in expected} == expected


def test_a_gap_is_measured_by_the_period_of_the_block_before(clock: Clock) -> None:
    lib.gd_engine_account(clock.engine.pointer, clock.now_ns + PERIOD_NS, clock.now_ns + PERIOD_NS, 4 * FRAMES, 0)
    clock.call(after_ns=5 * PERIOD_NS)

    assert clock.engine.stats()["host_late"] == 0


def test_percentiles_are_at_most_an_eighth_too_long(clock: Clock) -> None:
    dice = np.random.default_rng(3)
    for work_ns, after_ns in np.exp(dice.uniform(np.log(300), np.log(5e9), (5_000, 2))).astype(int).tolist():
        clock.call(after_ns, work_ns)

    stats = clock.engine.stats()
    for kind, durations_ns in (("work", clock.works_ns), ("gap", clock.gaps_ns)):
        for name, share in (("p50", 0.5), ("p99", 0.99), ("p999", 0.999)):
            exact_s = np.quantile(durations_ns, share, method="inverted_cdf") * 1e-9
            assert exact_s <= stats[f"{kind}_{name}_s"] <= exact_s * 1.126
        assert stats[f"{kind}_peak_s"] == pytest.approx(max(durations_ns) * 1e-9)
    assert stats["load"] == pytest.approx(sum(clock.works_ns) / (PERIOD_NS * len(clock.works_ns)))


def test_a_reset_forgets_peaks_and_percentiles_and_keeps_counts(clock: Clock) -> None:
    clock.call(work_ns=PERIOD_NS * 3)
    clock.engine.reset_stats()
    clock.call(work_ns=1_000)

    stats = clock.engine.stats()
    assert stats["work_p999_s"] == stats["work_p50_s"] < 2e-6
    assert stats["work_peak_s"] == pytest.approx(1e-6)
    assert stats["over_budget"] == 1 and stats["callbacks"] == 3
