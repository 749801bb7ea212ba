"""A transport that sends a MIDI clock, or goes by one. Each has a thread of its own."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from graphdaw.errors import GraphdawError
from graphdaw.graph.timeline import Timeline
from graphdaw.host.controls.transport import Transport
from graphdaw.host.midi.clock import PULSE_TICKS, ClockFollower, ClockSender
from graphdaw.host.midi.delay import LeastDelay
from graphdaw.host.midi.messages import MidiMessage, Sink
from graphdaw.host.rounds import Rounds

ROUND_S = 0.01
JUMP_S = 0.1  # what the position may be off before it counts as a jump
PULL = 0.1  # of what the clock is off, what a round makes good
APART_S = 0.03  # what a follower may be off before it goes to where it should be
NEW_TEMPO = 0.003  # part by which the other's tempo must differ to be taken over
LOOK_S = 0.25

Song = Callable[[], Timeline]


class ClockOut(Rounds):
    """Sends the clock of a transport, with its starts, stops and jumps, ahead of its time; close it when done.

    A device's position goes on by blocks; the least delay of the last two seconds tells where the sound really is. A
    tempo map that changes behind the position is followed; one that moves it is a jump.
    """

    def __init__(self, transport: Transport, song: Song, send: Sink) -> None:
        self._transport, self._song = transport, song
        self._timeline = song()
        self._sender = ClockSender(self._timeline.seconds, send)
        self._delay = LeastDelay()
        super().__init__("graphdaw-clock-out", ROUND_S)

    def _round(self, now_s: float) -> None:
        if not self._transport.playing:
            self._sender.stop(now_s)
            return
        position_s, timeline = self._transport.position_s, self._song()
        if timeline is not self._timeline:
            moved = abs(timeline.ticks(position_s) - self._timeline.ticks(position_s)) > PULSE_TICKS / 2
            self._timeline, self._sender.seconds_of = timeline, timeline.seconds
            if moved:
                self._sender.stop(now_s)
        off_s = self._sender.off_s(timeline.ticks(position_s), now_s)
        if not self._sender.playing or abs(off_s) > JUMP_S:
            self._delay.clear()
            self._sender.start(timeline.ticks(position_s), now_s)
            off_s = 0.0
        least_s = self._delay.least_s(now_s, now_s - position_s)
        self._sender.nudge(PULL * (off_s - (now_s - position_s - least_s)))
        self._sender.advance(now_s)

    def close(self) -> None:
        """Stop the clock, and end."""
        super().close()
        self._sender.stop(time.monotonic())


class ClockIn(Rounds):
    """Lets a transport go by somebody else's clock: give `handle` to an input as its sink; close it when done.

    Starts, stops and positions are followed as they come. While it plays, the transport goes to where it should be
    once it is more than 30 ms off, and takes over a tempo that differs by more than 0.3 %, where the piece has one.
    """

    def __init__(self, transport: Transport, song: Song) -> None:
        self.follower = ClockFollower()
        self._transport, self._song = transport, song
        self._change = threading.Lock()
        super().__init__("graphdaw-clock-in", LOOK_S)

    def handle(self, message: MidiMessage, when_s: float) -> None:
        """Take a message of the input."""
        with self._change:
            self.follower.handle(message, when_s)
            if message.kind in ("start", "continue"):
                self._locate(self.follower.tick_at(when_s) or 0.0)
                self._transport.play()
            elif message.kind == "stop":
                self._transport.stop()
            elif message.kind == "song_position" and not self._transport.playing:
                self._locate(self.follower.tick_at(when_s) or 0.0)

    def _locate(self, tick: float) -> None:
        self._transport.locate(max(0.0, self._song().seconds(tick)))

    def _round(self, now_s: float) -> None:
        with self._change:
            if not self.follower.playing or self.follower.lost(now_s) or not self._transport.playing:
                return
            self._take_tempo()
            tick, position_s = self.follower.tick_at(now_s), self._transport.position_s
            if tick is not None and abs(self._song().seconds(tick) - position_s) > APART_S:
                self._locate(tick)

    def _take_tempo(self) -> None:
        theirs, ours = self.follower.bpm, self._transport.tempo_bpm()
        if theirs is None or ours is None or abs(theirs / ours - 1.0) <= NEW_TEMPO:
            return
        try:
            self._transport.set_tempo(round(theirs, 2))
        except GraphdawError:
            logging.getLogger("graphdaw").warning("A clock of %.1f bpm cannot be followed.", theirs)
