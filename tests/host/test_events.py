"""Typed events: who hears what, in which order, and that no observer harms another one or the sound."""

from __future__ import annotations

import logging
import threading
from pathlib import Path

import pytest

import graphdaw as gd
from graphdaw.host.events import (
    MOST_WAITING,
    Located,
    Observers,
    Problem,
    Settled,
    Started,
    Stopped,
    Swapped,
)
from tests.drawing import draw

CELL = 128


def test_events_come_in_order_and_only_of_the_kind_asked_for() -> None:
    observers = Observers()
    everything: list[object] = []
    places: list[object] = []
    observers.observe(everything.append)
    observers.observe(places.append, kind=(Located, Stopped))
    told = [Started("null"), Located(1.0), Swapped(5), Located(2.0), Stopped(2.0)]
    for event in told:
        observers.tell(event)
    observers.close()

    assert everything == told
    assert places == [Located(1.0), Located(2.0), Stopped(2.0)]


def test_problems_of_the_beginning_wait_for_the_first_observer() -> None:
    observers = Observers()
    observers.tell(Problem("midi1", "There is no keyboard."))
    observers.tell("something else")
    heard: list[object] = []
    observers.observe(heard.append)
    observers.tell("later")
    observers.close()

    assert heard == [Problem("midi1", "There is no keyboard."), "later"]
    assert observers.dropped == 0


def test_one_that_fails_is_reported_and_keeps_nothing_from_the_others(caplog: pytest.LogCaptureFixture) -> None:
    observers = Observers()
    heard: list[object] = []

    def fail(event: object) -> None:
        raise RuntimeError("broken display")

    observers.observe(fail)
    observers.observe(heard.append)
    with caplog.at_level(logging.ERROR, logger="graphdaw"):
        observers.tell(Swapped(1))
        observers.tell(Swapped(2))
        observers.close()

    assert heard == [Swapped(1), Swapped(2)]
    assert [record.exc_info[0] for record in caplog.records if record.exc_info] == [RuntimeError, RuntimeError]


def test_one_that_has_cancelled_hears_no_more_and_may_do_so_while_it_is_told() -> None:
    observers = Observers()
    heard: list[object] = []
    cancels: list[object] = []

    def once(event: object) -> None:
        heard.append(event)
        cancels[0]()  # type: ignore[operator]
        cancels[0]()  # type: ignore[operator]

    cancels.append(observers.observe(once))
    observers.tell(Swapped(1))
    observers.tell(Swapped(2))
    observers.close()

    assert heard == [Swapped(1)]


def test_one_that_hangs_costs_the_oldest_events_and_neither_memory_nor_the_end() -> None:
    observers = Observers()
    inside, free = threading.Event(), threading.Event()
    heard: list[object] = []

    def hang(event: object) -> None:
        inside.set()
        free.wait(30.0)
        heard.append(event)

    observers.observe(hang)
    observers.tell(Swapped(0))
    assert inside.wait(10.0)
    for frame in range(1, MOST_WAITING + 101):
        observers.tell(Swapped(frame))
    observers.close(0.01)  # comes back all the same

    assert observers.dropped == 100
    free.set()
    observers.close()
    assert heard == [Swapped(0), *(Swapped(frame) for frame in range(101, MOST_WAITING + 101))]


def test_who_asks_late_hears_nothing_of_what_was() -> None:
    observers = Observers()
    observers.tell(Swapped(1))
    heard: list[object] = []
    observers.observe(heard.append)
    observers.tell(Swapped(2))
    observers.close()

    assert heard == [Swapped(2)]


def test_a_session_tells_its_life(tmp_path: Path) -> None:
    graph, n = draw("sine s -> output o")
    heard: list[object] = []
    with gd.Session(graph, device="hand") as session:
        session.observe(heard.append)
        session.locate(1.0)
        session.play()
        session.step(8)
        graph.add("audio_file", file=str(tmp_path / "gone.wav"))
        session.step(8)
        session.locate(2.0)
        session.step(8)
        session.stop()

    kinds = [type(event) for event in heard]
    assert kinds[0] is Located
    assert Started("hand") in heard
    assert [event.position_s for event in heard if isinstance(event, Located)] == [1.0, 2.0]
    (problem,) = [event for event in heard if isinstance(event, Problem)]
    assert problem.node == "audio_file1" and "gone.wav" in problem.sentence
    edit = Swapped(8 * CELL)
    assert heard.index(edit) < heard.index(Settled(8 * CELL + 256)) < heard.index(Located(2.0, 16 * CELL))
    assert kinds[-1] is Stopped or Stopped in kinds


def test_an_observer_may_close_the_session() -> None:
    graph, n = draw("sine s -> output o")
    session = gd.Session(graph, device="null")
    closed = threading.Event()

    def close(event: object) -> None:
        session.close()
        closed.set()

    session.observe(close, kind=Settled)
    session.play()
    assert closed.wait(20.0)
    assert not session.playing
