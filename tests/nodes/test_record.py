"""record: it changes nothing, and keeps what flows by in its rings."""

from __future__ import annotations

import numpy as np
import pytest

from tests.kernel_probe import CELL, Memory, Signal, State, Stream, run_kernel
from tests.nodes.forms import each_form

RING = 1_024


def noise(frames: int, lanes: int = 3) -> Signal:
    return np.random.default_rng(4).uniform(-1, 1, (lanes, frames)).astype(np.float32)


@each_form
def test_what_comes_in_goes_out(form: tuple[int, str]) -> None:
    source = noise(500)
    out = run_kernel("record", inputs={"in": source}, width=form[0], level=form[1], memories=[None] * 3)["out"]
    np.testing.assert_array_equal(out, source)


@each_form
@pytest.mark.parametrize("time", [0, CELL * 5 + 37])
def test_rings_hold_the_last_second_and_its_gate_by_absolute_time(form: tuple[int, str], time: int) -> None:
    frames, stream, state = 3_000, Stream(), State()
    source = noise(frames)
    gate = (np.arange(frames) // 300 % 2).astype(np.float32)[None]
    rings = [Memory(np.zeros(size, np.float32), stream=stream) for size in (2 * RING, RING, RING)]
    run_kernel(
        "record", inputs={"in": source}, params={"recording": gate}, memories=rings, channels=[0, 1, 2],
        time=time, width=form[0], level=form[1], state=state,
    )  # fmt: skip

    last = time + frames
    assert stream.written == (last - 1) // CELL * CELL and stream.consumed == time
    held = np.arange(last - RING, last)
    for lane, ring in enumerate(rings):
        np.testing.assert_array_equal(ring.data[held % RING], source[lane, held - time])
    np.testing.assert_array_equal(rings[0].data[RING + held % RING], gate[0, held - time])
