"""clock against the times of beats in whole fractions, over hours."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from numpy.typing import NDArray

from graphdaw.nodes.tempo import SYNC
from tests.kernel_probe import CELL, State, run_kernel
from tests.nodes.forms import each_form, each_rate
from tests.reference.lfo import beats

MULTIPLES = {"out": 1, "twice": 2, "fourfold": 4, "half": Fraction(1, 2), "quarter": Fraction(1, 4)}


def starts(signal: NDArray[np.float32]) -> list[int]:
    """Frames in which a pulse begins, the first frame among them."""
    return np.flatnonzero(np.diff(np.r_[0.0, signal]) > 0).tolist()


def expected(bpm: Fraction, note: Fraction, rate: int, frames: int) -> list[int]:
    """The first frame at or after each multiple of a note."""
    length, found, k = note * 60 * rate / bpm, [], 0
    while (at := -int(-(k * length) // 1)) < frames:
        found.append(at)
        k += 1
    return found


@each_form
def test_pulses_fall_on_the_frames_of_their_notes(form: tuple[int, str]) -> None:
    out = run_kernel("clock", width=form[0], level=form[1], params={"tempo_bpm": [120.0, 100.0, 90.0]}, frames=100_000)
    for lane, bpm in enumerate((120, 100, 90)):
        for outlet, times in MULTIPLES.items():
            assert starts(out[outlet][lane]) == expected(Fraction(bpm), Fraction(1, 4) / times, 48_000, 100_000)
        assert starts(out["bar"][lane]) == expected(Fraction(bpm), Fraction(4), 48_000, 100_000)


@each_rate
@pytest.mark.parametrize("note", SYNC[1:])
def test_every_note_length_is_exact(note: str, rate: int) -> None:
    frames, bpm = 5 * 8_000, Fraction(400)
    out = run_kernel("clock", choices={"rate": note}, params={"tempo_bpm": 400.0}, frames=frames, sample_rate=rate)
    length = Fraction(beats(note)).limit_denominator(1000)
    for outlet, times in MULTIPLES.items():
        assert starts(out[outlet][0]) == expected(bpm, length / times, rate, frames)


@pytest.mark.parametrize("bpm", [120.0, 93.0, 20.0, 400.0])
def test_beats_are_exact_after_hours(bpm: float) -> None:
    """The phase after ten hours, as the state holds it then, still sends the beat on its frame."""
    state, rate = State(), 48_000
    run_kernel("clock", width=1, params={"tempo_bpm": bpm}, frames=CELL, state=state)
    words = state.packs[0]
    step = int(words[2]) << 32 | int(words[3])
    ideal = Fraction(int(bpm)) / (60 * 192 * rate) * 2**64
    assert 0 <= step - ideal <= 1 + Fraction(1, 100)
    hours = 10 * 3_600 * rate
    assert (step - ideal) * hours / 2**64 * 192 * 60 / Fraction(int(bpm)) < Fraction(1, 100 * rate)


def test_swing_delays_every_second_pulse() -> None:
    out = run_kernel("clock", params={"tempo_bpm": 125.0, "swing": 2 / 3, "width": 0.5}, frames=48_000)["out"][0]
    found = np.array(starts(out))
    pair = 48_000 * 60 / 125 / 2
    np.testing.assert_allclose(found[::2], np.arange(len(found[::2])) * pair, atol=1)
    np.testing.assert_allclose(found[1::2], (np.arange(len(found[1::2])) + 2 / 3) * pair, atol=1)


def test_width_run_and_reset() -> None:
    frames = 24_000
    run = np.ones((1, frames), np.float32)
    run[0, 7_600:9_600] = 0.0
    reset = np.zeros(frames)
    reset[20_000] = 1.0
    out = run_kernel("clock", params={"run": run, "width": 0.25, "beats_per_bar": 3.0}, inputs={"reset": reset})
    assert starts(out["out"][0]) == [0, 6_000, 14_000, 20_000]
    pulses = np.diff(np.flatnonzero(np.diff(np.r_[0, out["out"][0], 0])))[::2]
    assert pulses.tolist() == [1_500] * 4
    assert not out["out"][0][7_600:9_600].any()
    assert starts(out["bar"][0]) == [0, 20_000]
    np.testing.assert_allclose(out["phase"][0][3_000], 0.5, atol=1e-6)


def test_a_bar_has_its_beats() -> None:
    params = {"tempo_bpm": 240.0, "beats_per_bar": [1.0, 3.0, 5.0, 7.0]}
    out = run_kernel("clock", params=params, choices={"rate": "1/4"}, frames=300_000)["bar"]
    for bar, count in zip(out, (1, 3, 5, 7), strict=True):
        assert starts(bar) == list(range(0, 300_000, 12_000 * count))


def test_the_narrowest_pulse_is_never_lost() -> None:
    params = {"tempo_bpm": 400.0, "width": 0.01}
    out = run_kernel("clock", params=params, choices={"rate": "1/32"}, frames=16_000, sample_rate=8_000)["fourfold"][0]
    assert len(starts(out)) == len(expected(Fraction(400), Fraction(1, 32), 8_000, 16_000))
