"""Songs as documents and back: round trips, what each part becomes, and what strangers' songs may not do."""

from __future__ import annotations

import contextlib
import io
import time
from collections import Counter
from pathlib import Path
from random import Random

import mido
import numpy as np
import pytest
import soundfile
from hypothesis import given, settings

import graphdaw as gd
from graphdaw.errors import GraphdawError, MediaError
from graphdaw.graph import library
from graphdaw.graph.clips import AudioClip, CurveClip, Lane, Note, NoteClip, Point
from graphdaw.graph.graph import Graph
from graphdaw.graph.model import settings as settings_of
from graphdaw.graph.song import MASTER, Automation, Device, Instrument, Send, Song, SongTrack, Target, joined
from graphdaw.graph.strips import Strip, strips
from graphdaw.graph.timeline import Marker, Signature, Tempo, Timeline
from graphdaw.host.songs.document import programs
from graphdaw.host.songs.document.building import document_of, system_soundfont
from graphdaw.host.songs.document.reading import song_of
from graphdaw.host.songs.lmms.reading import parse_song
from graphdaw.host.songs.midi_write import write_song
from tests.dawproject_files import read_back, written
from tests.fuzz import songs as fuzzed
from tests.graph.random_edits import random_edits
from tests.random_songs import midi_songs

RATE_HZ = 8_000
CLIP = NoteClip("a", 0, 3_840, notes=(Note(1, 0, 960, 69.0), Note(2, 1_920, 960, 71.0)))


def song_with(*tracks: SongTrack, automation: tuple[Automation, ...] = (), gain_db: float = 0.0) -> Song:
    return Song("Test", Timeline(), tracks, automation, gain_db)


def notes_of(data: bytes) -> list[tuple[Counter[tuple[int, int, int, int]], list[tuple[int, int]], list[str]]]:
    """Of each track of a MIDI file, as mido alone reads it: notes, tempos and markers with their ticks."""
    tracks = []
    for track in mido.MidiFile(file=io.BytesIO(data), charset="utf-8").tracks:
        tick = 0
        notes: Counter[tuple[int, int, int, int]] = Counter()
        tempos, markers = [], []
        on: dict[int, list[tuple[int, int]]] = {}
        for message in track:
            tick += message.time
            if message.type == "note_on" and message.velocity:
                on.setdefault(message.note, []).append((tick, message.velocity))
            elif message.type in ("note_on", "note_off"):
                start, velocity = on[message.note].pop(0)
                notes[start, tick, message.note, velocity] += 1
            elif message.type == "set_tempo":
                tempos.append((tick, message.tempo))
            elif message.type == "marker":
                markers.append(f"{tick} {message.text}")
        tracks.append((notes, tempos, markers))
    return tracks


@settings(max_examples=15, deadline=None)
@given(midi_songs())
def test_a_midi_file_comes_back_from_a_document_with_its_notes_tempos_and_markers(song: Song) -> None:
    before = notes_of(write_song(song)[0])

    graph, report = document_of(song, sample_rate=RATE_HZ)
    back = song_of(graph.document, song.title)

    assert not [sentence for sentence in report if "note" in sentence and "signature" not in sentence]
    after = notes_of(write_song(back)[0])
    assert [notes for notes, *_ in after] == [notes for notes, *_ in before]
    assert after[0][1] == before[0][1]  # tempos, to the microsecond
    assert after[0][2] == before[0][2]


def test_programs_banks_and_drums_come_back() -> None:
    bass = SongTrack("a", "Bass", "notes", (CLIP,), Instrument("midi", program=33, bank=130, channel=4))
    drums = SongTrack("b", "Drums", "drums", (CLIP,), Instrument("midi", channel=9))

    graph, report = document_of(song_with(bass, drums))

    assert report == ()
    back = song_of(graph.document)
    first, second, _ = back.tracks
    assert first.instrument is not None and (first.instrument.program, first.instrument.bank) == (33, 130)
    assert first.clips == (NoteClip("clip1", 0, 3_840, notes=CLIP.notes),)
    assert (second.kind, second.instrument and second.instrument.kind) == ("drums", "midi")
    channels = {m.channel for m in mido.MidiFile(file=io.BytesIO(write_song(back)[0])) if m.type == "note_on"}
    assert channels == {0, 9}


def test_every_program_of_general_midi_has_an_instrument_that_is_there() -> None:
    shipped = {preset.name for preset in library.presets()}

    assert {programs.preset_of_program(program) for program in range(128)} <= programs.all_presets() <= shipped
    assert [programs.preset_of_program(k) for k in (0, 16, 33, 56, 73)] == [
        "Felt Piano", "Drawbar Organ", "Finger Bass", "Solo Trumpet", "Breath Flute",
    ]  # fmt: skip


def part(graph: Graph, strip: str, name: str) -> dict[str, float | str]:
    return settings_of(named(graph, strip).part(name).value)


def named(graph: Graph, name: str) -> Strip:
    return next(strip for strip in strips(graph) if strip.group.value.label == name)


def test_the_mixer_becomes_strips_sends_and_buses() -> None:
    lead = SongTrack(
        "t", "Lead", "notes", (CLIP,), Instrument("midi", program=80), -6.0, 0.5, soloed=True, bus="g",
        sends=(Send("r", -12.0), Send("r", -18.0, True)),
    )  # fmt: skip
    quiet = SongTrack("q", "Quiet", "notes", (CLIP,), gain_db=-96.0, muted=True)
    group, room = SongTrack("g", "Group", "bus", pan=-0.25), SongTrack("r", "Room", "bus", gain_db=-3.0)
    unused = SongTrack("u", "Unused", "bus")
    master = SongTrack(MASTER, "Master", "master", gain_db=-1.0, bus="")

    graph, _ = document_of(song_with(lead, quiet, group, room, unused, master, gain_db=-2.0))

    assert (part(graph, "Lead", "fader")["gain_db"], part(graph, "Lead", "pan")["pan"]) == (-6.0, 0.5)
    assert (part(graph, "Quiet", "fader")["level"], named(graph, "Quiet").group.value.muted) == (0.0, True)
    assert named(graph, "Lead").group.value.soloed and part(graph, "Master", "fader")["gain_db"] == -3.0
    assert "Unused" not in {strip.group.value.label for strip in strips(graph)}
    back = song_of(graph.document)
    by_name = {track.name: track for track in back.tracks}
    ids = {track.id: track.name for track in back.tracks}
    assert by_name["Lead"].gain_db == pytest.approx(-6.0) and by_name["Quiet"].gain_db == -96.0
    assert ids[by_name["Lead"].bus] == "Group" and by_name["Group"].bus == MASTER
    assert [(ids[s.bus], round(s.gain_db, 6), s.pre) for s in by_name["Lead"].sends] == [
        ("Room", -12.0, False), ("Room", -18.0, True),
    ]  # fmt: skip


def test_what_is_sent_is_heard_as_loud_as_the_song_says(tmp_path: Path) -> None:
    """A tone of a recording, through a fader, a send and two buses: levels multiply."""

    def heard(path: Path, **mixer: object) -> float:
        clip = AudioClip("a", 0, 1_920, media=path.name)
        track = SongTrack("t", "Tone", "audio", (clip,), **mixer)  # type: ignore[arg-type]
        room = SongTrack("r", "Room", "bus", gain_db=-20.0)
        graph, report = document_of(song_with(track, room), sample_rate=RATE_HZ, folders=[path.parent])
        assert report == ()
        return float(np.abs(gd.render(graph, seconds=0.5)[:, 2_000:]).max())

    tone = tmp_path / "tone.wav"
    soundfile.write(tone, 0.1 * np.sin(np.arange(RATE_HZ) * 0.5), RATE_HZ, subtype="FLOAT")

    assert heard(tone) == pytest.approx(0.1, rel=1e-3)
    assert heard(tone, gain_db=-20.0) == pytest.approx(0.01, rel=1e-3)
    assert heard(tone, bus="r") == pytest.approx(0.01, rel=1e-3)
    assert heard(tone, sends=(Send("r", 0.0),)) == pytest.approx(0.11, rel=1e-3)
    assert heard(tone, muted=True) == 0.0


def test_automation_takes_the_place_of_levels_pans_effects_and_instruments() -> None:
    curve = (CurveClip("a", 0, 3_840, points=(Point(0, 0.25), Point(1_920, 0.5))),)
    effects = (Device("lmms/eq", "eq", True, {"LPactive": 1.0, "LPfreq": 900.0, "wet": 1.0}),)
    instrument = Instrument("lmms/tripleoscillator", "tripleoscillator", True, {"eldata.fwet": 1.0})
    track = SongTrack(
        "t", "Lead", "notes", (CLIP,), instrument, -6.0, effects=effects, sends=(Send("r", -6.0),)
    )  # fmt: skip
    targets = [
        Target("mixer", "level", "t"), Target("mixer", "pan", "t"), Target("mixer", "muted", "t"),
        Target("send", "level", "t", 0), Target("effect", "LPfreq", "t", 0), Target("effect", "wet", "t", 0),
        Target("instrument", "eldata.fcut", "t"), Target("instrument", "nothing", "t"),
    ]  # fmt: skip
    room = SongTrack("r", "Room", "bus")
    song = song_with(track, room, automation=tuple(Automation(target, curve) for target in targets))

    graph, report = document_of(song)

    assert report == ("Lead: the automation of 'nothing' moves what is not here, so it was left out.",)
    moved = set()
    for wire in graph.wires.values():
        if graph.nodes[wire.source].type == "automation":
            moved.add((graph.nodes[wire.target].label or graph.nodes[wire.target].type, wire.target_port))
    assert moved >= {
        ("fader", "level"), ("pan", "pan"), ("trim", "level"), ("gain", "level"), ("Eq", "frequency8_hz"),
        ("crossfade", "position"), ("Lead", "cutoff_hz"),
    }  # fmt: skip
    assert part(graph, "Lead", "fader")["gain_db"] == 0.0  # a curve is a factor in place of decibels
    back = {(one.target.place, one.target.parameter): joined(one.clips) for one in song_of(graph.document).automation}
    assert back["mixer", "level"] == back["mixer", "pan"] == back["send", "level"] == joined(curve)
    assert back["effect", "wet"] == joined(curve)


def test_a_curve_of_the_level_is_heard() -> None:
    hold = (CurveClip("a", 0, 9_600, points=(Point(0, 1.0, "hold"), Point(960, 0.1, "hold"))),)
    instrument = Instrument("lmms/tripleoscillator", "", True, {f"vol{k}": 33.0 * (k == 0) for k in range(3)})
    clip = NoteClip("a", 0, 9_600, notes=(Note(1, 0, 9_600, 69.0, 0.5),))
    track = SongTrack("t", "Tone", "notes", (clip,), instrument)
    moved = song_with(track, automation=(Automation(Target("mixer", "level", "t"), hold),))

    audio = gd.render(document_of(moved, sample_rate=RATE_HZ)[0], seconds=1.0)[0]

    early, late = np.abs(audio[1_000:3_500]).max(), np.abs(audio[6_000:]).max()
    assert early == pytest.approx(0.33, rel=0.02) and late == pytest.approx(0.033, rel=0.02)
    spectrum = np.abs(np.fft.rfft(audio[1_000:3_500] * np.hanning(2_500)))
    assert np.argmax(spectrum) * RATE_HZ / 2_500 == pytest.approx(440.0, abs=4.0)


@pytest.mark.parametrize(("coarse", "root_key", "hz"), [(0.0, 69.0, 440.0), (-12.0, 69.0, 220.0), (0.0, 57.0, 880.0)])
def test_oscillators_are_in_tune(coarse: float, root_key: float, hz: float) -> None:
    values: dict[str, float | str] = {"vol1": 0.0, "vol2": 0.0, "coarse0": coarse, "wavetype0": 0.0}
    track = SongTrack("t", "Tone", "notes", (CLIP,), Instrument("lmms/tripleoscillator", "", True, values,
                                                               root_key=root_key))  # fmt: skip

    audio = gd.render(document_of(song_with(track), sample_rate=RATE_HZ)[0], seconds=0.45)[0]

    spectrum = np.abs(np.fft.rfft(audio[400:3_600] * np.hanning(3_200)))
    assert np.argmax(spectrum) * RATE_HZ / 3_200 == pytest.approx(hz, abs=3.0)


def test_a_dawproject_goes_through_a_document(tmp_path: Path) -> None:
    effects = (
        Device("Equalizer", "Tone", True, {"Band1.type": "bell", "Band1.Freq": 500.0, "Band1.Gain": 6.0}),
        Device("Compressor", "Squash", False, {"Threshold": -20.0, "Ratio": 4.0, "Attack": 0.01, "Release": 0.1}),
        Device("vst3", "Secret", True, {"deviceID": "x"}),
    )  # fmt: skip
    lanes = (Lane("cc1", (Point(0, 0.0), Point(960, 1.0, "hold"))),)
    notes = NoteClip("a", 960, 3_840, 0, 1_920, "Riff", False, CLIP.notes, lanes)
    track = SongTrack(
        "t", "Lead", "notes", (notes,), Instrument("vst3", "Synth"), -6.0, 0.5, bus="b", sends=(Send("b", -3.0),),
        effects=effects,
    )  # fmt: skip
    curve = (CurveClip("x", 0, 3_840, points=(Point(0, 0.25), Point(1_920, 0.5))),)
    timeline = Timeline((Tempo(0, 90.0, True), Tempo(3_840, 120.0)), (Signature(0, 3, 4),), (Marker(960, "B", 960),))
    song = Song(
        "S", timeline, (track, SongTrack("b", "Bus", "bus")), (Automation(Target("mixer", "level", "t"), curve),)
    )

    graph, report = document_of(read_back(written(song)[0], tmp_path))
    back = read_back(written(song_of(graph.document, "S"))[0], tmp_path)

    assert any("Secret has no match here" in one for one in report) and any(
        "Synth is not known" in one for one in report
    )
    assert back.timeline.tempos == timeline.tempos and back.timeline.signatures == timeline.signatures
    assert [(m.at_ticks, m.name) for m in back.timeline.markers] == [(960, "B")]
    lead = next(one for one in back.tracks if one.name == "Lead")
    assert [(c.at_ticks, c.length_ticks, c.loop_ticks, c.name) for c in lead.clips] == [(960, 3_840, 1_920, "Riff")]
    (clip,) = lead.clips
    assert isinstance(clip, NoteClip) and clip.lanes == lanes
    assert [(n.at_ticks, n.length_ticks, n.key) for n in clip.notes] == [(0, 960, 69.0), (1_920, 960, 71.0)]
    assert lead.pan == 0.5 and lead.sends[0].gain_db == pytest.approx(-3.0)
    assert [one.name for one in back.tracks] == ["Lead", "Bus", "Master"]
    assert [(one.name, one.on) for one in lead.effects] == [("Tone", True), ("Squash", False)]
    level = next(one for one in back.automation if one.target == Target("mixer", "level", lead.id))
    assert joined(level.clips) == joined(curve)
    again, _ = document_of(back)
    assert [part(again, "Lead", "fader"), part(again, "Lead", "pan")] == [
        part(graph, "Lead", "fader"), part(graph, "Lead", "pan"),
    ]  # fmt: skip


def test_recordings_that_lie_elsewhere_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "song").mkdir()
    soundfile.write(tmp_path / "secret.wav", np.zeros(100), RATE_HZ)
    soundfile.write(tmp_path / "song" / "mine.wav", np.zeros(100), RATE_HZ)
    (tmp_path / "song" / "link.wav").symlink_to(tmp_path / "secret.wav")
    (tmp_path / "song" / "text.wav").write_text("nothing")
    names = ["mine.wav", "../secret.wav", str(tmp_path / "secret.wav"), "link.wav", "none.wav", "a\0b", "text.wav"]
    clips = tuple(AudioClip(f"c{k}", 960 * k, 960, media=name) for k, name in enumerate(names))

    graph, report = document_of(song_with(SongTrack("t", "T", "audio", clips)), folders=[tmp_path / "song"])

    (node,) = [node for node in graph.nodes.values() if node.type == "audio_clips"]
    assert [clip.media for clip in node.clips if isinstance(clip, AudioClip)] == [str(tmp_path / "song" / "mine.wav")]
    assert len(report) == 6


def test_a_soundfont_plays_programs_and_drums() -> None:
    font = system_soundfont()
    assert font is not None  # scripts/system.sh installs one
    bass = SongTrack("a", "Bass", "notes", (CLIP,), Instrument("midi", program=33))
    drums = SongTrack("b", "Drums", "drums", (CLIP,))

    graph, report = document_of(song_with(bass, drums), soundfont=font)

    zones = [node.values for node in graph.nodes.values() if node.type == "zones"]
    assert [(node["file"], node["preset"]) for node in zones] == [(font, "0:33"), (font, "128:0")] and report == ()
    assert np.abs(gd.render(graph, seconds=0.4)).max() > 0.01
    assert [track.kind for track in song_of(graph.document).tracks] == ["notes", "drums", "master"]


def test_what_a_soundfont_lacks_is_played_by_the_library_and_said() -> None:
    font = system_soundfont()
    drums = SongTrack("b", "Drums", "drums", (CLIP,), Instrument("midi", program=99))

    graph, report = document_of(song_with(drums), soundfont=font)

    assert not [node for node in graph.nodes.values() if node.type == "zones"]
    (told,) = report
    assert told.startswith(f"Drums: {font} has no preset '128:99'; did you mean")
    assert told.endswith("An instrument of the library plays it.")
    assert [node.label for node in graph.nodes.values() if node.label == "Kick tune"]  # a knob of the library's kit


def test_buses_in_a_circle_and_signatures_within_bars_are_left_out() -> None:
    tracks = (
        SongTrack("t", "T", "notes", (CLIP,), Instrument("midi", program=0), bus="a"),
        SongTrack("a", "A", "bus", bus="b"),
        SongTrack("b", "B", "bus", bus="a", sends=(Send("a"), Send("nowhere"))),
    )
    timeline = Timeline(signatures=(Signature(0, 4, 4), Signature(960, 3, 4)))

    graph, report = document_of(Song("S", timeline, tracks))

    assert graph.timeline.signatures == (Signature(0, 4, 4),)
    assert report == (
        "The time signature 3/4 begins within a bar and was left out.",
        "B: it feeds a bus that feeds it, so that way was left out.",
        "B: a send goes to a bus that is not there, so it was left out.",
    )
    assert np.isfinite(gd.render(graph, seconds=0.1)).all()


def test_what_is_no_song_in_a_document_is_said() -> None:
    graph = gd.Graph()
    track = graph.add_track("Bass", instrument="saw")
    graph.write(track.clips, [(0, 1, "C2")])
    graph.insert(graph.add("arpeggiator"), next(w for w in graph.wires.values() if w.source == track.clips.id))
    curve = graph.add("automation")
    graph.put_clip(curve, CurveClip("a", 0, 960, points=(Point(0, 1.0),)))
    graph.connect(curve, f"{graph.add('sine').id}.frequency_hz")
    graph.set(track.clips, quantise="1/8", transpose=12.0)

    song = song_of(graph.document)

    assert song.report == (
        "Bass: its notes are played off where they are written, and were carried as written.",
        "Bass: what arpeggiator1 makes of its notes was left out.",
        "The automation automation1 moves what is none of a song's: left out.",
    )
    assert song.tracks[0].instrument is not None and song.tracks[0].instrument.root_key == 57.0


def test_a_track_that_leads_into_a_bus_by_itself_leaves_the_bus_its_settings() -> None:
    graph = gd.Graph()
    room = graph.add_bus("Room")
    graph.set(room.part("fader"), gain_db=-7.0)
    graph.connect(graph.add("audio_clips"), room.group["in"])

    track, bus, master = song_of(graph.document).tracks

    assert (track.bus, track.gain_db) == (bus.id, 0.0) and master.id == MASTER
    assert (bus.name, bus.gain_db) == ("Room", pytest.approx(-7.0))


@pytest.mark.parametrize("seed", range(3))
def test_whatever_a_document_is_it_is_read_and_the_song_can_be_built_and_written(seed: int) -> None:
    dice, graph = Random(seed), gd.Graph()
    graph.add_track("A", instrument="saw").strip.send("R")
    graph.add_track("B")
    graph.add_bus("R")
    for _ in range(60):
        with contextlib.suppress(GraphdawError):
            graph.apply(random_edits(graph, dice))
        song = song_of(graph.document)
        assert len({track.id for track in song.tracks}) == len(song.tracks)

    written(song)
    document_of(song)


def test_songs_of_strangers_end_in_a_document_or_a_sentence() -> None:
    dice, seeds = Random(4), fuzzed.lmms_seeds()
    made = 0
    for _ in range(40):
        with contextlib.suppress(MediaError):
            song = parse_song(fuzzed.lmmswise(dice, seeds), "a.mmp")
            if len(song.tracks) < 20 and sum(len(track.clips) for track in song.tracks) < 200:
                song_of(document_of(song, sample_rate=RATE_HZ)[0].document)
                made += 1
    assert made > 12


def test_a_song_of_many_tracks_is_built_in_a_moment() -> None:
    tracks = [SongTrack(f"t{k}", f"T{k}", "notes", (CLIP,), Instrument("midi", program=k)) for k in range(64)]
    began = time.process_time()

    graph, _ = document_of(song_with(*tracks))

    assert time.process_time() - began < 4.0 and len(graph.nodes) > 64 * 10
    assert not graph.history.past
