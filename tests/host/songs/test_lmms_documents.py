"""LMMS' own demos as documents: each sounds where its XML has notes, and their notes begin on the frames it says."""

from __future__ import annotations

import zlib
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pytest

import graphdaw as gd
from graphdaw.graph.clips import Note, NoteClip
from graphdaw.graph.graph import Graph
from graphdaw.graph.song import Device, Instrument, Song, SongTrack
from graphdaw.graph.timeline import Timeline
from graphdaw.host.offline import Renderer
from graphdaw.host.songs.document.building import document_of
from graphdaw.host.songs.document.effects import fits_of
from graphdaw.host.songs.lmms.reading import read_song
from graphdaw.nodes.base import registry
from tests.events import ON, heard
from tests.lmms_files import project

DEMOS = sorted(path for path in Path("/usr/share/lmms/projects/demos").rglob("*.mm*") if path.is_file())
RATE_HZ = 8_000
SECONDS = 20.0


def tree(path: Path) -> ET.Element:
    data = path.read_bytes()
    return ET.fromstring(zlib.decompress(data[4:]) if path.suffix == ".mmpz" else data)


def value(element: ET.Element, name: str) -> float:
    below = element.find(name)
    return float(element.attrib[name] if below is None else below.attrib["value"])


def first_note_s(root: ET.Element, bpm: float) -> float:
    """When the first note comes that a track or beat has which is not muted, by the XML alone."""
    found = []
    tracks = root.findall("song/trackcontainer/track")
    inner = [one for beat in tracks for one in beat.findall("bbtrack/trackcontainer/track")]
    beats = [one for one in tracks if one.get("type") == "1"]
    for track in tracks:
        if track.get("type") == "0" and track.get("muted") != "1":
            for pattern in track.findall("pattern"):
                if pattern.get("muted") != "1":
                    found += [int(pattern.attrib["pos"]) + int(note.attrib["pos"]) for note in pattern.findall("note")]
    for k, beat in enumerate(beats):
        places = [int(place.attrib["pos"]) for place in beat.findall("bbtco") if place.get("muted") != "1"]
        if beat.get("muted") == "1" or not places:
            continue
        for track in inner:
            if track.get("type") == "0" and track.get("muted") != "1" and len(track.findall("pattern")) > k:
                notes = track.findall("pattern")[k].findall("note")
                found += [min(places) + int(note.attrib["pos"]) for note in notes]
    return min(found) / 48 * 60 / bpm


@pytest.mark.parametrize("path", DEMOS, ids=lambda path: path.stem)
def test_demos_sound_where_their_xml_has_notes(path: Path) -> None:
    root = tree(path)
    head = root.find("head")
    assert head is not None
    begins_s = first_note_s(root, value(head, "bpm"))
    song = read_song(path)

    graph, report = document_of(song, sample_rate=RATE_HZ)
    audio = gd.render(graph, seconds=SECONDS)

    assert np.isfinite(audio).all() and np.abs(audio).max() <= 1.0
    assert begins_s < SECONDS / 2 and np.abs(audio[:, round(begins_s * RATE_HZ) :]).max() > 0.01
    assert np.abs(audio[:, : max(0, round(begins_s * RATE_HZ) - 64)]).max(initial=0.0) < 1e-4
    assert all(sentence.endswith(".") and "\n" not in sentence for sentence in report)


def test_lmms_has_brought_its_demos() -> None:
    assert len(DEMOS) >= 20  # scripts/system.sh installs lmms-common


def written_ons(root: ET.Element, rate: int, frames: int) -> list[Counter[int]]:
    """For each track of the song itself the frames on which its notes begin, by the XML and its tempo alone."""
    head = root.find("head")
    assert head is not None
    ticks_a_frame = value(head, "bpm") * 48 / 60 / rate
    tracks = []
    for track in root.findall("song/trackcontainer/track"):
        if track.get("type") == "0":
            found: Counter[int] = Counter()
            for pattern in track.findall("pattern"):
                if pattern.get("muted") != "1":
                    for note in pattern.findall("note"):
                        tick = int(pattern.attrib["pos"]) + int(note.attrib["pos"])
                        if tick / ticks_a_frame + 0.5 < frames:
                            found[int(tick / ticks_a_frame + 0.5)] += 1
            tracks.append(found)
    return tracks


@pytest.mark.parametrize("name", ["Momo64-esp", "Alf42red-Mauiwowi", "Oglsdl-Dr8v2"])
def test_notes_begin_on_the_frames_that_xml_and_tempo_say(name: str) -> None:
    path = next(path for path in DEMOS if path.stem == name)
    song = read_song(path)
    melodies = [track for track in song.tracks if track.id.startswith("t") and track.kind == "notes"]
    bare = [SongTrack(track.id, track.name, "notes", track.clips) for track in melodies]
    graph, _ = document_of(Song(song.title, song.timeline, tuple(bare)), sample_rate=48_000)
    listened, listeners = only_notes(graph)
    frames = 20 * 48_000

    with Renderer(listened, block_frames=1_024) as renderer:
        found: list[Counter[int]] = [Counter() for _ in listeners]
        for _ in range(0, frames, 48_000):
            renderer.render(48_000)
            for counter, listener in zip(found, listeners, strict=True):
                counter.update(event.frame for event in heard(renderer.engine, listener) if event.kind == ON)

    expected = written_ons(tree(path), 48_000, frames)
    assert found == expected and sum(map(Counter.total, found)) > 100


def only_notes(graph: Graph) -> tuple[Graph, list[str]]:
    """The tracks of notes of a document, each heard by a `midi_out`, without what plays them."""
    bare = gd.Graph(sample_rate=graph.sample_rate)
    bare.set_timeline(graph.timeline)
    bare.add("output")
    listeners = []
    for node in graph.document.inside():
        if node.type == "notes":
            notes, listener = bare.add("notes"), bare.add("midi_out")
            notes >> listener
            for clip in node.clips:
                assert isinstance(clip, NoteClip)
                bare.put_clip(notes, clip)
            listeners.append(listener.id)
    return bare, listeners


def test_a_project_made_by_hand_names_what_is_missing(tmp_path: Path) -> None:
    path = tmp_path / "song.mmp"
    path.write_bytes(project())

    graph, report = document_of(read_song(path), folders=[tmp_path])

    assert "Bass: its instrument lb302 is not known here: Finger Bass plays in its place." in report
    assert any(one.startswith("Kick: its instrument audiofileprocessor with drums/kick.ogg") for one in report)
    assert any("the recording vox.wav is not in the folder of the song" in one for one in report)
    assert np.isfinite(gd.render(graph, seconds=0.5)).all()


def test_the_beat_of_a_recording_rings_out() -> None:
    """A crash of 1.4 s in a step of a beat is heard to its end, in a melody only as long as its note."""

    def length_s(one_shot: bool) -> float:
        instrument = Instrument("lmms/audiofileprocessor", samples=("drums/crash01.ogg",), one_shot=one_shot)
        clip = NoteClip("a", 0, 3_840, notes=(Note(1, 0, 240, 69.0),))
        track = SongTrack("t", "Crash", "notes", (clip,), instrument)
        audio = gd.render(document_of(Song("s", Timeline(), (track,)), sample_rate=RATE_HZ)[0], seconds=3.0)
        return float(np.flatnonzero(np.abs(audio).max(axis=0) > 1e-4)[-1]) / RATE_HZ

    assert length_s(True) > length_s(False) + 0.3


@pytest.mark.parametrize(
    ("kind", "parameters", "gain_db", "hz"),
    [
        ("amplifier", {"volume": 50.0, "left": 100.0, "right": 100.0}, -6.02, 1_000.0),
        ("amplifier", {"volume": 100.0, "left": 200.0, "right": 200.0}, 6.02, 1_000.0),
        ("bassbooster", {"freq": 100.0, "gain": 1.0, "ratio": 1.0}, 6.02, 20.0),
        ("bassbooster", {"freq": 100.0, "gain": 2.0, "ratio": 1.0}, 6.02, 3_000.0),
        ("stereomatrix", {"l-l": 0.5, "r-l": 0.5, "l-r": 0.5, "r-r": 0.5}, 0.0, 1_000.0),
        ("eq", {"Peak1active": 1.0, "Peak1freq": 1_000.0, "Peak1gain": 9.0, "Peak1bw": 1.0}, 9.0, 1_000.0),
        ("eq", {"HPactive": 1.0, "HPfreq": 1_000.0, "HP12": 1.0, "HPres": 0.7071}, -3.01, 1_000.0),
        ("ladspaeffect", {"plugin": "dj_eq", "port01.data": -6.0}, -6.0, 1_000.0),
        ("ladspaeffect", {"plugin": "amp_stereo", "port00.data": 2.0}, 6.02, 1_000.0),
        ("ladspaeffect", {"plugin": "Eq", "port06.data": 6.0}, 6.0, 1_000.0),
        ("ladspaeffect", {"plugin": "hardLimiter", "port00.data": -12.0, "port01.data": 1.0}, 0.0, 1_000.0),
    ],
)
def test_effects_do_what_their_numbers_say(
    kind: str, parameters: dict[str, float | str], gain_db: float, hz: float
) -> None:
    """Of a tone at -20 dBFS."""
    fits = fits_of(Device(f"lmms/{kind}", kind, True, parameters))
    assert fits is not None
    graph = gd.Graph()
    last = graph.add("sine", frequency_hz=hz) >> graph.add("gain", level=0.1)
    for fit in fits:
        last = last >> graph.add(fit.type, **fit.values)
        assert {parameter for parameter, *_ in fit.moves.values()} <= set(registry[fit.type].params)
    last >> graph.add("output")

    tone = gd.render(graph, seconds=0.5)[0, 12_000:]

    assert 20 * np.log10(np.sqrt(2.0 * np.mean(tone**2)) / 0.1) == pytest.approx(gain_db, abs=0.15)
