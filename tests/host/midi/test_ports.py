"""MIDI ports on a JACK server, heard and played to by RtMidi alone on the other side."""

from __future__ import annotations

import itertools
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import rtmidi

import graphdaw as gd
from graphdaw.errors import EngineError
from graphdaw.host.midi import systems
from graphdaw.host.midi.messages import MidiMessage
from graphdaw.host.midi.ports import MidiOutput, open_input, open_output, ports
from tests.jack_server import JackServer
from tests.waiting import wait

NOTE = MidiMessage("note_on", 2, 60, 100)


@pytest.fixture
def keyboard(server: JackServer) -> Iterator[rtmidi.MidiOut]:
    """Another program's port to hear."""
    keyboard = played_by("keyboard")
    yield keyboard
    keyboard.delete()


def played_by(client: str) -> rtmidi.MidiOut:
    made = rtmidi.MidiOut(rtmidi.API_UNIX_JACK, client)
    made.open_virtual_port("keys")
    return made


class Heard:
    """A sink that can be waited for."""

    def __init__(self) -> None:
        self.messages: list[tuple[MidiMessage, float]] = []

    def __call__(self, message: MidiMessage, when_s: float) -> None:
        self.messages.append((message, when_s))

    def until(self, count: int) -> list[MidiMessage]:
        assert wait(lambda: len(self.messages) >= count), self.messages
        return [message for message, _ in self.messages]


def test_a_note_of_another_program_comes_in_with_its_time(keyboard: rtmidi.MidiOut) -> None:
    heard = Heard()
    assert [(p.name, p.system) for p in ports() if p.direction == "in"] == [("keyboard:keys", "jack")]

    with open_input("KEYS", heard):
        sent = []
        for key in (60, 62, 64):
            sent.append(time.monotonic())
            keyboard.send_message([0x92, key, 100])
            time.sleep(0.05)
        heard.until(3)

    assert [m for m, _ in heard.messages] == [MidiMessage("note_on", 2, key, 100) for key in (60, 62, 64)]
    assert all(-0.001 < when - at < 0.2 for (_, when), at in zip(heard.messages, sent, strict=True))


def test_clocks_and_long_messages_come_in_too(keyboard: rtmidi.MidiOut) -> None:
    heard = Heard()
    with open_input("keyboard:keys", heard):
        keyboard.send_message([0xFA])
        keyboard.send_message([0xF8])
        keyboard.send_message([0xF0, *range(100), 0xF7])

        assert heard.until(3) == [
            MidiMessage("start"),
            MidiMessage("clock"),
            MidiMessage("sysex", data=bytes(range(100))),
        ]


def test_a_virtual_output_is_heard_by_others_at_its_time(server: JackServer) -> None:
    with open_output("lead", virtual=True) as output:
        other = rtmidi.MidiIn(rtmidi.API_UNIX_JACK, "synth")
        came: list[tuple[float, list[int]]] = []
        other.set_callback(lambda event, _: came.append((time.monotonic(), event[0])))
        other.open_port(next(k for k, name in enumerate(other.get_ports()) if "lead" in name))
        try:
            begin = time.monotonic() + 0.1
            output.send(MidiMessage("note_off", 2, 60), begin + 0.1)
            output.send(NOTE, begin)
            output.send(MidiMessage("nrpn", 0, 300, 5))
            assert wait(lambda: len(came) == 6)
        finally:
            other.delete()

    assert [bytes(data).hex() for _, data in came] == ["b06302", "b0622c", "b00600", "b02605", "923c64", "823c00"]
    assert 0.0 <= came[4][0] - begin < 0.05 and 0.0 <= came[5][0] - begin - 0.1 < 0.05


def test_a_virtual_input_takes_what_others_send(server: JackServer) -> None:
    heard = Heard()
    with open_input("in", heard, virtual=True):
        other = rtmidi.MidiOut(rtmidi.API_UNIX_JACK, "sequencer")
        other.open_port(next(k for k, name in enumerate(other.get_ports()) if name.endswith(":in")))
        other.send_message([0x92, 60, 100])
        try:
            assert heard.until(1) == [NOTE]
        finally:
            other.delete()


def test_a_port_that_is_unplugged_is_taken_again_when_it_is_back(server: JackServer) -> None:
    heard, told = Heard(), list[str]()
    first = played_by("keyboard")
    with open_input("keys", heard, changed=told.append):
        first.delete()
        assert wait(lambda: told == ["lost"])
        second = played_by("keyboard")
        assert wait(lambda: told == ["lost", "open"])
        second.send_message([0x92, 60, 100])

        assert heard.until(1) == [NOTE]
        second.delete()


def test_the_end_of_the_server_is_survived_and_its_return_noticed(server: JackServer) -> None:
    told: list[str] = []
    ticks, ends = list[float](), threading.Event()
    with open_output("out", virtual=True, changed=told.append) as output:
        server.kill()
        output.send(NOTE)
        assert wait(lambda: told == ["lost"])
        output.send(NOTE)
        assert wait(lambda: output.lost >= 1)
        server.start()
        assert wait(lambda: told == ["lost", "open"])
        server.kill()
        watch = threading.Thread(
            target=lambda: [ticks.append(time.monotonic()) for _ in iter(lambda: ends.wait(0.01), True)]
        )
        watch.start()
        time.sleep(0.1)
    time.sleep(0.1)
    ends.set()
    watch.join()

    assert max(b - a for a, b in itertools.pairwise(ticks)) < 0.5  # closing did not hold up Python


def test_a_sink_that_fails_hears_the_next_message(keyboard: rtmidi.MidiOut) -> None:
    heard = Heard()

    def sink(message: MidiMessage, when_s: float) -> None:
        heard(message, when_s)
        raise ArithmeticError

    with open_input("keys", sink):
        keyboard.send_message([0x92, 60, 100])
        keyboard.send_message([0x92, 60, 100])
        assert heard.until(2) == [NOTE, NOTE]


def test_all_notes_end_and_what_waits_is_dropped(server: JackServer) -> None:
    with open_output("out", virtual=True) as output:
        for k in range(100):
            output.send(NOTE, time.monotonic() + 60.0 + k)
        output.clear()
        assert wait(lambda: not output._waiting)


def test_what_is_not_there_is_refused_with_what_is(keyboard: rtmidi.MidiOut) -> None:
    with pytest.raises(EngineError, match=r"^There is no MIDI port 'keybord' to hear; did you mean 'keyboard:keys'\?$"):
        open_input("keybord", Heard())
    with pytest.raises(
        EngineError, match=r"^There is no MIDI port 'keys' to play to; none is there; connect a device\.$"
    ):
        open_output("keys")


def test_without_any_system_one_sentence_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("JACK_DEFAULT_SERVER", "nobody")
    monkeypatch.setattr(systems, "ALSA_DEVICE", str(tmp_path / "seq"))

    assert ports() == []
    with pytest.raises(EngineError, match=r"^There is no MIDI here: start a JACK server, or load ALSA's sequencer"):
        open_input("keys", Heard())
    with pytest.raises(EngineError, match=r"^There is no MIDI here through alsa: "):
        open_output("keys", system="alsa")


def test_ports_that_are_left_open_do_not_keep_the_program_from_ending(server: JackServer) -> None:
    program = (
        "from graphdaw.host.midi.ports import open_input, open_output\n"
        "a = open_input('in', print, virtual=True); b = open_output('out', virtual=True)\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], timeout=20, check=False, capture_output=True, cwd=Path(gd.__file__).parents[1]
    )

    assert run.returncode == 0, run.stderr


def test_an_output_gives_up_when_too_much_waits(server: JackServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("graphdaw.host.midi.ports.MOST_WAITING", 10)
    with open_output("out", virtual=True) as output:
        assert isinstance(output, MidiOutput)
        for _ in range(12):
            output.send(NOTE, time.monotonic() + 60.0)

        assert output.lost == 2
