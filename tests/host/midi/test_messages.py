"""Messages and their bytes, compared with mido's."""

from __future__ import annotations

import mido
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphdaw.host.midi.messages import MOST_SYSEX_BYTES, Decoder, MidiMessage, encode
from graphdaw.host.midi.pairs import Pairs

BYTE = st.integers(0, 127)
CHANNEL = st.integers(0, 15)
SIMPLE = st.one_of(
    st.builds(MidiMessage, st.just("note_on"), CHANNEL, BYTE, st.integers(1, 127)),
    st.builds(MidiMessage, st.sampled_from(("note_off", "key_pressure", "cc")), CHANNEL, BYTE, BYTE),
    st.builds(MidiMessage, st.sampled_from(("program", "pressure")), CHANNEL, st.just(0), BYTE),
    st.builds(MidiMessage, st.just("bend"), CHANNEL, st.just(0), st.integers(-8192, 8191)),
    st.builds(MidiMessage, st.just("song_position"), value=st.integers(0, 16383)),
    st.builds(MidiMessage, st.sampled_from(("clock", "start", "continue", "stop"))),
    st.builds(MidiMessage, st.just("sysex"), data=st.lists(BYTE, max_size=20).map(bytes)),
)


def as_mido(message: MidiMessage) -> mido.Message:
    channel, number, value = message.channel, message.number, message.value
    match message.kind:
        case "note_on" | "note_off":
            return mido.Message(message.kind, channel=channel, note=number, velocity=value)
        case "key_pressure":
            return mido.Message("polytouch", channel=channel, note=number, value=value)
        case "cc":
            return mido.Message("control_change", channel=channel, control=number, value=value)
        case "program":
            return mido.Message("program_change", channel=channel, program=value)
        case "pressure":
            return mido.Message("aftertouch", channel=channel, value=value)
        case "bend":
            return mido.Message("pitchwheel", channel=channel, pitch=value)
        case "song_position":
            return mido.Message("songpos", pos=value)
        case "sysex":
            return mido.Message("sysex", data=message.data)
        case kind:
            return mido.Message(kind)


@given(SIMPLE)
def test_bytes_are_those_of_mido(message: MidiMessage) -> None:
    assert encode(message) == bytes(as_mido(message).bytes())


@given(st.lists(SIMPLE, max_size=12), st.data())
def test_a_stream_that_is_cut_anywhere_gives_the_same_messages(
    messages: list[MidiMessage], data: st.DataObject
) -> None:
    stream = b"".join(map(encode, messages))
    cut = data.draw(st.integers(0, len(stream)))
    decoder = Decoder()

    assert decoder.feed(stream[:cut]) + decoder.feed(stream[cut:]) == messages


@given(st.binary(max_size=60).map(lambda data: bytes(b for b in data if b not in (0xF4, 0xF5, 0xF7))))
def test_whatever_bytes_come_the_notes_are_those_mido_finds(data: bytes) -> None:
    parser = mido.Parser()
    parser.feed(data)
    theirs = [m for m in parser if m.type in ("note_on", "control_change", "pitchwheel")]
    ours = [m for m in Decoder().feed(data) if m.kind in ("note_on", "cc", "bend")]

    # where a stream is broken mido keeps less of it: it knows no running status, and no status that is undefined
    mine = iter([as_mido(m) for m in ours])
    assert all(any(m == other for other in mine) for m in theirs if getattr(m, "velocity", 1))


def test_running_status_goes_on_over_clocks() -> None:
    found = Decoder().feed(bytes.fromhex("b2 07 f8 10 0a 20 fa c3 05 06"))

    assert [str(m) for m in found] == [
        "clock",
        "cc 7 16 on channel 3",
        "cc 10 32 on channel 3",
        "start",
        "program 5 on channel 4",
        "program 6 on channel 4",
    ]


def test_a_system_message_ends_the_running_status() -> None:
    assert [m.kind for m in Decoder().feed(bytes.fromhex("90 3c 40 f2 10 00 3c 40"))] == ["note_on", "song_position"]
    assert Decoder().feed(bytes.fromhex("3c 40 f1 05 f3 01 f6 f4 f5 f9 fd 40")) == []


def test_a_start_without_velocity_is_an_end() -> None:
    assert Decoder().feed(bytes.fromhex("95 30 00")) == [MidiMessage("note_off", 5, 48, 64)]


def test_an_exclusive_message_is_kept_whole_or_not_at_all() -> None:
    most = bytes(MOST_SYSEX_BYTES)
    assert Decoder().feed(b"\xf0" + most + b"\xf7") == [MidiMessage("sysex", data=most)]
    assert Decoder().feed(b"\xf0" + most + b"\x01\xf7\x90\x3c\x40") == [MidiMessage("note_on", 0, 60, 64)]
    assert Decoder().feed(b"\xf0\x01\x02\x90\x3c\x40\xf7") == [MidiMessage("note_on", 0, 60, 64)]


@pytest.mark.parametrize(
    "message",
    (
        MidiMessage("note_on", 16, 0, 0),
        MidiMessage("cc", 0, 128, 0),
        MidiMessage("cc14", 0, 32, 0),
        MidiMessage("bend", 0, 0, 8192),
        MidiMessage("program", 0, 0, -1),
        MidiMessage("song_position", value=16384),
        MidiMessage("sysex", data=b"\x80"),
    ),
)
def test_what_midi_does_not_have_is_refused_in_a_sentence(message: MidiMessage) -> None:
    with pytest.raises(ValueError, match=r"^(MIDI has no|A system exclusive).*\.$"):
        encode(message)


def paired(*messages: MidiMessage) -> list[MidiMessage]:
    pairs = Pairs()
    stream = b"".join(map(encode, messages))
    return [found for m in Decoder().feed(stream) for found in pairs.feed(m)] + pairs.flush()


@given(CHANNEL, st.integers(0, 31).filter(lambda n: n != 6), st.lists(st.integers(0, 16383), min_size=1, max_size=9))
def test_values_of_14_bits_come_back_whole(channel: int, number: int, values: list[int]) -> None:
    sent = [MidiMessage("cc14", channel, number, value) for value in values]

    assert paired(*sent) == sent


@given(CHANNEL, st.sampled_from(("nrpn", "rpn")), st.integers(0, 16382), st.integers(0, 16383))
def test_parameter_numbers_come_back_last_with_both_halves(channel: int, kind: str, number: int, value: int) -> None:
    sent = MidiMessage(kind, channel, number, value)  # type: ignore[arg-type]

    assert paired(sent) == [MidiMessage(kind, channel, number, value & ~127), sent]  # type: ignore[arg-type]


def test_a_coarse_half_alone_waits_only_until_something_else_comes() -> None:
    first, note = MidiMessage("cc14", 0, 1, 200), MidiMessage("note_on", 0, 60, 1)

    assert paired(first, MidiMessage("cc", 0, 1, 5), note) == [first, MidiMessage("cc14", 0, 1, 640)]
    assert paired(first, MidiMessage("cc", 0, 1, 5)) == [first, MidiMessage("cc14", 0, 1, 640)]
    assert paired(MidiMessage("cc", 0, 1, 5), note) == []  # never had a fine half: a plain controller


def test_steps_of_a_parameter_and_the_number_that_is_none() -> None:
    cc = [MidiMessage("cc", 0, *pair) for pair in ((99, 1), (98, 2), (6, 3), (96, 0), (97, 0), (97, 0))]
    none = [MidiMessage("cc", 0, *pair) for pair in ((101, 127), (100, 127), (6, 5))]

    assert [m.value for m in paired(*cc, *none)] == [384, 385, 384, 383]
    assert {m.number for m in paired(*cc)} == {130}
