"""audio_file: what it plays from a ring, and what it does when the disk is late."""

from __future__ import annotations

import numpy as np
import pytest

from tests.kernel_probe import CELL, Memory, Signal, State, Stream, run_kernel
from tests.nodes.forms import each_form, each_rate
from tests.reference import render

RING = 2_048
REACH = 40  # frames before the slice that its taps may want


def recording(frames: int, channels: int = 2) -> Signal:
    return np.random.default_rng(9).uniform(-1, 1, (channels, frames)).astype(np.float32)


class Disk:
    """The disk side: fills the rings as far as they have room, or less where it is told to be late."""

    def __init__(self, data: Signal) -> None:
        self.data, self.stream = data, Stream(ends_at=data.shape[1])
        self.rings = [Memory(np.full(RING, np.nan, np.float32), stream=self.stream) for _ in data]

    def fill(self, until: int | None = None) -> None:
        room = min(self.stream.consumed + RING, self.data.shape[1], until or 2**62)
        for frame in range(self.stream.written, room):
            for ring, plane in zip(self.rings, self.data, strict=True):
                ring.data[frame % RING] = plane[frame]
        self.stream.written = max(self.stream.written, room)


def play(disk: Disk, frames: int, state: State, **setting: object) -> Signal:
    options = {"memories": disk.rings, "channels": [0, 1], "frames": frames, "state": state} | setting
    return run_kernel("audio_file", **options)["out"]  # type: ignore[arg-type]


@each_form
@each_rate
def test_a_recording_longer_than_the_ring_comes_out_whole(form: tuple[int, str], rate: int) -> None:
    data = recording(1_500)
    disk, state, parts = Disk(data), State(), []
    for time in range(0, 1_664, 64):
        disk.fill()
        setting = {"params": {"gain_db": -6.0}, "width": form[0], "level": form[1], "time": time, "sample_rate": rate}
        parts.append(play(disk, 64, state, **setting))
    out = np.concatenate(parts, axis=1)
    expected = render("audio_file", {}, {"gain_db": -6.0}, rate, frames=1_664, channels=2, media={"file": (data, rate)})
    np.testing.assert_allclose(out, expected["out"], atol=1e-6)
    assert disk.stream.underruns == 0


def test_what_another_channel_may_still_read_is_not_given_back() -> None:
    disk, state = Disk(recording(2_000)), State()
    disk.fill()
    play(disk, 64, state)
    assert disk.stream.consumed == 0
    play(disk, 128, state, time=64)
    assert disk.stream.consumed == 128 - REACH


def test_a_late_disk_is_silence_that_is_counted_and_fades_and_time_goes_on() -> None:
    data = np.ones((2, 4_000), np.float32)
    disk, state = Disk(data), State()
    disk.fill(300)
    late = play(disk, 512, state)
    assert disk.stream.underruns == 2  # slices of a cell
    assert not late[:, 300:].any()
    assert np.abs(np.diff(late[:, :512])).max() < 1.5 / CELL
    disk.stream.written = disk.stream.consumed
    disk.fill()
    back = play(disk, 256, state, time=512)
    np.testing.assert_array_equal(back[0], back[1])
    assert np.abs(np.diff(back)).max() < 1.5 / CELL and back[0, 0] == 0.0 and (back[:, CELL:] == 1.0).all()


def test_after_a_late_disk_the_place_is_where_it_would_have_been() -> None:
    data = recording(4_000)
    disk, state = Disk(data), State()
    disk.fill(128)
    play(disk, 512, state)
    disk.stream.written = disk.stream.consumed
    disk.fill()
    out = play(disk, 256, state, time=512)
    np.testing.assert_array_equal(out[:, CELL:], data[:, 512 + CELL : 768])


def test_it_begins_where_the_stream_says() -> None:
    data = recording(1_000)
    disk = Disk(data)
    disk.stream.written = disk.stream.consumed = 700
    disk.fill()
    out = play(disk, 400, State())
    np.testing.assert_array_equal(out[:, :300], data[:, 700:])
    assert not out[:, 300:].any()


def at_speed(speed: Signal | float, data: Signal, frames: int) -> Signal:
    """What comes out of a ring that is filled before each cell."""
    disk, state, parts = Disk(np.atleast_2d(data).astype(np.float32)), State(), []
    moving = np.broadcast_to(np.asarray(speed, np.float32), (1, frames)) if np.ndim(speed) else None
    for time in range(0, frames, CELL):
        disk.fill()
        now = {"speed": speed if moving is None else moving[:, time : time + CELL]}
        parts.append(play(disk, CELL, state, params=now, time=time, channels=[0]))
    assert disk.stream.underruns == 0
    return np.concatenate(parts, axis=1)[0]


@pytest.mark.parametrize("speed", [0.25, 0.5, 0.8, 1.03, 1.3, 2.0, 3.1, 4.0])
@pytest.mark.parametrize("share", [1 / 48, 1 / 12, 1 / 5, 0.29])
def test_a_tone_at_another_speed_is_pure_and_as_loud(speed: float, share: float) -> None:
    tone = min(share, share / speed)
    out = at_speed(speed, np.sin(2 * np.pi * tone * np.arange(20_000)), 32 * CELL)[4 * CELL :].astype(float)
    power = np.abs(np.fft.rfft(out * np.kaiser(len(out), 14.0))) ** 2
    line = np.abs(np.arange(len(power)) - tone * speed * len(out)) <= 8

    assert 10 * np.log10(power[line].sum() / power[~line].sum()) > 70.0
    assert abs(20 * np.log10(out.std() * np.sqrt(2))) < 0.1


@pytest.mark.parametrize("speed", [1.3, 2.0, 3.1, 4.0])
def test_what_would_fold_back_is_not_there(speed: float) -> None:
    """Tones that lie 15 % above half the rate, and further up, once the tape runs that fast."""
    for above in (0.575, 0.75, 1.2):
        if above / speed < 0.49:
            out = at_speed(speed, np.sin(2 * np.pi * above / speed * np.arange(20_000)), 16 * CELL)[CELL:]
            assert 20 * np.log10(np.sqrt(2) * out.std()) < -65.0


def test_a_tape_that_slows_down_and_stops_is_silent() -> None:
    frames = 40 * CELL
    speed = np.clip(1.0 - np.arange(frames) / 2_000, 0.0, 1.0)
    place = np.concatenate([[0], np.cumsum(speed)[:-1]])
    out = at_speed(speed, np.cos(0.05 * np.arange(4_000)), frames)

    np.testing.assert_allclose(out[16:1_950], np.cos(0.05 * place[16:1_950]), atol=2e-4)
    assert not out[2_001:].any()


def test_a_speed_that_passes_1_does_not_click() -> None:
    frames = 40 * CELL
    speed = 1.0 + 0.3 * np.sin(np.arange(frames) / 300)
    place = np.concatenate([[0], np.cumsum(speed)[:-1]])
    out = at_speed(speed, np.sin(0.3 * np.arange(9_000)), frames)

    np.testing.assert_allclose(out[64:], np.sin(0.3 * place[64:]), atol=1e-3)


def test_without_a_stream_it_is_silent() -> None:
    assert not run_kernel("audio_file", memories=[None, None], frames=100)["out"].any()
