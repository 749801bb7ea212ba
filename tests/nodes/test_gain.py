"""gain against its closed form, at every width and processor level."""

from __future__ import annotations

import numpy as np
import pytest

from tests.kernel_probe import LEVELS, WIDTHS, run_kernel


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("width", WIDTHS)
def test_gain_multiplies_by_the_level(width: int, level: str) -> None:
    rng = np.random.default_rng(1)
    source = rng.standard_normal((5, 200)).astype(np.float32)
    gain_db = rng.uniform(-96, 24, 5).astype(np.float32)
    expected = source * 10 ** (gain_db[:, None].astype(float) / 20)
    for value in (gain_db, np.repeat(gain_db[:, None], 200, axis=1)):
        out = run_kernel("gain", width=width, level=level, inputs={"in": source}, params={"gain_db": value})["out"]
        np.testing.assert_allclose(out, expected, rtol=3e-6, atol=1e-12)
