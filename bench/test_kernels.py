"""Every kernel at every width for pytest-benchmark; the figure stands in `ns`, and is recorded, never judged."""

from __future__ import annotations

from typing import Any

import pytest

from bench.kernels import Case, cases
from tests.kernel_probe import WIDTHS


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("case", cases(), ids=lambda case: case.name)
def test_kernel_time(benchmark: Any, case: Case, width: int) -> None:
    ns = benchmark.pedantic(case.nanoseconds, args=(width,), rounds=1)
    benchmark.extra_info["ns"] = ns

    assert 0 < ns < 100_000
