"""MIDI nodes of a session and real ports, by a JACK server with its dummy driver."""

from __future__ import annotations

import time

from hypothesis import given
from hypothesis import strategies as st

import graphdaw as gd
from graphdaw._core import lib
from graphdaw.host.midi.events import Hearing, NodeEvent, Speaking
from graphdaw.host.midi.messages import MidiMessage

KEYS = st.integers(0, 127)


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 15), KEYS, st.integers(1, 127)), max_size=60), st.booleans())
def test_notes_go_through_both_translations_and_none_hangs(played: list[tuple[bool, int, int, int]], mpe: bool) -> None:
    hearing, speaking = Hearing(mpe=mpe), Speaking(mpe=mpe)
    sounding: dict[tuple[int, int], int] = {}
    for on, channel, key, velocity in played:
        message = MidiMessage("note_on" if on else "note_off", channel, key, velocity)
        for event in hearing.events(message):
            for sent in speaking.messages(event):
                if sent.kind == "note_on":
                    assert sent.number == key and sent.value == velocity
                    assert (sent.channel, sent.number) not in sounding
                    sounding[sent.channel, sent.number] = velocity
                elif sent.kind == "note_off":
                    del sounding[sent.channel, sent.number]
    for event in hearing.all_off():
        for sent in speaking.messages(event):
            if sent.kind == "note_off":
                del sounding[sent.channel, sent.number]
    assert sounding == {}


def test_fingers_of_mpe_bend_their_own_notes() -> None:
    hearing = Hearing(mpe=True)
    (first,) = hearing.events(MidiMessage("note_on", 1, 60, 100))
    (second,) = hearing.events(MidiMessage("note_on", 2, 64, 100))

    (bent,) = hearing.events(MidiMessage("bend", 2, 0, 4096))
    (all_bent,) = hearing.events(MidiMessage("bend", 0, 0, -8192))

    assert (bent.note, bent.value) == (second.note, 24.0)
    assert (all_bent.note, all_bent.channel, all_bent.value) == (0, lib.GD_ANY_CHANNEL, -2.0)
    assert first.note != second.note


def test_a_key_between_keys_is_bent_to_its_place_by_mpe() -> None:
    sent = list(Speaking(mpe=True).messages(NodeEvent(lib.GD_NOTE_ON, note=5, key=60.25, value=1.0)))

    assert [(m.kind, m.channel) for m in sent] == [("bend", 1), ("note_on", 1)]
    assert sent[0].value == round(0.25 / 48 * 8192)


def test_a_session_without_the_port_that_a_node_names_says_so() -> None:
    graph = gd.Graph()
    graph.add("midi_in", port="no such keyboard")
    told = []
    with gd.Session(graph, device="null") as session:
        session.observe(told.append, gd.Problem if hasattr(gd, "Problem") else object)
        session.listen()
        deadline = time.monotonic() + 5.0
        while not any("no such keyboard" in str(one) for one in told) and time.monotonic() < deadline:
            time.sleep(0.01)

    assert any("There is no MIDI port like 'no such keyboard'" in str(one) for one in told)
