"""MIDI clock: pulses at the times that the tempo map says, and tempo and place out of uneven pulses."""

from __future__ import annotations

import random

import pytest

from graphdaw.graph.timeline import Tempo, Timeline
from graphdaw.host.midi.clock import AHEAD_S, PULSE_TICKS, ClockFollower, ClockSender
from graphdaw.host.midi.messages import MidiMessage

CLOCK = MidiMessage("clock")


def uneven(bpm: float, quarters: float, jitter_s: float, seed: int, start_s: float = 1000.0) -> list[float]:
    dice = random.Random(seed)
    return [start_s + k * 60.0 / (bpm * 24) + dice.uniform(-jitter_s, jitter_s) for k in range(round(quarters * 24))]


def following(times: list[float]) -> ClockFollower:
    follower = ClockFollower()
    follower.handle(MidiMessage("start"), times[0])
    for when_s in times:
        follower.handle(CLOCK, when_s)
    return follower


@pytest.mark.parametrize("bpm", (40.0, 60.0, 93.7, 120.0))
@pytest.mark.parametrize("seed", range(25))
def test_the_tempo_is_known_after_two_quarters(bpm: float, seed: int) -> None:
    assert following(uneven(bpm, 2, 0.001, seed)).bpm == pytest.approx(bpm, rel=1e-3)
    assert following(uneven(bpm, 4, 0.001, seed)).bpm == pytest.approx(bpm, rel=4e-4)


@pytest.mark.parametrize("bpm", (20.0, 174.0, 300.0, 999.0))
def test_an_even_clock_is_known_at_once(bpm: float) -> None:
    assert following(uneven(bpm, 0.25, 0.0, 0)).bpm == pytest.approx(bpm, rel=1e-6)


def test_the_place_does_not_drift_in_ten_minutes() -> None:
    bpm, start_s = 120.0, 1000.0
    follower, worst_s = ClockFollower(), 0.0
    follower.handle(MidiMessage("start"), start_s)
    for k, when_s in enumerate(uneven(bpm, 1200, 0.001, 7)):
        follower.handle(CLOCK, when_s)
        tick = follower.tick_at(start_s + k * 60.0 / (bpm * 24))
        if k > 96:
            assert tick is not None
            worst_s = max(worst_s, abs(tick - k * PULSE_TICKS) / 960 * 60 / bpm)

    assert worst_s < 0.0005


def test_a_change_of_tempo_is_followed_within_half_a_quarter() -> None:
    follower = following(uneven(120.0, 16, 0.001, 3))
    for when_s in uneven(140.0, 0.5, 0.001, 4, start_s=1000.0 + 16 * 0.5):
        follower.handle(CLOCK, when_s)
    assert follower.bpm == pytest.approx(140.0, rel=0.03)

    for when_s in uneven(140.0, 4, 0.001, 5, start_s=1000.0 + 16 * 0.5 + 0.5 * 60 / 140):
        follower.handle(CLOCK, when_s)
    assert follower.bpm == pytest.approx(140.0, rel=1e-3)


def test_a_tempo_that_glides_is_followed() -> None:
    follower, when_s = ClockFollower(), 50.0
    for k in range(24 * 16):
        bpm = 100.0 + 40.0 * k / (24 * 16)
        when_s += 60.0 / (24 * bpm)
        follower.handle(CLOCK, when_s)
        if k > 48:
            assert follower.bpm == pytest.approx(bpm, rel=0.01)


def test_place_follows_start_stop_position_and_continue() -> None:
    follower = following(uneven(120.0, 4, 0.0, 0))
    assert follower.tick_at(1002.0) == pytest.approx(4 * 960)

    follower.handle(MidiMessage("stop"), 1002.0)
    follower.handle(CLOCK, 1002.0)
    assert not follower.playing and follower.tick_at(1009.0) == 4 * 960 - 40 and follower.bpm == pytest.approx(120.0)

    follower.handle(MidiMessage("song_position", value=32), 1002.01)
    follower.handle(MidiMessage("continue"), 1002.01)
    assert follower.playing and follower.tick_at(1002.015) == 32 * 240
    follower.handle(CLOCK, 1002.0 + 0.5 / 24)
    follower.handle(CLOCK, 1002.0 + 1.0 / 24)
    assert follower.tick_at(1002.0 + 1.0 / 24) == pytest.approx(32 * 240 + 40)


def test_a_clock_that_ceases_is_lost_and_begins_anew() -> None:
    follower = following(uneven(120.0, 4, 0.0, 0))
    assert not follower.lost(1002.5) and follower.lost(1003.1)

    for when_s in uneven(60.0, 1, 0.0, 0, start_s=1010.0):
        follower.handle(CLOCK, when_s)
    assert follower.bpm == pytest.approx(60.0)


def test_before_there_are_enough_pulses_nothing_is_said() -> None:
    follower = following(uneven(120.0, 5 / 24, 0.0, 0))

    assert follower.bpm is None and follower.tick_at(1000.0) is None


SONG = Timeline((Tempo(0, 120.0), Tempo(960, 60.0, ramp=True), Tempo(2880, 180.0)))


def sent(sender: ClockSender, log: list[tuple[MidiMessage, float]], start_s: float, end_s: float) -> list[float]:
    now_s = start_s
    while now_s < end_s:
        sender.advance(now_s)
        now_s += AHEAD_S / 2
    return [at_s for message, at_s in log if message == CLOCK]


def test_pulses_come_when_the_tempo_map_says() -> None:
    log: list[tuple[MidiMessage, float]] = []
    sender = ClockSender(SONG.seconds, lambda message, at_s: log.append((message, at_s)))
    sender.start(0, 500.0)
    times = sent(sender, log, 500.0, 506.0)

    assert log[0] == (MidiMessage("start"), 500.0)
    assert times == [500.0 + SONG.seconds(k * 40) for k in range(len(times))] and len(times) > 200
    assert times[-1] - 506.0 == pytest.approx(AHEAD_S / 2, abs=0.03)


def test_from_the_middle_it_begins_at_the_next_sixteenth() -> None:
    log: list[tuple[MidiMessage, float]] = []
    sender = ClockSender(SONG.seconds, lambda message, at_s: log.append((message, at_s)))
    sender.start(1050, 500.0)
    times = sent(sender, log, 500.0, 501.0)
    begins_s = 500.0 + SONG.seconds(1200) - SONG.seconds(1050)

    assert log[0] == (MidiMessage("song_position", value=5), 500.0)
    assert log[1] == (MidiMessage("continue"), pytest.approx(begins_s - 0.005))
    assert times[0] == pytest.approx(begins_s)


def test_just_after_a_sixteenth_it_begins_there_and_makes_up_for_it() -> None:
    log: list[tuple[MidiMessage, float]] = []
    sender = ClockSender(SONG.seconds, lambda message, at_s: log.append((message, at_s)))
    sender.start(50, 500.0)
    times = sent(sender, log, 500.0, 501.0)

    assert log[0] == (MidiMessage("start"), 500.0)
    assert times[:3] == [500.0 + SONG.seconds(k * 40) - SONG.seconds(50) for k in range(3)]


def test_both_ends_agree_on_tempo_and_place() -> None:
    follower = ClockFollower()
    sender = ClockSender(SONG.seconds, follower.handle)
    sender.start(4800, 500.0)
    for k in range(200):
        sender.advance(500.0 + k * 0.02)

    assert follower.bpm == pytest.approx(180.0, rel=1e-6)
    assert follower.tick_at(504.0) == pytest.approx(SONG.ticks(SONG.seconds(4800) + 4.0), abs=1e-3)

    sender.stop(504.0)
    assert not follower.playing and not sender.playing
    sender.stop(505.0)
