"""A transport that keeps in time with a session of Ableton Link."""

from __future__ import annotations

from typing import Protocol

from graphdaw.graph.clips import TICKS_PER_QUARTER
from graphdaw.host.controls.transport import Transport
from graphdaw.host.midi.clock import Follower
from graphdaw.host.midi.sync import APART_S, LOOK_S, NEW_TEMPO, Song
from graphdaw.host.rounds import Rounds


class Link(Follower, Protocol):
    """What it keeps in time with: a follower whose tempo can be set."""

    def set_tempo(self, bpm: float) -> None:
        """Set the tempo, for all."""


class LinkSync(Rounds):
    """Shares tempo and beat with a Link session while the transport plays; close it when done.

    A tempo that is changed here is changed for all; one that others change is taken over where the piece has one. The
    piece lies on the session's beats within `quantum_beats`; more than 30 ms off, it goes to the nearest such place.
    """

    def __init__(self, transport: Transport, song: Song, link: Link, quantum_beats: float = 4.0) -> None:
        self._transport, self._song, self._link = transport, song, link
        self._quantum_ticks = quantum_beats * TICKS_PER_QUARTER
        self._agreed_bpm: float | None = None
        super().__init__("graphdaw-link-sync", LOOK_S)

    def _round(self, now_s: float) -> None:
        if not self._transport.playing:
            return
        self._agree()
        tick, theirs = self._song().ticks(self._transport.position_s), self._link.tick_at(now_s)
        bpm = self._agreed_bpm
        if theirs is None or bpm is None:
            return
        half = self._quantum_ticks / 2.0
        off_ticks = (theirs - tick + half) % self._quantum_ticks - half
        if abs(off_ticks) * 60.0 / (TICKS_PER_QUARTER * bpm) > APART_S:
            there = tick + off_ticks
            self._transport.locate(self._song().seconds(there if there >= 0.0 else there + self._quantum_ticks))

    def _agree(self) -> None:
        """One tempo for both: ours where it was changed since the last round, else theirs."""
        ours, theirs = self._transport.tempo_bpm(), self._link.bpm
        if ours is None or theirs is None:
            return
        if self._agreed_bpm is not None and abs(ours / self._agreed_bpm - 1.0) > NEW_TEMPO:
            self._link.set_tempo(ours)
        elif abs(theirs / ours - 1.0) > NEW_TEMPO:
            self._transport.set_tempo(round(theirs, 2))
        self._agreed_bpm = self._transport.tempo_bpm()
