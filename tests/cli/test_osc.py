"""`graphdaw osc` as another program meets it."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from pythonosc.osc_message import OscMessage
from pythonosc.osc_message_builder import OscMessageBuilder

import graphdaw as gd

COMMAND = [sys.executable, "-m", "graphdaw.cli", "osc"]
ROOT = Path(gd.__file__).parents[1]


@pytest.fixture
def hum(tmp_path: Path) -> Path:
    graph = gd.Graph(sample_rate=48_000)
    graph.add("sine", frequency_hz=440.0) >> graph.add("output")
    graph.save(tmp_path / "hum.gdaw")
    return tmp_path / "hum.gdaw"


def test_a_project_plays_and_answers(hum: Path) -> None:
    before = hum.read_bytes()
    run = subprocess.Popen(
        [*COMMAND, str(hum), "--port", "0", "--device", "null"], stderr=subprocess.PIPE, text=True, cwd=ROOT
    )
    assert run.stderr is not None
    other = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        said = run.stderr.readline()
        found = re.fullmatch(rf"Playing {hum} to null; OSC at port (\d+) of 127\.0\.0\.1\n", said)
        assert found is not None, said
        other.connect(("127.0.0.1", int(found[1])))
        other.settimeout(10.0)
        setting = OscMessageBuilder("/node/sine1/frequency_hz")
        setting.add_arg(220.0)
        for datagram in (setting.build().dgram, OscMessageBuilder("/transport/playing").build().dgram):
            other.send(datagram)
        answers = [OscMessage(other.recv(9000)) for _ in range(2)]
    finally:
        other.close()
        run.terminate()
        run.wait(20)
        run.stderr.close()

    assert answers[0].address == "/ok" and list(answers[1].params) == [True]
    assert hum.read_bytes() == before


def test_an_address_that_is_not_ours_is_refused_in_one_sentence(hum: Path) -> None:
    words = [*COMMAND, str(hum), "--device", "null", "--host", "203.0.113.77", "--seconds", "0"]
    run = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False, cwd=ROOT)

    assert run.returncode == 2
    assert run.stderr.startswith("graphdaw: OSC cannot be heard at port 9010 of 203.0.113.77: ")
    assert run.stderr.count("\n") == 1
