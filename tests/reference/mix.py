"""mix: a weighted sum."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def render(
    inputs: Mapping[str, Array], params: Mapping[str, Array], choices: Mapping[str, str], sample_rate_hz: float
) -> dict[str, Array]:
    """One channel, parameters frame by frame."""
    levels = {name: 10 ** (params[f"gain{name[2:]}_db"] / 20) for name in inputs}
    return {"out": np.sum([levels[name] * x for name, x in inputs.items()], axis=0)}
