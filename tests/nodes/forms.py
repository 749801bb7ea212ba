"""The forms a kernel is compiled in and the sample rates it is checked at, as pytest marks."""

from __future__ import annotations

import pytest

from tests.kernel_probe import LEVELS, WIDTHS

RATES = (8_000, 44_100, 48_000, 192_000)

each_form = pytest.mark.parametrize("form", [(w, lv) for lv in LEVELS for w in WIDTHS], ids=lambda f: f"{f[1]}-{f[0]}")
each_rate = pytest.mark.parametrize("rate", RATES)
