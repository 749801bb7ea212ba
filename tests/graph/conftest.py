"""Small node types for the document's tests, which need no kernel and are gone when they end, and an open project."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import graphdaw as gd
from graphdaw.graph.opened import Project
from graphdaw.nodes.base import Choice, In, Media, Node, Out, Param, Text, registry


class TOsc(Node, kernel=""):
    """A source."""

    out = Out()
    frequency_hz = Param(440.0, lo=0.0, hi=24_000.0, unit="Hz", curve="log")


class TFilter(Node, kernel=""):
    """A processor with a choice and a fixed parameter."""

    in_ = In()
    sidechain = In(type="audio")
    out = Out()
    cutoff_hz = Param(1000.0, lo=20.0, hi=20_000.0, unit="Hz", curve="log")
    q = Param(0.7, lo=0.1, hi=100.0)
    order = Param(2.0, lo=1.0, hi=8.0, fixed=True)
    mode = Choice(("lowpass", "highpass", "bandpass"))


class TDelay(Node, kernel="", loop_kernels=("read", "write"), at_once=("time_s",)):
    """A delay line, which loops may pass, but not by way of its time."""

    in_ = In()
    out = Out()
    time_s = Param(0.25, lo=0.0, hi=10.0, unit="s")


class TAmp(Node, kernel=""):
    """A level."""

    in_ = In()
    out = Out()
    gain_db = Param(0.0, lo=-96.0, hi=24.0, unit="dB")


class TNotes(Node, kernel="", clips="notes"):
    """A source of events."""

    notes = Out(type="event")


class TVoice(Node, kernel=""):
    """Takes events, gives signals."""

    notes = In(type="event")
    pitch = Out(type="control")
    out = Out()


class TCurve(Node, kernel="", clips="curve"):
    """A curve over time."""

    out = Out(type="control")


class TRegions(Node, kernel="", clips="audio"):
    """Plays pieces of recordings."""

    out = Out()
    gain_db = Param(0.0, lo=-96.0, hi=24.0, unit="dB")


class TFile(Node, kernel=""):
    """Plays a recording."""

    out = Out()
    file = Media()
    gain_db = Param(0.0, lo=-96.0, hi=24.0, unit="dB")


def _lower_case(text: str) -> None:
    if text != text.lower():
        raise ValueError(f"{text!r} has capital letters; write it in small ones.")


class TBus(Node, kernel=""):
    """Goes somewhere by name."""

    in_ = In()
    bus = Text("a", check=_lower_case)


class TOutput(Node, kernel=""):
    """The end."""

    in_ = In()


_SMALL = (TOsc, TFilter, TDelay, TAmp, TNotes, TVoice, TCurve, TRegions, TFile, TBus, TOutput)
TYPES = {cls.type.name: cls.type for cls in _SMALL}
for _name in TYPES:
    del registry[_name]


@pytest.fixture(autouse=True, scope="module")
def small_types() -> Iterator[None]:
    """Register the small types for one module."""
    registry.update(TYPES)
    yield
    for name in TYPES:
        del registry[name]


@pytest.fixture(autouse=True, scope="session")
def own_state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep what a user's programs remember out of the tests, and theirs out of it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        yield


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    """An open project with one filter in it, saved."""
    project = gd.open(tmp_path / "song.gdaw", create=True)
    project.graph.add("t_filter")
    project.save()
    yield project
    project.close(discard=True)
