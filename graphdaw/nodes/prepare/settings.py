"""Choices for kernels that play on while they change: as numbers in their box, where others have them in their plan."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from graphdaw.nodes.base import Choice


def numbers(choices: Mapping[str, Choice], values: Mapping[str, Any]) -> bytes:
    """The place of each choice among its options, in their order, a word each.

    >>> numbers({"a": Choice(("x", "y")), "b": Choice(("p", "q", "r"))}, {"a": "y", "b": "r"}).hex()
    '0100000002000000'
    """
    places = [choice.options.index(str(values[name])) for name, choice in choices.items()]
    return np.array(places, "u4").tobytes()
