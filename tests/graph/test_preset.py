"""Presets: values go from node to node through a file, recordings with them, in one step that can be undone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

import graphdaw as gd
from graphdaw.errors import ProjectError
from graphdaw.graph import codec, project, text
from graphdaw.graph.edits import replay
from graphdaw.graph.preset import load_preset, save_preset
from graphdaw.graph.project import media_path
from graphdaw.graph.vocabulary import SetValues


def test_a_preset_sets_what_it_holds_and_takes_the_rest_back_to_its_default(tmp_path: Path) -> None:
    graph = gd.Graph()
    source = graph.add("filter", cutoff_hz=300.0, mode="highpass")
    save_preset(graph, source, tmp_path / "thin.gdpreset")
    other = gd.Graph()
    target = other.add("filter", cutoff_hz=5_000.0, q=3.0)
    before = text.show(other.document)

    loaded = load_preset(other, target, tmp_path / "thin.gdpreset")

    assert target.params == source.params
    assert sorted(loaded.changed) == ["filter1.cutoff_hz", "filter1.mode", "filter1.q"] and not loaded.left_out
    assert other.undo().label == "preset thin"
    assert text.show(other.document) == before


def test_recordings_travel_in_the_preset(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "voice.wav", np.sin(np.arange(4_800) * 0.05), 48_000)
    graph = gd.Graph()
    save_preset(graph, graph.add("sampler", file=str(tmp_path / "voice.wav")), tmp_path / "voice.gdpreset")
    content = (tmp_path / "voice.wav").read_bytes()
    (tmp_path / "voice.wav").unlink()
    other = gd.Graph()
    target = other.add("sampler")

    load_preset(other, target, tmp_path / "voice.gdpreset")

    found = media_path(other.document, str(target.params["file"]), tmp_path)
    assert found.read_bytes() == content
    other.save(tmp_path / "song.gdaw")
    assert list(gd.load(str(tmp_path / "song.gdaw")).document.media_files) == [target.params["file"]]


def voice(graph: gd.Graph, cutoff_hz: float) -> gd.graph.graph.NodeHandle:
    saw, low = graph.add("saw"), graph.add("filter", cutoff_hz=cutoff_hz)
    graph.connect(saw, low)
    return graph.group([saw, low], "Voice")


def test_a_preset_of_a_group_sets_all_in_it_and_fits_only_its_like(tmp_path: Path) -> None:
    graph = gd.Graph()
    first, second = voice(graph, 300.0), voice(graph, 800.0)
    save_preset(graph, first, tmp_path / "a.gdpreset")

    assert load_preset(graph, second, tmp_path / "a.gdpreset").changed == ["filter2.cutoff_hz"]

    graph.add_inside(second, "gain")
    before = codec.encode(graph.document)
    with pytest.raises(ProjectError, match=r"a\.gdpreset is for a group with other nodes"):
        load_preset(graph, second, tmp_path / "a.gdpreset")
    with pytest.raises(ProjectError, match=r"is for 'group' and does not fit node 'gain1' \(gain\)"):
        load_preset(graph, "gain1", tmp_path / "a.gdpreset")
    assert codec.encode(graph.document) == before


def test_what_a_preset_cannot_set_is_told_and_the_rest_is_set(tmp_path: Path) -> None:
    graph = gd.Graph()
    node = graph.add("sampler", gain_db=-6.0)
    secret = str(tmp_path / "secret.wav")
    (tmp_path / "secret.wav").write_bytes(b"RIFF")
    forged = {"glow": 3.0, "loop": "sideways", "root_note": 1e9, "file": secret, "gain_db": -12.0}
    replay(graph.document, [SetValues(node.id, forged)])  # as only a file brings it in
    graph.document.foreign = {secret}
    save_preset(graph, node, tmp_path / "odd.gdpreset")
    other = gd.Graph()
    target = other.add("sampler")

    loaded = load_preset(other, target, tmp_path / "odd.gdpreset")

    assert loaded.changed == ["sampler1.gain_db"] and target.params["gain_db"] == -12.0
    assert len(loaded.left_out) == 4
    assert target.params["file"] == "" and not other.document.foreign


def test_what_is_no_preset_is_refused(tmp_path: Path) -> None:
    graph = gd.Graph()
    graph.add("saw")
    graph.add("gain")
    graph.save(tmp_path / "song.gdaw")
    (tmp_path / "text.gdpreset").write_text("cutoff 300")

    for name, why in (("song.gdaw", "2 nodes side by side"), ("text.gdpreset", "text"), ("none", "does not exist")):
        with pytest.raises(ProjectError, match=why):
            load_preset(graph, "saw1", tmp_path / name)
    assert project.load(tmp_path / "song.gdaw") == graph.document
