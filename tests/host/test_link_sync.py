"""A transport and a session of Link, by a clock that is set by hand: tempo both ways, and the beat."""

from __future__ import annotations

import math

import pytest

import graphdaw as gd
from graphdaw.graph.timeline import Timeline
from graphdaw.host.controls.transport import SessionTransport
from graphdaw.host.link_sync import LinkSync


class Beats:
    """A Link session of one tempo, `late` ticks after the clock's zero."""

    def __init__(self, bpm: float, late_ticks: float = 0.0) -> None:
        self.bpm: float | None = bpm
        self.playing, self.late_ticks = True, late_ticks

    def tick_at(self, when_s: float) -> float | None:
        assert self.bpm is not None
        return when_s * self.bpm * 16.0 + self.late_ticks

    def set_tempo(self, bpm: float) -> None:
        self.bpm = bpm


class Patient(LinkSync):
    """One whose rounds are made by hand."""

    def _go_round(self) -> None:
        return


@pytest.fixture
def session() -> gd.Session:
    graph = gd.Graph()
    graph.add("sine") >> graph.add("output")
    with gd.Session(graph, device="hand") as session:
        session.play()
        session.step(4)
        yield session


def sync(session: gd.Session, link: Beats) -> Patient:
    def song() -> Timeline:
        return session.graph.timeline

    return Patient(SessionTransport(session), song, link)


def test_tempo_is_taken_over_and_given(session: gd.Session) -> None:
    link = Beats(100.0)
    both = sync(session, link)

    both._round(0.0)
    assert session.graph.timeline.bpm(0) == 100.0
    session.graph.set_tempo(140.0)
    both._round(0.0)
    assert link.bpm == 140.0
    link.set_tempo(90.0)
    both._round(0.0)
    assert session.graph.timeline.bpm(0) == 90.0
    both.close()


@pytest.mark.parametrize("late_ticks", [0.0, 700.0, 1900.0, 3800.0])
def test_the_piece_goes_to_the_nearest_place_that_lies_on_the_beat(session: gd.Session, late_ticks: float) -> None:
    link = Beats(120.0, late_ticks)
    both = sync(session, link)

    both._round(0.0)
    session.step(4)
    session.settled()
    session.step()

    off = (link.late_ticks - session.graph.timeline.ticks(session.position_s) + 1920.0) % 3840.0 - 1920.0
    assert math.isclose(off, 0.0, abs_tol=120.0)  # what was played meanwhile
    both.close()
