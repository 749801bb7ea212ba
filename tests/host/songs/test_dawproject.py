"""DAWproject files: round trips, the rules of their schema, and files as other programs write them."""

from __future__ import annotations

import io
import os
import time
import zipfile
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import msgspec
import numpy as np
import pytest
import soundfile
from hypothesis import given, settings

from graphdaw.errors import MediaError
from graphdaw.graph.clips import AudioClip, CurveClip, Lane, Note, NoteClip, Point, WarpMark
from graphdaw.graph.song import MASTER, Automation, Device, Instrument, Send, Song, SongTrack, Target, changed, joined
from graphdaw.graph.timeline import Loop, Marker, Signature, Tempo, Timeline
from graphdaw.host.songs.dawproject.reading import read_song
from graphdaw.host.songs.dawproject.writing import write_song
from graphdaw.host.songs.lmms.reading import parse_song
from tests import lmms_files
from tests.dawproject_rules import broken
from tests.random_songs import full_songs


def written(song: Song, *folders: Path) -> tuple[bytes, tuple[str, ...]]:
    out = io.BytesIO()
    report = write_song(song, out, folders)
    return out.getvalue(), report


def project_of(data: bytes) -> ET.Element:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return ET.fromstring(archive.read("project.xml"))


def read_back(data: bytes, tmp_path: Path, media: Path | None = None) -> Song:
    path = tmp_path / "a.dawproject"
    path.write_bytes(data)
    return read_song(path, media)


def packed(project: str, **members: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("project.xml", project)
        for name, data in members.items():
            archive.writestr(name, data)
    return out.getvalue()


def arranged(
    lanes: str, structure: str = '<Track id="t" name="T" contentType="notes audio"/>', more: str = ""
) -> bytes:
    return packed(
        '<Project version="1.0"><Application name="x" version="1"/><Transport>'
        f'<Tempo unit="bpm" value="60" id="tempo"/></Transport><Structure>{structure}</Structure>'
        f"<Arrangement><Lanes>{lanes}</Lanes>{more}</Arrangement></Project>"
    )


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


MINIMAL = """<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<Project version="1.0">
  <Application name="Another Workstation" version="7.2"/>
  <Transport>
    <Tempo max="300.000000" min="30.000000" unit="bpm" value="90.000000" id="p0" name="Tempo"/>
    <TimeSignature denominator="8" numerator="6" id="p1"/>
  </Transport>
  <Structure>
    <Track contentType="tracks" loaded="true" id="g" name="Band" color="#112233">
      <Channel audioChannels="2" destination="mc" role="master" solo="false" id="gc">
        <Volume max="2.0" min="0.0" unit="linear" value="0.500000" id="gv"/>
      </Channel>
      <Track contentType="notes" loaded="true" id="k" name="Keys">
        <Channel audioChannels="2" destination="gc" role="regular" solo="true" id="kc">
          <Devices>
            <Vst3Plugin deviceID="ABCD" deviceName="Piano" deviceRole="instrument" deviceVendor="Them" id="d">
              <Parameters>
                <RealParameter max="1" min="0" unit="normalized" value="0.25" id="dp" parameterID="48" name="Lid"/>
              </Parameters>
              <Enabled value="true" id="de"/><State path="plugins/piano.vstpreset"/>
            </Vst3Plugin>
            <Compressor deviceName="Squeeze" deviceRole="audioFX" id="c"><Enabled value="false" id="ce"/>
              <Attack unit="seconds" value="0.01" id="ca"/><Threshold unit="linear" value="0.1" id="ct"/>
            </Compressor>
            <Equalizer deviceName="Shape" deviceRole="audioFX" id="e"><Band type="bell" order="2">
              <Freq unit="hertz" value="440" id="ef"/><Gain unit="decibel" value="-3" id="eg"/></Band></Equalizer>
          </Devices>
          <Mute value="true" id="km"/>
          <Pan max="1.0" min="0.0" unit="normalized" value="0.750000" id="kp"/>
          <Sends><Send destination="rc" type="pre" id="s"><Volume unit="decibel" value="-12.0" id="sv"/></Send></Sends>
          <Volume max="2.0" min="0.0" unit="linear" value="0.251189" id="kv"/>
        </Channel>
      </Track>
    </Track>
    <Track contentType="audio" loaded="true" id="r" name="Room">
      <Channel audioChannels="2" destination="mc" role="effect" id="rc"/></Track>
    <Track contentType="audio notes" loaded="true" id="m" name="Main">
      <Channel audioChannels="2" role="master" solo="false" id="mc"/></Track>
  </Structure>
  <Arrangement id="a">
    <Lanes timeUnit="beats" id="l">
      <Lanes track="k" id="l1">
        <Clips id="l2">
          <Clip time="6.0" duration="6.0" playStart="0.0" name="Verse"><Lanes id="l3">
            <Notes id="n1">
              <Note time="0.500000" duration="0.250000" channel="0" key="65" vel="0.787402" rel="0.4">
                <Points unit="semitones"><Target expression="transpose"/>
                  <RealPoint time="0.0" value="0"/><RealPoint time="0.25" value="2" interpolation="linear"/>
                </Points></Note>
              <Note time="0.000000" duration="3.000000" channel="0" key="53" vel="0.5"/>
            </Notes>
            <Points unit="normalized" id="l4"><Target expression="channelController" channel="0" controller="64"/>
              <RealPoint time="1.0" value="1.0"/></Points>
          </Lanes></Clip>
          <Clip time="12.0" duration="3.0" playStart="3.0" reference="n1" enable="false"/>
        </Clips>
        <Points unit="linear" id="l5"><Target parameter="kv"/>
          <RealPoint time="0.0" value="1.0" interpolation="linear"/><RealPoint time="6.0" value="0.0"/></Points>
        <Points id="l6"><Target parameter="km"/><BoolPoint time="6.0" value="true"/></Points>
        <Points unit="normalized" id="l7"><Target parameter="dp"/><RealPoint time="1.0" value="0.5"/></Points>
      </Lanes>
      <Lanes track="m" id="l8"><Points unit="linear"><Target parameter="nowhere"/></Points></Lanes>
    </Lanes>
    <Markers id="x"><Marker time="6.0" name="Verse" color="#ffffff"/></Markers>
    <TempoAutomation unit="bpm" id="t"><Target parameter="p0"/>
      <RealPoint time="0.0" value="90.0" interpolation="linear"/><RealPoint time="12.0" value="120.0"/>
    </TempoAutomation>
    <TimeSignatureAutomation id="ts"><Target parameter="p1"/>
      <TimeSignaturePoint time="0.0" numerator="6" denominator="8"/>
      <TimeSignaturePoint time="12.0" numerator="4" denominator="4"/></TimeSignatureAutomation>
  </Arrangement>
  <Scenes><Scene name="A" id="sc"><Lanes id="sl"><ClipSlot track="k" id="ss"><Clip time="0"><Notes/></Clip></ClipSlot>
  </Lanes></Scene></Scenes>
</Project>"""


def test_a_project_of_another_program_is_what_it_says(tmp_path: Path) -> None:
    members = {"plugins/piano.vstpreset": b"VST3 state", "metadata.xml": b"<MetaData><Title>Waltz</Title></MetaData>"}
    song = read_back(packed(MINIMAL, **members), tmp_path)

    dangling = "Target: parameter refers to nowhere, which is not there"
    assert broken(ET.fromstring(MINIMAL)) == [dangling]  # or what is hand-written here is no fair example
    assert song.title == "Waltz"
    assert song.timeline == Timeline(
        (Tempo(0, 90.0, True), Tempo(11_520, 120.0)),
        (Signature(0, 6, 8), Signature(11_520, 4, 4)),
        (Marker(5_760, "Verse"),),
    )
    band, keys, room, main = song.tracks
    assert (band.kind, band.bus, band.color) == ("bus", MASTER, "#112233") and band.gain_db == pytest.approx(
        -6.02, abs=0.01
    )
    assert (keys.kind, keys.bus, keys.muted, keys.soloed, keys.pan) == ("notes", "g", True, True, 0.5)
    assert keys.gain_db == pytest.approx(-12.0, abs=1e-4) and keys.sends == (Send("r", pytest.approx(-12.0), True),)
    assert keys.instrument == Instrument(
        "vst3", "Piano", True, {"deviceID": "ABCD", "deviceVendor": "Them", "Lid#48": 0.25}, b"VST3 state"
    )
    assert keys.effects == (
        Device("Compressor", "Squeeze", False, {"Attack": 0.01, "Threshold": pytest.approx(-20.0)}),
        Device(
            "Equalizer",
            "Shape",
            True,
            {"Band1.type": "bell", "Band1.order": "2", "Band1.Freq": 440.0, "Band1.Gain": -3.0},
        ),
    )
    assert (room.kind, main.kind, main.id, main.bus) == ("bus", "master", MASTER, "")
    verse, again = keys.clips
    assert isinstance(verse, NoteClip) and isinstance(again, NoteClip)
    assert (verse.at_ticks, verse.length_ticks, verse.name, verse.loop_ticks) == (5_760, 5_760, "Verse", 0)
    assert verse.notes == (
        Note(1, 0, 2_880, 53.0, 0.5),
        Note(2, 480, 240, 65.0, 0.787402, 0.4, lanes=(Lane("bend", (Point(0, 0.0, "hold"), Point(240, 2.0))),)),
    )
    assert verse.lanes == (Lane("cc64", (Point(960, 1.0, "hold"),)),)
    assert (again.at_ticks, again.offset_ticks, again.muted, again.notes) == (11_520, 2_880, True, verse.notes)
    assert {one.target: joined(one.clips) for one in song.automation} == {
        Target("mixer", "level", "k"): (Point(0, 1.0), Point(5_760, 0.0, "hold")),
        Target("mixer", "muted", "k"): (Point(5_760, 1.0, "hold"),),
        Target("instrument", "Lid#48", "k"): (Point(960, 0.5, "hold"),),
    }
    assert song.report == (
        "Main: automation of what is not in the file was left out.",
        "The scene 'A' of the launcher was left out.",
    )


def clips_of(lanes: str, tmp_path: Path, **how: str) -> list[NoteClip | AudioClip]:
    song = read_back(arranged(f'<Lanes track="t">{lanes}</Lanes>', **how), tmp_path)
    return list(song.tracks[0].clips)


NOTE = '<Note time="{}" duration="1" channel="9" key="{}"/>'
NOTES = f"<Notes>{NOTE.format(0, 36)}{NOTE.format(3, 38)}</Notes>"
AUDIO = '<Audio channels="2" sampleRate="48000" duration="8"><File path="a.wav"/></Audio>'


def test_loops_begin_where_they_say(tmp_path: Path) -> None:
    clip = '<Clips><Clip time="10" duration="9" playStart="{}" loopStart="{}" loopEnd="{}">' + NOTES + "</Clip></Clips>"

    (whole,) = clips_of(clip.format(0, 0, 4), tmp_path)
    assert (whole.offset_ticks, whole.loop_ticks, whole.length_ticks) == (0, 3_840, 8_640)
    (later,) = clips_of(clip.format(3, 2, 4), tmp_path)
    assert isinstance(later, NoteClip) and (later.offset_ticks, later.loop_ticks) == (960, 1_920)
    assert [note.at_ticks for note in later.notes] == [960]  # what lies before the loop is never played
    first, then = clips_of(clip.format(0, 2, 4), tmp_path)
    assert (first.at_ticks, first.length_ticks, first.loop_ticks) == (9_600, 1_920, 0)
    assert (then.at_ticks, then.length_ticks, then.loop_ticks, then.offset_ticks) == (11_520, 6_720, 1_920, 0)
    (unlooped,) = clips_of(clip.format(1, 0, 20), tmp_path)
    assert (unlooped.offset_ticks, unlooped.loop_ticks) == (960, 0)


def test_keys_on_channel_10_are_drums(tmp_path: Path) -> None:
    song = read_back(
        arranged(f'<Lanes track="t"><Clips><Clip time="0" duration="4">{NOTES}</Clip></Clips></Lanes>'), tmp_path
    )

    assert song.tracks[0].kind == "drums"


def test_seconds_become_ticks_at_the_tempo_there(tmp_path: Path) -> None:
    more = '<TempoAutomation timeUnit="seconds"><Target parameter="tempo"/><RealPoint time="4" value="120"/>'
    more += "</TempoAutomation>"
    clip = f'<Clips timeUnit="seconds"><Clip time="3" duration="2">{NOTES}</Clip></Clips>'

    song = read_back(arranged(f'<Lanes track="t">{clip}</Lanes>', more=more), tmp_path)

    assert song.timeline.tempos == (Tempo(0, 60.0), Tempo(3_840, 120.0))
    (found,) = song.tracks[0].clips
    assert isinstance(found, NoteClip)
    assert (found.at_ticks, found.length_ticks) == (2_880, 960 + 1_920)  # a second at 60, one at 120
    assert [(note.at_ticks, note.length_ticks) for note in found.notes] == [(0, 960), (960 + 3_840, 1_920)]


def test_recordings_are_warped_faded_and_cut(tmp_path: Path) -> None:
    fade = 'fadeTimeUnit="seconds" fadeInTime="0.1"'
    raw = f'<Clip time="1" duration="2" contentTimeUnit="seconds" playStart="0.5" {fade}>{AUDIO}</Clip>'
    tied = '<Warp time="4" contentTime="{}"/><Warp time="0" contentTime="0"/></Warps>'
    warps = f'<Warps timeUnit="beats" contentTimeUnit="seconds">{AUDIO}' + tied.format(2)
    fast = f'<Warps timeUnit="seconds" contentTimeUnit="seconds">{AUDIO}' + tied.format(8)
    points = '<Points unit="decibel"><Target expression="gain"/><RealPoint time="0" value="-6"/></Points>'
    loud = f"<Lanes>{AUDIO}{points}</Lanes>"
    clips = raw + f'<Clip time="4" duration="4" fadeTimeUnit="beats" fadeOutTime="1">{warps}</Clip>'
    clips += (
        f'<Clip time="9" duration="1" contentTimeUnit="seconds">{fast}</Clip><Clip time="12" duration="1">{loud}</Clip>'
    )

    first, second, third, fourth = clips_of(f"<Clips>{clips}</Clips>", tmp_path)

    assert changed(first, id="") == AudioClip("", 960, 1_920, media="a.wav", start_s=0.5, fade_in_s=0.1)
    marks = (WarpMark(0, 0.0), WarpMark(3_840, 2.0))
    assert changed(second, id="") == AudioClip(
        "", 3_840, 3_840, media="a.wav", follows_tempo=True, warp=marks, fade_out_s=1.0
    )
    assert changed(third, id="") == AudioClip("", 8_640, 960, media="a.wav", speed=2.0)
    assert changed(fourth, id="") == AudioClip("", 11_520, 960, media="a.wav", gain_db=pytest.approx(-6.0))


def test_clips_within_clips_are_cut_and_repeated_by_the_outer_one(tmp_path: Path) -> None:
    inner = f'<Clip time="0" duration="1">{AUDIO}</Clip><Clip time="3" duration="2" playStart="0.5">{AUDIO}</Clip>'
    outer = '<Clip time="10" duration="6" playStart="0" loopStart="0" loopEnd="4" name="Outer">'
    lanes = f"<Clips>{outer}<Clips>{inner}</Clips></Clip></Clips>"

    found = clips_of(lanes, tmp_path)

    assert [(clip.at_ticks / 960, clip.length_ticks / 960, clip.offset_ticks / 960) for clip in found] == [
        (10, 1, 0), (13, 1, 0.5), (14, 1, 0),
    ]  # fmt: skip
    assert {clip.name for clip in found} == {"Outer"}


def test_content_without_a_clip_around_it_is_a_clip(tmp_path: Path) -> None:
    notes, audio = clips_of(NOTES + AUDIO, tmp_path)

    assert (notes.at_ticks, notes.length_ticks, audio.length_ticks) == (0, 3_840, 7_680)


def test_automation_within_a_clip_lies_where_the_clip_does(tmp_path: Path) -> None:
    channel = (
        '<Track id="t" name="T" contentType="notes"><Channel><Volume unit="linear" value="1" id="v"/></Channel></Track>'
    )
    points = '<Points><Target parameter="v"/><RealPoint time="1" value="0.5" interpolation="linear"/>'
    points += '<RealPoint time="3" value="1"/></Points>'
    lanes = f'<Lanes track="t"><Clips><Clip time="8" duration="2"><Lanes>{NOTES}{points}</Lanes></Clip></Clips></Lanes>'

    song = read_back(arranged(lanes, channel), tmp_path)

    (level,) = song.automation
    (clip,) = level.clips
    assert (clip.at_ticks, clip.length_ticks, clip.points) == (
        7_680,
        1_920,
        (Point(960, 0.5), Point(2_880, 1.0, "hold")),
    )
    assert [point.at_ticks for point in joined(level.clips)] == [8_640, 9_599]


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


DEEP = "<Clips>" + '<Clip time="0" duration="1"><Clips>' * 29 + "</Clips></Clip>" * 29 + "</Clips>"
ITSELF = '<Clips id="c">' + '<Clip time="0" duration="1" reference="c"/>' * 30 + "</Clips>"
BROKEN = {
    "nothing": b"PK",
    "no zip": b"Dear Sir or Madam",
    "no project": packed("<Project/>").replace(b"project.xml", b"projekt.xml"),
    "not XML": packed("Dear Sir or Madam"),
    "another root": packed("<Projekt/>"),
    "entities": packed('<!DOCTYPE Project [<!ENTITY a "b">]><Project>&a;</Project>'),
    "a bomb": packed("<Project>" + " " * (40 << 20) + "</Project>"),
    "a path outside": packed("<Project/>", **{"../evil.wav": b"x"}),
    "clips of themselves": arranged(f'<Lanes track="t">{ITSELF}</Lanes>'),
    "a loop of one tick": arranged(
        '<Lanes track="t"><Clips><Clip time="0" duration="9999999" loopEnd="0.001"><Clips>'
        f'<Clip time="0" duration="9">{AUDIO}</Clip></Clips></Clip></Clips></Lanes>'
    ),
    "too many tracks": arranged("", '<Track name="a"/>' * 5_000),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_what_cannot_be_read_is_one_sentence_soon(name: str, tmp_path: Path) -> None:
    began = time.process_time()

    with pytest.raises(MediaError, match=r"a\.dawproject") as refusal:
        read_back(BROKEN[name], tmp_path, tmp_path / "media")

    assert len(str(refusal.value)) < 600 and time.process_time() - began < 5.0
    assert not (tmp_path / "evil.wav").exists()


def test_nested_too_deep_is_left_out(tmp_path: Path) -> None:
    song = read_back(arranged(f'<Lanes track="t">{DEEP}</Lanes>'), tmp_path)

    assert song.tracks[0].clips == () and "no content" in song.report[0]


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none", "/dev/zero", "a\0b"):
        with pytest.raises(MediaError, match="cannot be read"):
            read_song(path)
