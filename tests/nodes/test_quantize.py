"""quantize against a search through lists of notes."""

from __future__ import annotations

import numpy as np
import pytest

from graphdaw.nodes.quantize import SCALES
from tests.kernel_probe import CELL, run_kernel

DEGREES = {
    "chromatic": range(12), "major": (0, 2, 4, 5, 7, 9, 11), "minor": (0, 2, 3, 5, 7, 8, 10),
    "harmonic_minor": (0, 2, 3, 5, 7, 8, 11), "melodic_minor": (0, 2, 3, 5, 7, 9, 11), "dorian": (0, 2, 3, 5, 7, 9, 10),
    "phrygian": (0, 1, 3, 5, 7, 8, 10), "lydian": (0, 2, 4, 6, 7, 9, 11), "mixolydian": (0, 2, 4, 5, 7, 9, 10),
    "locrian": (0, 1, 3, 5, 6, 8, 10), "pentatonic": (0, 2, 4, 7, 9), "minor_pentatonic": (0, 3, 5, 7, 10),
    "blues": (0, 3, 5, 6, 7, 10), "whole_tone": (0, 2, 4, 6, 8, 10), "diminished": (0, 2, 3, 5, 6, 8, 9, 11),
    "fifths": (0, 7), "octaves": (0,),
}  # fmt: skip
X = np.random.default_rng(8).uniform(-30, 130, 500).astype(np.float32)


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("rounding", ["nearest", "down", "up"])
def test_notes_are_the_nearest_of_the_scale(scale: str, rounding: str) -> None:
    root = 4
    notes = np.array([12 * octave + root + d for octave in range(-6, 14) for d in DEGREES[scale]])
    way = notes[None] - X[:, None]
    size = {"nearest": np.abs(way), "down": np.where(way <= 0, -way, 1e9), "up": np.where(way >= 0, way, 1e9)}[rounding]
    params, choices = {"root": float(root), "transpose_semitones": 12.0}, {"scale": scale, "rounding": rounding}
    out = run_kernel("quantize", inputs={"in": X}, params=params, choices=choices)["out"][0]
    np.testing.assert_array_equal(out, notes[size.argmin(axis=1)] + 12)


def test_hertz_come_out_in_tune() -> None:
    hz = np.float32(440 * 2 ** ((X - 69) / 12))
    out = run_kernel("quantize", inputs={"in": hz}, choices={"unit": "hertz"})["out"][0]
    plain = np.abs(X - np.floor(X) - 0.5) > 0.01
    expected = 440 * 2 ** ((np.round(X.astype(float)) - 69) / 12)
    assert np.abs(1200 * np.log2(out / expected))[plain].max() < 0.01


def test_a_change_is_told_once_and_not_at_the_start() -> None:
    x = np.repeat([3.1, 3.4, 4.2, 4.2, 2.0], 200)
    changed = run_kernel("quantize", inputs={"in": x})["changed"][0]
    edges = np.flatnonzero(np.diff(np.r_[0, changed]) > 0)
    assert edges.tolist() == [400, 800] and changed.sum() == 2 * 48


@pytest.mark.parametrize("slices", [1, 17, CELL])
def test_hysteresis_keeps_a_note_that_wavers(slices: int) -> None:
    x = 60.5 + 0.1 * np.sin(np.arange(4_000) / 20)
    plain = run_kernel("quantize", inputs={"in": x}, slices=slices)["out"][0]
    held = run_kernel("quantize", inputs={"in": x}, params={"hysteresis_semitones": 0.3}, slices=slices)["out"][0]
    assert (np.diff(plain) != 0).sum() > 20 and (np.diff(held) != 0).sum() == 0
    away = run_kernel("quantize", inputs={"in": [60.0, 60.8, 60.6, 60.2]}, params={"hysteresis_semitones": 0.3})["out"][
        0
    ]
    assert away.tolist() == [60, 61, 61, 60]
