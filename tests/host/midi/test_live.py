"""Keyboards that play instruments: how soon they are heard, and that a port that goes leaves nothing on."""

from __future__ import annotations

import time

import numpy as np
import rtmidi

import graphdaw as gd
from graphdaw._core import lib
from graphdaw.host.device import DeviceSettings
from graphdaw.host.taps import Tap
from tests.events import ALL_OFF, OFF, ON, hanging, heard, press
from tests.jack_server import JackServer
from tests.waiting import wait

BLOCK = 128


def keyboard_patch() -> gd.Graph:
    """A keyboard, a group of voices whose envelope opens at once, and out."""
    graph = gd.Graph(sample_rate=48_000)
    keys = graph.add("midi_in", port="keyboard")
    group = graph.group([graph.add("voices", voices=4.0)], "synth")
    osc, gain = graph.add_inside(group, "saw"), graph.add_inside(group, "gain", level=0.0)
    graph.connect("voices1.frequency_hz", osc["frequency_hz"])
    graph.connect("voices1.gate", gain["level"])
    graph.connect(osc, gain["in"])
    graph.declare(group, "events", "in", "voices1.events", type="event")
    graph.declare(group, "out", "out", gain["out"])
    graph.connect(keys, group["events"])
    graph.connect(group["out"], graph.add("output"))
    return graph


def first_sound(tap: Tap, timeout_s: float = 10.0) -> int:
    """The first frame that is not silent, counted from the tap's first; all of it is read."""
    frames, end = 0, time.monotonic() + timeout_s
    while time.monotonic() < end:
        read = tap.read()
        found = np.flatnonzero(np.abs(read).max(0)) if read.size else np.zeros(0)
        if len(found):
            return frames + int(found[0])
        frames += read.shape[1]
        time.sleep(0.002)
    raise AssertionError("nothing was heard")


def test_a_key_is_heard_in_the_block_that_follows_it() -> None:
    with gd.Session(keyboard_patch(), device=DeviceSettings("hand", block_frames=BLOCK)) as session:
        session.listen()
        session.step(10)
        assert np.abs(session.step()).max() == 0.0
        press(session.engine, "midi_in1", ON, note=7, key=60.0, value=1.0)
        assert np.abs(session.step()).max() > 0.0


def test_a_key_is_heard_within_a_block_on_a_device_that_runs_by_itself() -> None:
    with gd.Session(keyboard_patch(), device=DeviceSettings("null", block_frames=BLOCK)) as session:
        session.listen()
        with session.tap("gain1.out") as tap:
            assert wait(lambda: tap.read().size)
            begin = int(tap._place.next)
            press(session.engine, "midi_in1", ON, note=7, key=60.0, value=1.0)
            at_most = session.engine.clock_frames + BLOCK
            assert begin + first_sound(tap) <= at_most + BLOCK


def test_a_port_on_a_jack_server_plays_and_what_it_held_ends_when_it_goes(server: JackServer) -> None:
    keyboard = rtmidi.MidiOut(rtmidi.API_UNIX_JACK, "keyboard")
    keyboard.open_virtual_port("keys")
    graph = keyboard_patch()
    graph.connect("midi_in1", graph.add("midi_out"))
    with gd.Session(graph, device=server.device) as session:
        session.listen()
        assert wait(lambda: session.midi.ports_of("midi_in1"))
        with session.tap("gain1.out") as tap:
            wait(lambda: tap.channels)
            tap.read()
            keyboard.send_message([0x90, 60, 100])
            first_sound(tap)
        keyboard.send_message([0x90, 64, 100])
        came = []
        assert wait(lambda: came.extend(heard(session.engine)) or sum(e.kind == ON for e in came) == 2)
        keyboard.delete()
        assert wait(lambda: came.extend(heard(session.engine)) or not hanging(came))
    assert {e.kind for e in came} <= {ON, OFF, ALL_OFF}
    assert lib.GD_NOTE_ON == ON


def test_a_keyboard_goes_on_playing_after_the_rate_has_changed(server: JackServer) -> None:
    keyboard = rtmidi.MidiOut(rtmidi.API_UNIX_JACK, "keyboard")
    keyboard.open_virtual_port("keys")
    heard_back = rtmidi.MidiIn(rtmidi.API_UNIX_JACK, "expander")
    heard_back.open_virtual_port("expander")
    graph = keyboard_patch()
    graph.connect("midi_in1", graph.add("midi_out", port="expander"))
    with gd.Session(graph, device=DeviceSettings("null")) as session:
        session.listen()
        for rate_hz in (48_000, 96_000, 44_100):
            session.change_device(DeviceSettings("null", sample_rate_hz=rate_hz))
            assert wait(lambda: session.midi.ports_of("midi_in1"))
            keyboard.send_message([0x90, 60, 100])
            assert wait(lambda: [m[0] for m in iter(heard_back.get_message, None) if m[0][0] == 0x90]), rate_hz
            keyboard.send_message([0x80, 60, 0])
            assert wait(lambda: [m[0] for m in iter(heard_back.get_message, None) if m[0][0] == 0x80]), rate_hz
    heard_back.delete()
    keyboard.delete()
