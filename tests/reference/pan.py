"""pan: the levels of its laws in closed form."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def render(
    inputs: Mapping[str, Array], params: Mapping[str, Array], choices: Mapping[str, str], sample_rate_hz: float
) -> dict[str, Array]:
    """Both channels, called "in" and "in.1", parameters frame by frame."""
    pan = params["pan"]
    left, right = {
        "constant_power": (np.cos((pan + 1) * np.pi / 4), np.sin((pan + 1) * np.pi / 4)),
        "linear": ((1 - pan) / 2, (1 + pan) / 2),
        "balance": (np.minimum(1, 1 - pan), np.minimum(1, 1 + pan)),
    }[choices["law"]]
    return {"out": inputs["in"] * left, "out.1": inputs["in.1"] * right}
