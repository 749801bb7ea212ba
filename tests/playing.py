"""What tests of sessions play, and how they hear it."""

from __future__ import annotations

import numpy as np

import graphdaw as gd
from tests.drawing import draw


def tone() -> gd.Graph:
    """A soft sine of 300 Hz, which opens at full level."""
    graph, _ = draw("sine s(frequency_hz=300) -> filter f(cutoff_hz=2000) -> gain g(gain_db=-6) -> output o")
    return graph


def played(session: gd.Session, blocks: int) -> np.ndarray:
    """The first channel of so many blocks of a session on the hand device."""
    return np.array([session.step()[0] for _ in range(blocks)], np.float32).reshape(-1)
