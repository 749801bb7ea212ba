"""The library of instruments: listing, adding in one step, keeping one's own, and what is refused."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path

import pytest

import graphdaw as gd
from graphdaw.errors import GroupingError, ProjectError, UnknownPresetError
from graphdaw.graph import library, own_state, text
from graphdaw.graph.clips import Note, NoteClip
from graphdaw.graph.structure import outside_paths
from graphdaw.graph.vocabulary import PutClip


@pytest.fixture(autouse=True)
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's folder, empty."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    return own_state.presets_folder()


def tone(graph: gd.Graph, label: str = "Plain Tone") -> gd.graph.graph.NodeHandle:
    group = graph.group([graph.add("voices")], label)
    osc, gain = graph.add_inside(group, "sine"), graph.add_inside(group, "gain", level=0.0)
    graph.connect("voices1.frequency_hz", osc["frequency_hz"])
    graph.connect("voices1.gate", gain["level"])
    graph.connect(osc, gain["in"])
    graph.declare(group, "events", "in", "voices1.events", type="event")
    graph.declare(group, "out", "out", f"{gain.id}.out")
    return group


def test_listing_is_quick_and_can_be_narrowed() -> None:
    gd.presets()
    start = time.process_time()
    everything = gd.presets()

    assert time.process_time() - start < 0.5
    assert [(p.family, p.name) for p in everything] == sorted((p.family, p.name) for p in everything)
    assert {p.family for p in gd.presets(family="basses")} == {"basses"}
    assert all("wobble" in p.tags for p in gd.presets(tag="wobble"))
    assert gd.presets(tag="wobble", family="pads") == []


def test_an_instrument_is_added_in_one_step_and_its_macros_are_found() -> None:
    graph = gd.Graph()
    pad = graph.add_preset("velvet PAD")

    assert graph.nodes[pad.id].label == "Velvet Pad"
    assert set(gd.macros(graph, pad)) >= {"Brightness", "Attack"}
    assert {graph.nodes[id].type for id in gd.macros(graph, pad).values()} == {"macro"}
    assert graph.undo().label == "add Velvet Pad"
    assert not graph.nodes
    graph.redo()
    second = graph.add_preset("Velvet Pad")
    assert set(gd.macros(graph, pad).values()).isdisjoint(gd.macros(graph, second).values())


def test_instruments_can_stand_inside_a_group() -> None:
    graph = gd.Graph()
    band = graph.add("group")

    assert graph.nodes[graph.add_preset("Deep Kick", inside=band).id].parent == band.id


def test_recordings_that_ship_with_an_instrument_are_not_foreign() -> None:
    graph = gd.Graph()
    graph.add_preset("Guitar Cloud")

    (path,) = outside_paths(graph.document)
    assert Path(path).is_file() and not graph.document.foreign


def test_what_is_not_there_is_refused_with_the_way_out() -> None:
    graph = gd.Graph()
    with pytest.raises(UnknownPresetError, match=r"'Velvt Pad'; did you mean 'Velvet Pad'\?"):
        graph.add_preset("Velvt Pad")
    with pytest.raises(UnknownPresetError, match=r"the tag 'wobbel'; did you mean 'wobble'\?"):
        gd.presets(tag="wobbel")
    with pytest.raises(UnknownPresetError, match=r"the family 'pad'; did you mean 'pads'\?"):
        gd.presets(family="pad")
    with pytest.raises(ProjectError, match=r"nowhere\.txt cannot be read"):
        graph.add_preset("nowhere.txt")


def test_ones_own_instrument_is_kept_listed_and_the_same_again(own: Path) -> None:
    graph = gd.Graph()
    group = tone(graph)

    kept = gd.save_preset(
        graph, group, "Plain Tone", tags=["test", "sine, pure"], description="As plain as " * 20 + "it is."
    )

    assert kept == library.Preset(
        "Plain Tone", "own", ("test", "sine pure"), "As plain as " * 20 + "it is.", str(own / "plain_tone.txt")
    )
    assert kept in gd.presets(tag="test")
    other = gd.Graph()
    back = other.add_preset("Plain Tone")
    assert text.copy(other.document, [back.id]).replace(back.id, group.id) == text.copy(graph.document, [group.id]) or {
        (n.type, tuple(n.values.items())) for n in other.nodes.values()
    } == {(n.type, tuple(n.values.items())) for n in graph.nodes.values()}
    again = gd.save_preset(other, back, own / "leads" / "copy.txt")
    assert again.family == "leads"
    assert library.source(again).splitlines()[1:] == [
        line for line in library.source(kept).splitlines()[1:] if not line.startswith("#")
    ]


def test_ones_own_takes_the_place_of_a_shipped_one_of_the_same_name(own: Path) -> None:
    graph = gd.Graph()
    gd.save_preset(graph, tone(graph, "Velvet Pad"), "Velvet Pad")

    (found,) = (preset for preset in gd.presets() if preset.name == "Velvet Pad")
    assert found.path == str(own / "velvet_pad.txt")


def test_saving_says_what_a_text_cannot_hold(tmp_path: Path) -> None:
    graph = gd.Graph()
    group = tone(graph)
    with pytest.raises(GroupingError, match=r"'sine1' \(sine\) is no group"):
        gd.save_preset(graph, "sine1", "x")
    with pytest.raises(ProjectError, match=r"neither a name nor a \.txt file"):
        gd.save_preset(graph, group, tmp_path / "x.gdaw")
    sampler = graph.add_inside(group, "sampler", file=str(tmp_path / "far" / "a.wav"))
    with pytest.raises(ProjectError, match=r"does not lie in .*; copy it there"):
        gd.save_preset(graph, group, tmp_path / "other" / "x.txt")
    near = gd.save_preset(graph, group, tmp_path / "far" / "x.txt")
    assert 'file="a.wav"' in library.source(near)
    graph.remove(sampler)
    graph.undeclare(group, "out")
    with pytest.raises(GroupingError, match="needs an inlet 'events' for notes and an outlet 'out'"):
        gd.save_preset(graph, group, "x")


def test_clips_are_kept_or_refused_and_never_lost() -> None:
    graph = gd.Graph()
    group = tone(graph)
    graph.add_inside(group, "notes")
    clip = NoteClip("c1", 0, 960, notes=(Note(0, 0, 1, 60.0),))
    graph.apply([PutClip("notes1", clip)])

    with contextlib.suppress(ProjectError):
        kept = gd.save_preset(graph, group, "With clip")
        assert [node.clips for node in library.read(kept).nodes.values() if node.clips] == [(clip,)]
    assert all(preset.name != "With clip" or "c1" in library.source(preset) for preset in gd.presets())


def test_files_that_are_no_presets_are_not_listed_and_say_why(own: Path) -> None:
    own.mkdir(parents=True)
    (own / "noise.txt").write_bytes(b"\xff\xfe\x00")
    (own / "empty.txt").write_bytes(b"")
    (own / "two.txt").write_text("# Two\ngraph 48000\nnode a saw\nnode b saw\n")
    (own / "bare.txt").write_text("# Bare\ngraph 48000\nnode a group\n")

    assert {p.name for p in gd.presets(family="own")} == {"Two", "Bare"}
    for name, why in (("Two", "must hold one group"), ("Bare", "is no instrument")):
        with pytest.raises((ProjectError, GroupingError), match=why):
            gd.Graph().add_preset(name)


def test_a_preset_brings_no_path_that_the_user_has_not_chosen(tmp_path: Path, own: Path) -> None:
    graph = gd.Graph()
    gd.save_preset(graph, tone(graph), "Plain Tone")
    path = own / "plain_tone.txt"
    path.write_text(
        path.read_text()
        .replace("node sine1 sine", 'node sine1 sampler file="/etc/passwd"')
        .replace("wire w1 voices1.frequency_hz -> sine1.frequency_hz", "wire w1 voices1.key -> sine1.pitch_semitones")
    )

    other = gd.Graph()
    other.add_preset("Plain Tone")

    assert other.document.foreign == {"/etc/passwd"}
