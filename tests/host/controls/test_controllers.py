"""A knob of another program, on a JACK server, moves what plays and is told when something else moves it."""

from __future__ import annotations

import time

import pytest
import rtmidi

import graphdaw as gd
from graphdaw.graph.controls import MidiSource
from graphdaw.host.controls import controllers as module
from graphdaw.host.controls.controllers import Controllers
from graphdaw.host.midi.messages import MidiMessage
from tests.jack_server import JackServer
from tests.waiting import wait


def test_a_knob_moves_what_plays_and_is_told_where_it_stands(
    server: JackServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LOOK_S", 0.2)
    graph = gd.Graph()
    low = graph.add("filter", cutoff_hz=10.0)
    graph.control(MidiSource("cc", 74, port="mixer*"), f"{low.id}.cutoff_hz")
    played: list[MidiMessage] = []
    told: list[list[int]] = []

    with gd.Session(graph, device="null") as session:
        controllers = Controllers(session, lambda message, _: played.append(message))
        knobs, motors = rtmidi.MidiOut(rtmidi.API_UNIX_JACK, "mixer"), rtmidi.MidiIn(rtmidi.API_UNIX_JACK, "mixer")
        try:
            motors.set_callback(lambda event, _: told.append(event[0]))
            knobs.open_virtual_port("knobs")
            motors.open_virtual_port("motors")
            assert wait(lambda: controllers.inputs == ["mixer:knobs"])
            assert wait(lambda: len(controllers._outputs) == 1)

            knobs.send_message([0xB0, 74, 0])
            knobs.send_message([0xB0, 74, 127])
            assert wait(lambda: low.params["cutoff_hz"] == 20_000.0)
            assert played == [MidiMessage("cc", 0, 74, 0), MidiMessage("cc", 0, 74, 127)]

            controllers.desk.settle()
            time.sleep(0.3)  # the hand is off
            told.clear()
            graph.undo()
            assert wait(lambda: told == [[0xB0, 74, 0]])
        finally:
            controllers.close()
            knobs.delete()
            motors.delete()


def test_without_midi_nothing_comes_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JACK_DEFAULT_SERVER", "nobody")
    monkeypatch.setattr("graphdaw.host.midi.systems.ALSA_DEVICE", "/nowhere")

    with gd.Session(gd.Graph(), device="hand") as session, Controllers(session) as controllers:
        assert controllers.inputs == []
