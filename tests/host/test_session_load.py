"""Sessions under load: storms of values, and edits from several threads."""

from __future__ import annotations

import threading

import numpy as np
import pytest

import graphdaw as gd
from graphdaw.graph.flatten import Flat
from graphdaw.graph.model import Document
from graphdaw.graph.vocabulary import Edit, SetValues
from graphdaw.host.offline import Renderer
from tests.playing import played, tone

RATE_HZ = 48_000


def test_edits_from_many_threads_are_all_there() -> None:
    """The engine follows whoever edits; the graph itself is edited by one thread at a time."""
    graph, turn = tone(), threading.Lock()

    def edit(k: int) -> None:
        for _ in range(20):
            with turn:
                graph.add("sine", frequency_hz=100.0 * (k + 1)) >> graph["gain1"]

    with gd.Session(graph, device="null", threads=2) as session:
        session.play()
        threads = [threading.Thread(target=edit, args=(k,)) for k in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert session.settled(5.0)
        playing = {id for _, _, _, lanes in session.engine.steps() for id, _ in lanes}

    assert {id for id, node in graph.nodes.items() if node.type == "sine"} <= playing


def test_a_storm_of_values_grows_nothing_and_the_newest_one_wins() -> None:
    """Nobody takes them: the ring to the audio thread fills up, and what does not fit is one value a parameter."""
    graph = tone()
    with gd.Session(graph, device="hand") as session:
        session.play()
        session.step(10)
        engine = session.engine
        plan, sent = engine.plan(), engine.stats()["messages"]
        with graph.transaction("storm", live=True):
            for k in range(30_000):
                graph.set("gain1", gain_db=-60.0 + k % 50)
                if k % 3 == 0:
                    graph.set("sine1", frequency_hz=100.0 + k % 900)
            graph.set("sine1", frequency_hz=1_000.0)
            graph.set("gain1", gain_db=0.0)
        assert len(engine._unsent) == 2
        assert not session.settled(0.01)
        session.step(4)
        assert session.settled()
        assert engine.stats()["messages"] - sent <= 16_384 + 2
        assert engine.plan() == plan
        session.step(20)
        sound = played(session, 75)

    assert np.argmax(np.abs(np.fft.rfft(sound))) == 200  # 9,600 frames: 5 Hz a bin
    with Renderer(graph) as renderer:
        renderer.render(RATE_HZ)
        expected = np.abs(renderer.render(9_600)).max()
    assert np.abs(sound).max() == pytest.approx(expected, rel=1e-3)


def test_values_that_wait_for_a_node_that_goes_are_forgotten() -> None:
    graph = tone()
    with gd.Session(graph, device="hand") as session:
        session.play()
        session.step(4)
        with graph.transaction("storm", live=True):
            for k in range(17_000):
                graph.set("gain1", gain_db=-60.0 + k % 50)
            graph.set("sine1", frequency_hz=500.0)
        graph.remove("gain1")
        graph.add("saw", frequency_hz=90.0) >> graph["output1"]
        assert list(session.engine._unsent) == [("sine1", 0)]
        session.step(30)
        assert session.settled()
        assert np.abs(session.step()).max() > 0.1


def test_an_edit_that_another_thread_makes_while_an_engine_is_built_is_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    graph = gd.Graph()
    graph.add("sine")
    graph.add("output")
    others = []

    def looked_at(document: Document) -> Flat:
        flat = Flat(document)
        others.append(threading.Thread(target=graph.connect, args=("sine1", "output1")))
        others[-1].start()
        others[-1].join(0.2)
        return flat

    monkeypatch.setattr("graphdaw.host.engine.Flat", looked_at)
    with gd.Session(graph, device="hand") as session:
        others[0].join()
        session.play()
        assert np.abs(session.step(8)).max() > 0.1


def test_observers_hear_edits_of_several_threads_in_the_order_in_which_they_were_made() -> None:
    graph = gd.Graph()
    graph.add("sine")
    heard: list[float] = []
    second = threading.Thread(target=graph.set, args=("sine1",), kwargs={"frequency_hz": 2.0})

    def slow(edits: list[Edit]) -> None:
        (edit,) = edits
        assert isinstance(edit, SetValues)
        if edit.values["frequency_hz"] == 1.0:
            second.start()
            second.join(0.2)
        heard.append(float(edit.values["frequency_hz"]))

    graph.observe(slow)
    graph.set("sine1", frequency_hz=1.0)
    second.join()
    assert heard == [1.0, 2.0] and graph.nodes["sine1"].values["frequency_hz"] == 2.0
