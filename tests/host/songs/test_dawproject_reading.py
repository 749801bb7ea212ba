"""DAWproject files read: as other programs write them, with all that the format allows, and broken."""

from __future__ import annotations

import time
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from graphdaw.errors import MediaError
from graphdaw.graph.clips import AudioClip, Lane, Note, NoteClip, Point, WarpMark
from graphdaw.graph.song import MASTER, Device, Instrument, Send, Target, changed, joined
from graphdaw.graph.timeline import Marker, Signature, Tempo, Timeline
from graphdaw.host.songs.dawproject.reading import read_song
from tests.dawproject_files import MINIMAL, arranged, packed, read_back
from tests.dawproject_rules import broken


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
