"""Values and levels that go to another program, heard by a plain socket."""

from __future__ import annotations

import math
import socket
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from pythonosc.osc_message import OscMessage as Theirs

import graphdaw as gd
from graphdaw.errors import EngineError, NameFormError, UnknownNodeError
from graphdaw.graph.vocabulary import AddNode
from graphdaw.host.osc.sender import OscMirror, OscSender


@pytest.fixture
def other() -> Iterator[socket.socket]:
    other = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    other.bind(("127.0.0.1", 0))
    other.settimeout(5.0)
    yield other
    other.close()


def heard(other: socket.socket) -> tuple[Any, ...]:
    message = Theirs(other.recv(65536))
    return message.address, *message.params


@pytest.fixture
def session() -> Iterator[gd.Session]:
    graph = gd.Graph()
    graph.apply([AddNode("s", "sine", {"frequency_hz": 750.0}), AddNode("g", "gain"), AddNode("o", "output")])
    graph["s"] >> graph["g"] >> graph["o"]
    with gd.Session(graph, device="hand") as session:
        yield session


def test_a_value_is_sent_when_it_changes(session: gd.Session, other: socket.socket) -> None:
    sender = OscSender(other.getsockname()[1])
    with OscMirror(session, sender, {"/synth/level": "g.gain_db"}):
        assert heard(other) == ("/synth/level", 0.0)
        session.graph.set("g", gain_db=-6.0)
        assert heard(other) == ("/synth/level", -6.0)
    sender.close()


def test_levels_are_sent_in_decibels(session: gd.Session, other: socket.socket) -> None:
    sender = OscSender(other.getsockname()[1])
    with OscMirror(session, sender, {"/vu": "level g.out"}):
        session.play()
        session.graph.set("g", gain_db=-12.0)
        session.step(200)
        tap = session.tap("g.out")
        session.step(100)
        peak = 20.0 * math.log10(float(np.abs(tap.read()).max()))
        for _ in range(20):
            session.step(20)
            address, level = heard(other)
            if level == pytest.approx(peak, abs=0.01):
                break

    assert address == "/vu" and level == pytest.approx(peak, abs=0.01)
    sender.close()


def test_what_is_not_there_is_refused(session: gd.Session) -> None:
    sender = OscSender(9)
    with pytest.raises(UnknownNodeError):
        OscMirror(session, sender, {"/vu": "level nobody"})
    with pytest.raises(NameFormError):
        OscMirror(session, sender, {"/x": "loudness"})
    sender.close()
    with pytest.raises(EngineError, match=r"^OSC cannot be sent to port 7 of \.\.nowhere: "):
        OscSender(7, "..nowhere")
