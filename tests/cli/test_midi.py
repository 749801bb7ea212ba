"""`graphdaw midi` with another program's port on a JACK server."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import rtmidi

import graphdaw as gd
from tests.jack_server import JackServer

COMMAND = [sys.executable, "-m", "graphdaw.cli", "midi"]
ROOT = Path(gd.__file__).parents[1]


@pytest.fixture
def keyboard(server: JackServer) -> Iterator[rtmidi.MidiOut]:
    keyboard = rtmidi.MidiOut(rtmidi.API_UNIX_JACK, "keyboard")
    keyboard.open_virtual_port("keys")
    yield keyboard
    keyboard.delete()


def midi(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *words],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=ROOT,
        env={**os.environ, **environment},
    )


def test_ports_are_listed(keyboard: rtmidi.MidiOut) -> None:
    assert json.loads(midi("--json").stdout) == [{"name": "keyboard:keys", "direction": "in", "system": "jack"}]
    assert "keyboard:keys  to hear  jack" in midi().stdout


def test_messages_are_shown_as_they_come(keyboard: rtmidi.MidiOut) -> None:
    run = subprocess.Popen(
        [*COMMAND, "keys", "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT
    )
    assert run.stderr is not None and run.stdout is not None
    try:
        assert run.stderr.readline() == "Hearing keyboard:keys; Ctrl-C stops\n"
        keyboard.send_message([0xF8])
        keyboard.send_message([0x91, 60, 100])
        shown = json.loads(run.stdout.readline())
    finally:
        run.terminate()
        run.wait(20)
        run.stderr.close()
        run.stdout.close()

    assert 0.0 <= shown.pop("time_s") < 30.0
    assert shown == {"kind": "note_on", "channel": 2, "number": 60, "value": 100}


def test_what_is_not_there_is_said_in_one_sentence() -> None:
    run = midi("keys", JACK_DEFAULT_SERVER="nobody")

    assert run.returncode == 2 and run.stdout == "" and run.stderr.startswith("graphdaw: There is no MIDI")
    assert run.stderr.count("\n") == 1
    listed = midi(JACK_DEFAULT_SERVER="nobody")
    assert listed.returncode == 0 and listed.stderr.startswith(("There is no MIDI here", "No other program"))
    assert midi("--virtual").stderr == "graphdaw: Name the port to make: graphdaw midi NAME --virtual.\n"
