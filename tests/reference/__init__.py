"""Slow, obvious float64 models of the nodes, one file a node, which share nothing with the C kernels but their manual.

Every file `<node>.py` has one function:

    render_<node>(inputs, values, sample_rate, *, frames, channels=1, seeds=(), media=None) -> outputs

inputs       port name -> array (channels, frames); an unwired port is missing, and stands for zeros
values       parameter name -> array that broadcasts to (channels, frames), already smoothed and modulated;
             choice name -> the option's name
sample_rate  Hz
seeds        one 32-bit whole number a channel, where the node is random
media        media name -> (array (channels, frames), its sample rate in Hz)
outputs      port name -> float64 array (channels, frames)

Linked nodes see all channels of a port at once, in the same arrays. Time starts at frame 0.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

CELL = 128  # frames between two moments at which values, plans and block-rate control may change
LOOP = 64  # frames that a cycle takes at least

Array = NDArray[np.float64]
Media = Mapping[str, tuple[Array, float]]


def render(node: str, inputs: Mapping[str, Array], values: Mapping[str, Any], sample_rate: float, **more: Any) -> Any:
    """Outputs of the reference of that name."""
    module = importlib.import_module(f"tests.reference.{node}")
    return getattr(module, f"render_{node}")(inputs, values, sample_rate, **more)


def wired(inputs: Mapping[str, Array], port: str, channels: int, frames: int) -> Array:
    """An input as (channels, frames), zeros where nothing is wired."""
    return np.broadcast_to(np.asarray(inputs.get(port, 0.0), float), (channels, frames))


def moving(values: Mapping[str, Any], name: str, channels: int, frames: int) -> Array:
    """A parameter as (channels, frames)."""
    return np.broadcast_to(np.asarray(values[name], float), (channels, frames))


def option(values: Mapping[str, Any], name: str, default: str) -> str:
    """The choice made, or the first option."""
    return str(values.get(name) or default)


__all__ = ["Array", "Media", "Sequence", "moving", "option", "render", "wired"]
