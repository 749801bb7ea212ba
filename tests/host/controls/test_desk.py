"""Controls at work on a graph that plays: values, undo steps, switches, macros, the transport and feedback."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

import graphdaw as gd
from graphdaw.errors import EngineError, UnknownParameterError
from graphdaw.graph.controls import Control, MidiSource, OscSource, parse_target
from graphdaw.graph.timeline import Loop, Tempo, Timeline
from graphdaw.graph.vocabulary import AddNode
from graphdaw.host.controls.desk import IDLE_S, Desk
from graphdaw.host.controls.gestures import OscInput
from graphdaw.host.controls.targets import GraphTargets
from graphdaw.host.controls.transport import SessionTransport
from graphdaw.host.midi.messages import MidiMessage
from tests.waiting import wait


@pytest.fixture
def graph() -> gd.Graph:
    graph = gd.Graph()
    graph.apply([AddNode("s", "saw", {"frequency_hz": 110.0}), AddNode("f", "filter", {"cutoff_hz": 200.0})])
    graph.apply([AddNode("w", "switch"), AddNode("o", "output")])
    graph["s"] >> graph["f"] >> graph["w"] >> graph["o"]
    return graph


@pytest.fixture
def session(graph: gd.Graph) -> Iterator[gd.Session]:
    with gd.Session(graph, device="hand") as session:
        yield session


def moved(address: str, target: str, **more: Any) -> Control:
    return Control(address[1:], OscSource(address), target, **{"mode": "jump", **more})


def test_a_knob_that_is_turned_is_one_undo_step(session: gd.Session) -> None:
    graph = session.graph
    with Desk(graph, SessionTransport(session), [moved("/a", "f.cutoff_hz")]) as desk:
        for k in range(11):
            desk.handle(OscInput("/a", k / 10))
        assert graph["f"].params["cutoff_hz"] == 20_000.0
        assert wait(lambda: graph.history.unfinished is None, IDLE_S * 5)
        assert graph.undo().label == "turn f.cutoff_hz"
        assert graph["f"].params["cutoff_hz"] == 200.0

        desk.handle(OscInput("/a", 0.0))
        desk.settle()
        graph.undo()
        assert graph["f"].params["cutoff_hz"] == 200.0


def test_choices_routes_and_the_transport(session: gd.Session) -> None:
    controls = [moved("/mode", "f.mode"), moved("/route", "w@route"), moved("/play", "play", mode="toggle")]
    with Desk(session.graph, SessionTransport(session), controls) as desk:
        desk.handle(OscInput("/mode", 1.0))
        desk.handle(OscInput("/route", 0.34))
        assert session.graph["f"].params["mode"] == "bell" and session.graph["w"].params["select"] == 1.0

        for playing in (True, False):
            assert len(desk.handle(OscInput("/play", 1.0))) == 1
            assert session.playing == playing
            desk.handle(OscInput("/play", 0.0))


def test_a_macro_moves_what_its_inlet_leads_to_each_along_its_own_range(session: gd.Session) -> None:
    graph = session.graph
    group = graph.group([graph["s"], graph["f"]])
    graph.declare(group, "bright", "in", "f.cutoff_hz", "s.frequency_hz", type="control")
    target = f"{group.id}.bright"
    targets = GraphTargets(graph, SessionTransport(session))
    with Desk(graph, SessionTransport(session), [moved("/m", target)]) as desk:
        desk.handle(OscInput("/m", 1.0))

        assert graph["f"].params["cutoff_hz"] == 20_000.0
        assert graph["s"].params["frequency_hz"] == graph["s"].graph.nodes["s"].values["frequency_hz"] > 1000.0
        assert targets.value(parse_target(target)) == 1.0
        desk.settle()
        graph.undo()
        assert graph["s"].params["frequency_hz"] == 110.0

    with pytest.raises(UnknownParameterError, match=r"^Group .* has no macro 'bride'; did you mean 'bright'\?$"):
        targets.edits(parse_target(f"{group.id}.bride"), 0.5)


def test_what_cannot_be_done_stands_in_a_sentence_and_the_rest_goes_on(session: gd.Session) -> None:
    controls = [moved("/t", "record", mode="toggle"), moved("/n", "nobody.x"), moved("/a", "f.q")]
    with Desk(session.graph, SessionTransport(session), controls) as desk:
        assert desk.handle(OscInput("/t")) == [] and desk.handle(OscInput("/n")) == []
        assert desk.problems == {"t": "Nothing is armed to be recorded; arm an input first."}
        assert len(desk.handle(OscInput("/a"))) == 1


def test_feedback_goes_out_when_anything_sets_the_value(session: gd.Session) -> None:
    sent: list[tuple[str, MidiMessage]] = []
    control = Control("k", MidiSource("cc", 7, 0, "Desk"), "w@route", mode="jump")
    with Desk(session.graph, SessionTransport(session), [control], lambda *what: sent.append(what)) as desk:
        session.graph.set("w", select=3.0)
        assert wait(lambda: sent) and sent == [("Desk", MidiMessage("cc", 0, 7, 127))]
        session.graph.undo()
        assert wait(lambda: len(sent) == 2) and sent[1][1].value == 0

        desk.sink("Desk")(MidiMessage("cc", 0, 7, 64), time.monotonic())  # the hand knows where it is
        time.sleep(0.1)
        assert len(sent) == 2
        assert session.graph["w"].params["select"] == 2.0


class Musical(gd.Graph):
    """A graph with a timeline and switches, as far as controls ask for them."""

    timeline = Timeline((Tempo(0, 100.0), Tempo(9600, 50.0)), loop=Loop(0, 960, on=False))

    def set_tempo(self, bpm: float, at_ticks: int = 0) -> None:
        self.timeline = Timeline(
            tuple(Tempo(t.at_ticks, bpm) if t.at_ticks == at_ticks else t for t in self.timeline.tempos),
            loop=self.timeline.loop,
        )

    def set_loop(self, start_ticks: int, end_ticks: int, on: bool = True) -> None:
        self.timeline = Timeline(self.timeline.tempos, loop=Loop(start_ticks, end_ticks, on))


def test_tempo_and_loop_of_the_place_where_it_is() -> None:
    with gd.Session(Musical(), device="hand") as session:
        transport = SessionTransport(session)
        session.locate(8.0)  # tick 9600 comes at 6 s
        transport.set_tempo(60.0)
        assert transport.tempo_bpm() == 60.0
        transport.set_loop(True)
        assert transport.looping()

        with Desk(session.graph, transport, [moved("/t", "tempo"), moved("/l", "loop", mode="toggle")]) as desk:
            desk.handle(OscInput("/t", 1.0))
            desk.handle(OscInput("/l"))
        assert transport.tempo_bpm() == 240.0 and not transport.looping()
        with pytest.raises(EngineError, match=r"^A tempo of 1000 bpm is not possible; choose 5 to 999\.$"):
            transport.set_tempo(1000)


class Switchable(gd.Graph):
    """A graph whose nodes can be bypassed, muted and soloed."""

    def __init__(self) -> None:
        super().__init__()
        self.switched: list[tuple[str, str, bool]] = []

    def bypass(self, node: str, on: bool = True) -> None:
        self.switched.append(("bypass", node, on))

    def mute(self, node: str, on: bool = True) -> None:
        self.switched.append(("mute", node, on))

    def solo(self, node: str, on: bool = True) -> None:
        self.switched.append(("solo", node, on))


def test_switches_of_nodes_are_turned_on_and_off() -> None:
    graph = Switchable()
    graph.apply([AddNode("c", "compressor")])
    controls = [moved("/m", "c@mute", mode="momentary"), moved("/b", "c@bypass"), moved("/s", "c@solo", mode="trigger")]
    with gd.Session(graph, device="hand") as session, Desk(graph, SessionTransport(session), controls) as desk:
        for address, value in (("/m", 1.0), ("/m", 0.0), ("/b", 1.0), ("/s", 1.0)):
            desk.handle(OscInput(address, value))

    assert graph.switched == [("mute", "c", True), ("mute", "c", False), ("bypass", "c", True), ("solo", "c", True)]


def test_controls_of_the_document_are_followed(session: gd.Session) -> None:
    graph = session.graph
    graph.put_control(moved("/a", "f.q"))
    with Desk(graph, SessionTransport(session)) as desk:
        assert len(desk.handle(OscInput("/a", 1.0))) == 1
        desk.settle()
        graph.put_control(moved("/b", "f.q"))
        graph.drop_control("a")
        assert desk.handle(OscInput("/a", 0.0)) == [] and len(desk.handle(OscInput("/b", 0.0))) == 1
        desk.settle()
        graph.undo()
        graph.undo()
        assert len(desk.handle(OscInput("/a", 0.5))) == 1
