"""DAWproject files written: round trips, the rules of their schema, recordings, and what no file can hold."""

from __future__ import annotations

import io
import os
import zipfile
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
import soundfile
from hypothesis import given, settings

from graphdaw.graph.clips import AudioClip, CurveClip, Lane, Note, NoteClip, Point, WarpMark
from graphdaw.graph.song import MASTER, Automation, Device, Instrument, Send, Song, SongTrack, Target, changed, joined
from graphdaw.graph.timeline import Loop, Marker, Tempo, Timeline
from graphdaw.host.songs.lmms.reading import parse_song
from tests import lmms_files
from tests.dawproject_files import project_of, read_back, written
from tests.dawproject_rules import broken
from tests.random_songs import full_songs


def plain(song: Song) -> dict[str, Any]:
    """A song without the ids that files do not keep."""
    order = {track.id: f"#{k}" for k, track in enumerate(song.tracks)}
    tracks = []
    for track in song.tracks:
        clips = sorted(track.clips, key=lambda clip: clip.at_ticks)
        tracks.append(
            changed(
                track,
                id=order[track.id],
                bus=order.get(track.bus, track.bus),
                clips=tuple(changed(clip, id="") for clip in clips),
                sends=tuple(changed(send, bus=order[send.bus]) for send in track.sends),
            )
        )
    automation = {
        (order[one.target.track], one.target.place, one.target.parameter, one.target.index): joined(one.clips)
        for one in song.automation
    }
    return {
        "title": song.title,
        "timeline": song.timeline,
        "tracks": tracks,
        "automation": automation,
    }


@settings(max_examples=80, deadline=None)
@given(full_songs())
def test_what_a_file_can_hold_comes_back_whole(tmp_path_factory: pytest.TempPathFactory, song: Song) -> None:
    data, report = written(song)

    assert report == () and broken(project_of(data)) == []
    assert written(song)[0] == data  # equal songs give equal bytes
    got, wanted = plain(read_back(data, tmp_path_factory.mktemp("a"))), plain(song)
    automation, expected = got.pop("automation"), wanted.pop("automation")
    assert close_to(got) == close_to(wanted)
    assert automation.keys() == expected.keys()
    for target, points in expected.items():
        back = automation[target]
        assert [(one.at_ticks, one.shape) for one in back] == [(one.at_ticks, one.shape) for one in points]
        assert [one.value for one in back] == pytest.approx([one.value for one in points], abs=1e-9)


def close_to(value: Any) -> Any:
    """As plain values, with numbers that need only be near: decibels and pans go through factors."""
    if isinstance(value, msgspec.Struct):
        return {"is": type(value), **close_to(msgspec.structs.asdict(value))}
    if isinstance(value, dict):
        return {key: close_to(below) for key, below in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(map(close_to, value))
    return round(value, 9) + 0.0 if isinstance(value, float) else value


def test_an_lmms_song_becomes_a_file_by_the_rules(tmp_path: Path) -> None:
    song = parse_song(lmms_files.project(), "a.mmp")

    data, report = written(song)

    assert broken(project_of(data)) == []
    back = read_back(data, tmp_path)
    assert [track.name for track in back.tracks] == [track.name for track in song.tracks]
    assert back.timeline.tempos == song.timeline.tempos and back.note_count == song.note_count
    assert len(back.automation) == len(song.automation)
    for word in (
        "Kick: the recordings of its instrument were left out: drums/kick.ogg", "Bass: its instrument transposes",
        "Room: it feeds nothing but its sends", "Bass: of Eq what is text was left out: file, plugin", "The loop",
    ):  # fmt: skip
        assert any(sentence.startswith(word) for sentence in report), word
    (master,) = [track for track in back.tracks if track.id == MASTER]
    assert master.gain_db == pytest.approx(-12.04, abs=0.01)  # the song's own level is in it
    (bass,) = [track for track in back.tracks if track.name == "Bass"]
    clip = bass.clips[0]
    assert isinstance(clip, NoteClip) and [note.key for note in clip.notes] == [69.0, 57.0]


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    path = tmp_path / "take one.wav"
    soundfile.write(path, np.sin(np.arange(22_050) * 0.1), 22_050)
    return path


def test_recordings_travel_inside_and_come_out_beside_what_is_there(tmp_path: Path, recording: Path) -> None:
    clips = (
        AudioClip("a", 0, 960, media=recording.name, start_s=0.25, gain_db=-3.0, fade_in_s=0.1, pitch_semitones=2.0),
        AudioClip("b", 1_920, 960, 240, 480, media=str(recording), speed=0.5, start_s=0.1),
        AudioClip(
            "c", 3_840, 960, 240, media=recording.name, follows_tempo=True, warp=(WarpMark(0, 0.0), WarpMark(960, 0.4))
        ),
        AudioClip("d", 5_760, 1_920, media=recording.name, follows_tempo=True, media_bpm=100.0, start_s=0.2),
    )
    song = Song(
        "s", Timeline((Tempo(0, 75.0),)), (SongTrack("a", "A", "audio", clips), SongTrack("m", "M", "audio", clips[:1]))
    )

    data, report = written(song, tmp_path)

    assert report == () and broken(project_of(data)) == []
    audio = next(project_of(data).iter("Audio"))
    assert (audio.attrib["channels"], audio.attrib["sampleRate"], float(audio.attrib["duration"])) == (
        "1",
        "22050",
        1.0,
    )
    (tmp_path / "media").mkdir()
    (tmp_path / "media" / recording.name).write_bytes(b"mine")
    back = read_back(data, tmp_path, tmp_path / "media")
    first, second, third, fourth = back.tracks[0].clips
    assert all(isinstance(clip, AudioClip) for clip in back.tracks[0].clips)
    assert isinstance(first, AudioClip) and isinstance(second, AudioClip) and isinstance(fourth, AudioClip)
    assert first.media == str(tmp_path / "media" / f"2 {recording.name}")
    assert Path(first.media).read_bytes() == recording.read_bytes()
    assert (tmp_path / "media" / recording.name).read_bytes() == b"mine"
    assert changed(first, id="a", media="", gain_db=-3.0) == changed(clips[0], media="")
    assert first.gain_db == pytest.approx(-3.0)
    assert (second.speed, second.offset_ticks, second.loop_ticks) == (pytest.approx(0.5), 240, 480)
    assert second.start_s == pytest.approx(0.1)
    assert changed(third, id="c", media="") == changed(clips[2], media="")
    assert fourth.warp == (WarpMark(0, 0.2), WarpMark(1_920, 0.2 + 1.2))
    assert len(os.listdir(tmp_path / "media")) == 3


def test_recordings_outside_the_folders_stay_where_they_are(tmp_path: Path, recording: Path) -> None:
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / "link.wav").symlink_to(recording)
    for media in (str(recording), "../take one.wav", "link.wav", "a\0b", "..", ""):
        track = SongTrack("a", "A", "audio", (AudioClip("a", 0, 960, media=media),))
        data, report = written(Song("s", Timeline(), (track,)), tmp_path / "project")
        assert "is not at hand" in report[0]
        assert zipfile.ZipFile(io.BytesIO(data)).namelist() == ["metadata.xml", "project.xml"]


def test_recordings_that_are_not_there_are_named(tmp_path: Path) -> None:
    clips = (
        AudioClip("a", 0, 960, media="/none/a.wav", reversed=True),
        AudioClip("b", 0, 960, media="b.wav", follows_tempo=True),
    )

    data, report = written(Song("s", Timeline(), (SongTrack("a", "A", "audio", clips),)))

    assert broken(project_of(data)) == []
    words = "'/none/a.wav' is not at hand", "backwards", "the tempo of 'b.wav' is not known"
    assert [word for word in words if word not in "".join(report)] == []
    back = read_back(data, tmp_path, tmp_path / "media")
    assert [clip.media for clip in back.tracks[0].clips if isinstance(clip, AudioClip)] == ["/none/a.wav", "b.wav"]
    assert back.report == (
        "The recording '/none/a.wav' is not inside the file.",
        "The recording 'b.wav' is not inside the file.",
    )


def test_what_a_file_cannot_hold_is_said() -> None:
    lanes = (Lane("cc10", (Point(0, 0.5),)), Lane("smell", (Point(0, 0.5),)))
    odd = (Note(1, 0, 10, 60.25, probability=0.5, lanes=lanes), Note(2, 0, 10, 200.0))
    clips = (NoteClip("a", 0, 960, notes=odd, lanes=(Lane("smell", (Point(0, 1.0),)),)),)
    tracks = (
        SongTrack("a", "A", "notes", clips, Instrument("midi", program=3), sends=(Send("none"),), bus=""),
        SongTrack("b", "B", "bus", effects=(Device("x", parameters={"a": "b"}),)),
    )
    automation = (Automation(Target("song", "level"), ()), Automation(Target("mixer", "width", "a"), ()))
    timeline = Timeline(markers=(Marker(0, "Verse", 960),), loop=Loop(0, 960))

    data, report = written(Song("a\0b", timeline, tracks, automation))

    assert broken(project_of(data)) == []
    words = (
        "A: its MIDI program 4", "A: a send goes to a track", "A: it feeds nothing",
        "B: of x what is text was left out: a",
        "A: notes that sound only sometimes", "A: notes beyond the 128 keys, such as 200", "A: its lane 'smell'",
        "A: what happens to single notes ('smell')", "A: automation of 'width'", "Automation of 'level' of the whole",
        "The section 'Verse'", "The loop",
    )  # fmt: skip
    assert [word for word in words if not any(sentence.startswith(word) for sentence in report)] == []
    assert len(report) == len(words)
    note = next(project_of(data).iter("Note"))
    assert [point.attrib["value"] for point in note.iter("RealPoint")] == [
        "0.5",
        "0.25",
    ]  # a quarter tone above the key


def test_bent_curves_are_near_what_they_were(tmp_path: Path) -> None:
    points = (Point(0, 0.0, "smooth"), Point(1_600, 1.0, "curve", 0.5), Point(3_200, 0.0))
    clip = CurveClip("a", 0, 3_200, points=points)
    song = Song("s", Timeline(), (SongTrack("a", "A", "notes"),), (Automation(Target("mixer", "level", "a"), (clip,)),))

    (back,) = read_back(written(song)[0], tmp_path).automation

    got = joined(back.clips)
    ticks, values = [point.at_ticks for point in got], [point.value for point in got]
    for tick in range(0, 3_100, 37):
        t = tick / 1_600
        exact = 0.5 - 0.5 * np.cos(np.pi * t) if t < 1 else 1 - (t - 1) ** (2.0**1.5)
        assert np.interp(tick, ticks, values) == pytest.approx(exact, abs=0.02)
