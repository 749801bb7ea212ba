"""What the kernel `voices` goes by, as it lies in memory (csrc/graphdaw.h)."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from graphdaw.nodes.prepare.tuning import KEYS

UNTUNED = -1_000.0  # the pitch of a key that plays nothing


def voicing_of(voices: int, spares: int, mode: int, steal: int, choke: str, frequencies_hz: Sequence[float]) -> bytes:
    """The bytes: how many voices, who gives way, how keys are tuned, and which of them silence each other.

    `mode` and `steal` are the places of the options in what the node declares; a key of 0 Hz plays nothing.
    """
    pitches = [math.log2(hz) if hz else UNTUNED for hz in frequencies_hz]
    groups = np.zeros(KEYS, "u1")
    for number, keys in enumerate(choke_groups(choke), 1):
        groups[keys] = number
    return (
        np.array([voices, spares, mode, steal], "u4").tobytes() + np.array(pitches, "f4").tobytes() + groups.tobytes()
    )


def choke_groups(text: str) -> list[list[int]]:
    """The groups that a text names: keys between blanks, groups between commas. Raises ValueError, with the way out.

    >>> choke_groups("42 44 46, 38 40")
    [[42, 44, 46], [38, 40]]
    """
    groups = []
    for group in text.split(","):
        keys = group.split()
        if any(not key.isdigit() or len(key) > 3 or int(key) >= KEYS for key in keys):
            raise ValueError(f"{group.strip()!r} is no group of keys; write keys from 0 to 127, such as '42 44 46'.")
        if keys:
            groups.append([int(key) for key in keys])
    if len(groups) > 255:
        raise ValueError("There can be 255 groups at most; join some of them.")
    return groups
