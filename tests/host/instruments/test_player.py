"""Instrument files as groups that play notes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

import graphdaw as gd
from graphdaw.errors import MediaError
from graphdaw.graph.vocabulary import PutClip
from graphdaw.nodes.prepare.zone_map import Sample, Zone, ZoneMap
from tests.events import clip

RATE_HZ = 48_000
HATS = """<group> loop_mode=one_shot group=1 off_by=1
<region> sample=open.wav key=46
<region> sample=closed.wav key=42
<group> loop_mode=one_shot
<region> sample=kick.wav key=36
"""


def tone(path: Path, hz: float) -> None:
    sound = 0.3 * np.sin(2 * np.pi * hz * np.arange(RATE_HZ) / RATE_HZ)
    soundfile.write(path, sound.astype(np.float32), RATE_HZ, subtype="FLOAT")


def level(sound: np.ndarray, hz: float) -> float:
    return float(abs(np.exp(-2j * np.pi * hz * np.arange(len(sound)) / RATE_HZ) @ sound) / len(sound))


def test_a_closed_hat_cuts_off_the_open_one_on_another_voice(tmp_path: Path) -> None:
    for name, hz in (("open", 3_000.0), ("closed", 5_000.0), ("kick", 100.0)):
        tone(tmp_path / f"{name}.wav", hz)
    (tmp_path / "hats.sfz").write_text(HATS)
    graph = gd.Graph(sample_rate=RATE_HZ)
    drums = gd.add_instrument(graph, tmp_path / "hats.sfz")
    graph.add("notes") >> drums >> graph.add("output")
    graph.apply([PutClip("notes1", clip((0, 100, 46.0), (0, 100, 36.0), (480, 100, 42.0)))])
    sound = gd.render(graph, seconds=0.5)[0]

    before, after = sound[7_200:9_600], sound[12_480:14_880]  # the closed one is struck at frame 12,000
    assert drums.value.label == "hats" and graph["voices1"].params["choke"] == "42 46"
    assert level(before, 3_000.0) > 0.02 and level(before, 100.0) > 0.02
    assert level(after, 3_000.0) < 1e-4 < 0.02 < level(after, 5_000.0)
    assert level(after, 100.0) > 0.02  # a kick is in no group


def test_what_is_no_instrument_changes_nothing(tmp_path: Path) -> None:
    (tmp_path / "a.sfz").write_text("<region> sample=gone.wav")
    graph = gd.Graph()
    with pytest.raises(MediaError, match=r"b\.sf2"):
        gd.add_instrument(graph, tmp_path / "b.sf2")

    assert not graph.nodes and not graph.history.past


def test_adding_one_is_one_step(tmp_path: Path) -> None:
    tone(tmp_path / "a.wav", 440.0)
    graph = gd.Graph()
    group = gd.add_instrument(graph, tmp_path / "a.wav", voices=4, name="Tone")

    assert group.value.label == "Tone" and [step.label for step in graph.history.past] == ["add a"]
    graph.undo()
    assert not graph.nodes


def test_groups_that_share_a_key_or_cut_each_other_off_are_one() -> None:
    sample = Sample("a", np.zeros((1, 10), np.float32), RATE_HZ)

    def drum(key: int, group: int, off_by: int) -> Zone:
        return Zone(sample, keys=(key, key), group=group, off_by=off_by)

    assert ZoneMap("kit", (drum(46, 2, 1), drum(42, 1, 0), drum(36, 3, 0), drum(44, 1, 5))).choke_groups() == [
        [42, 44, 46]
    ]
    assert ZoneMap("kit", (drum(36, 1, 1), drum(36, 2, 2), drum(40, 2, 0))).choke_groups() == [[36, 40]]
