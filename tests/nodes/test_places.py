"""Nodes in time with the piece: begun in the middle of it they sound as if they had run from its start, to the bit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.kernel_probe import run_kernel
from tests.nodes.forms import each_form, each_rate

PLACE = 54_321
FRAMES = 6_000

CASES: dict[str, tuple[str, dict[str, str], dict[str, Any]]] = {
    "clock": ("clock", {"rate": "1/8t"}, {"tempo_bpm": [133.0, 61.7, 240.0, 88.0, 120.0], "swing": 0.6}),
    "clock in five": ("clock", {}, {"tempo_bpm": 310.0, "beats_per_bar": [5.0, 3.0]}),
    "lfo": ("lfo", {"sync": "1/4", "shape": "triangle"}, {"tempo_bpm": [133.0, 61.7, 240.0, 88.0, 120.0]}),
    "lfo with numbers": ("lfo", {"sync": "1/16", "shape": "random"}, {"tempo_bpm": [133.0, 61.7]}),
    "lfo that glides": ("lfo", {"sync": "1/8", "shape": "smooth"}, {"tempo_bpm": 133.0, "skew": 0.3}),
}


@each_form
@each_rate
@pytest.mark.parametrize("case", CASES)
def test_a_node_finds_its_place_to_the_bit(case: str, form: tuple[int, str], rate: int) -> None:
    kernel, choices, params = CASES[case]
    setting: dict[str, Any] = {"choices": choices, "params": params, "width": form[0], "level": form[1]}
    whole = run_kernel(kernel, frames=PLACE + FRAMES, sample_rate=rate, **setting)
    part = run_kernel(kernel, frames=FRAMES, sample_rate=rate, position=PLACE, **setting)

    for outlet, sound in part.items():
        assert np.array_equal(sound, whole[outlet][:, PLACE:]), outlet


def test_hours_into_a_piece_a_clock_still_beats_on_the_frame() -> None:
    beat_frames, hour = 24_000, 3_600 * 48_000
    for hours in (1, 24, 1_000):
        place = hours * hour + 13
        out = run_kernel("clock", choices={"rate": "1/4"}, params={"tempo_bpm": 120.0}, frames=50_000, position=place)
        begins = np.flatnonzero(np.diff(out["out"][0]) > 0) + 1
        first = -(-place // beat_frames) * beat_frames - place
        assert begins.tolist() == [first, first + beat_frames]


@pytest.mark.parametrize("choices", [{}, {"sync": "1/4", "mode": "one_shot"}])
def test_an_lfo_that_goes_by_itself_begins_at_its_beginning(choices: dict[str, str]) -> None:
    here = run_kernel("lfo", choices=choices, frames=FRAMES, position=PLACE)
    there = run_kernel("lfo", choices=choices, frames=FRAMES)

    assert np.array_equal(here["out"], there["out"])
