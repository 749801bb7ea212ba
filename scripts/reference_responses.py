"""Which picture says most about a node type: settings and test signals of the responses in the reference."""

from __future__ import annotations

from collections.abc import Callable

from matplotlib.figure import Figure

from graphdaw.nodes import types
from scripts.reference_pictures import Variants, colour, gates, magnitude, motion, static, wave

KEYS = [(0.1, 0.6), (0.9, 1.6)]


def options(type: str, choice: str, **values: float | str) -> Variants:
    """One variant for each option of a choice."""
    return [(option, {choice: option, **values}) for option in types()[type].choices[choice].options]


def steps(name: str, settings: tuple[float, ...], unit: str = "", **values: float | str) -> Variants:
    """One variant for each value of a parameter."""
    return [(f"{value:g}{unit}", {name: value, **values}) for value in settings]


def only(**values: float | str) -> Variants:
    """One setting."""
    return [("", values)]


CURVES: dict[str, Callable[[], Figure]] = {
    "adsr": lambda: motion("adsr", only(attack_s=0.1, decay_s=0.4, sustain=0.6), 2.0, {"gate": gates(2.0, KEYS)}),
    "compressor": lambda: static("compressor", steps("ratio", (1.5, 2.0, 4.0, 10.0), ": 1")),
    "filter": lambda: magnitude("filter", options("filter", "mode", cutoff_hz=1000.0, q=3.0)),
    "lfo": lambda: motion("lfo", options("lfo", "shape"), 2.0),
    "noise": lambda: colour("noise", options("noise", "color")),
    "saw": lambda: wave("saw", only()),
    "sine": lambda: wave("sine", only(frequency_hz=110.0)),
}
"""Drawn as lines."""

IMAGES: dict[str, Callable[[], Figure]] = {}
"""Drawn as images: spectra over time."""
