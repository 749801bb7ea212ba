"""A session on the null device that sends a clock, and one that goes by one."""

from __future__ import annotations

import time

import pytest

import graphdaw as gd
from graphdaw.graph.timeline import Tempo, Timeline
from graphdaw.host.controls.transport import SessionTransport
from graphdaw.host.midi.clock import ClockFollower, ClockSender
from graphdaw.host.midi.messages import MidiMessage
from graphdaw.host.midi.sync import ClockIn, ClockOut
from tests.waiting import wait


class Log:
    """What was sent, and when it is to be heard."""

    def __init__(self) -> None:
        self.sent: list[tuple[MidiMessage, float]] = []
        self.follower = ClockFollower()

    def __call__(self, message: MidiMessage, at_s: float) -> None:
        self.sent.append((message, at_s))
        self.follower.handle(message, at_s)

    @property
    def orders(self) -> list[MidiMessage]:
        return [message for message, _ in self.sent if message.kind != "clock"]


def session() -> gd.Session:
    return gd.Session(gd.Graph(), device="null", block_frames=512)


def test_a_clock_goes_with_the_transport() -> None:
    log, song = Log(), Timeline((Tempo(0, 150.0),))
    with session() as playing:
        clock = ClockOut(SessionTransport(playing), lambda: song, log)
        playing.locate(2.0)
        playing.play()
        time.sleep(2.5)
        now_s, position_s = time.monotonic(), playing.position_s
        tick, bpm = log.follower.tick_at(now_s), log.follower.bpm
        playing.stop()
        assert wait(lambda: log.orders[-1:] == [MidiMessage("stop")])
        clock.close()

    assert log.orders[:2] == [MidiMessage("song_position", value=20), MidiMessage("continue")] and len(log.orders) == 3
    assert bpm == pytest.approx(150.0, rel=2e-3)
    assert tick is not None and song.seconds(tick) - position_s == pytest.approx(0.006, abs=0.02)  # a block is 11 ms


def test_a_jump_and_another_tempo_are_sent_on() -> None:
    log, songs = Log(), [Timeline((Tempo(0, 120.0),))]
    with session() as playing:
        clock = ClockOut(SessionTransport(playing), lambda: songs[-1], log)
        playing.play()
        assert wait(lambda: len(log.sent) > 10)
        songs.append(Timeline((Tempo(0, 120.0), Tempo(96_000, 60.0))))  # far ahead: nothing is to be heard of it
        time.sleep(0.1)
        assert log.orders == [MidiMessage("start")]
        playing.locate(10.0)
        assert wait(lambda: len(log.orders) == 4)
        songs.append(Timeline((Tempo(0, 60.0),)))
        assert wait(lambda: len(log.orders) == 7)
        clock.close()

    kinds = ["stop", "song_position", "continue"]
    assert [m.kind for m in log.orders] == ["start", *kinds, *kinds, "stop"]
    assert log.orders[2].value in (80, 81) and log.orders[5].value in (40, 41)


def test_a_session_goes_by_another_clock() -> None:
    song = Timeline((Tempo(0, 120.0),))
    with session() as playing:
        clock = ClockIn(SessionTransport(playing), lambda: song)
        sender = ClockSender(song.seconds, clock.handle)
        begin_s = time.monotonic()
        sender.start(1920, begin_s)
        for _ in range(75):
            sender.advance(time.monotonic())
            time.sleep(0.02)
        assert playing.playing
        assert playing.position_s - 1.0 == pytest.approx(time.monotonic() - begin_s, abs=0.06)

        sender.stop(time.monotonic())
        assert not playing.playing
        clock.handle(MidiMessage("song_position", value=8), time.monotonic())
        assert playing.position_s == pytest.approx(1.0)
        clock.close()
