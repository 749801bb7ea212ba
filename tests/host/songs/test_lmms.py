"""LMMS projects: its own demos against plain queries of their XML, and small ones against what they mean."""

from __future__ import annotations

import time
import zlib
from collections import Counter
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from graphdaw.errors import MediaError
from graphdaw.graph.clips import AudioClip, CurveClip, Lane, NoteClip, Point
from graphdaw.graph.song import MASTER, Automation, Device, Send, Song, SongTrack, Target, unrolled
from graphdaw.graph.timeline import Loop, Signature, Tempo
from graphdaw.host.songs.lmms.curves import points_of
from graphdaw.host.songs.lmms.reading import parse_song, read_song
from tests.lmms_files import AUTOMATION, MELODY, MIXER, SYNTH, packed, project

OF_LMMS = sorted(path for path in Path("/usr/share/lmms/projects").rglob("*.m*") if path.is_file())


def song_of(data: bytes) -> Song:
    return parse_song(data, "a.mmp")


def track(song: Song, name: str) -> SongTrack:
    return next(track for track in song.tracks if track.name == name)


def clips(track: SongTrack) -> list[NoteClip]:
    return [clip for clip in track.clips if isinstance(clip, NoteClip)]


def tree(path: Path) -> ET.Element:
    data = path.read_bytes()
    return ET.fromstring(zlib.decompress(data[4:]) if path.suffix == ".mmpz" else data)


def value(element: ET.Element, name: str) -> float:
    below = element.find(name)
    return float(element.attrib[name] if below is None else below.attrib["value"])


@pytest.mark.parametrize("path", OF_LMMS, ids=lambda path: path.name)
def test_demos_are_what_their_xml_says(path: Path) -> None:
    root = tree(path)
    head = root.find("head")
    assert head is not None
    song = read_song(path)

    assert song.title == path.stem
    assert song.timeline.tempos[0].bpm == value(head, "bpm")
    assert song.timeline.signatures[0] == Signature(
        0, int(value(head, "timesig_numerator")), int(value(head, "timesig_denominator"))
    )
    own = root.findall("song/trackcontainer/track")
    beats = root.findall("song/trackcontainer/track/bbtrack/trackcontainer/track")
    instruments = [one for one in own if one.get("type") == "0"]
    melodies = [one for one in song.tracks if one.id.startswith("t") and one.kind == "notes"]
    assert [one.name for one in melodies] == [one.attrib["name"] for one in instruments]
    for ours, theirs in zip(melodies, instruments, strict=True):
        assert [(clip.at_ticks, clip.name) for clip in clips(ours)] == [
            (20 * int(pattern.attrib["pos"]), pattern.attrib["name"]) for pattern in theirs.findall("pattern")
        ]
        assert Counter(
            (clip.at_ticks + note.at_ticks, int(note.key)) for clip in clips(ours) for note in clip.notes
        ) == Counter(
            (20 * (int(pattern.attrib["pos"]) + int(note.attrib["pos"])), int(note.attrib["key"]) + 12)
            for pattern in theirs.findall("pattern")
            for note in pattern.findall("note")
        )
    assert sum(one.id.startswith("b") for one in song.tracks) == sum(one.get("type") in ("0", "2") for one in beats)
    assert len([one for one in song.tracks if one.kind in ("bus", "master")]) == len(root.findall(".//fxchannel"))
    placed = sum(len(one.findall("bbtco")) for one in own)
    assert max((len(one.clips) for one in song.tracks if one.id.startswith("b")), default=0) <= placed
    points = {int(one.attrib["pos"]) * 20 for one in root.iter("time")}
    assert {point.at_ticks for one in song.automation for clip in one.clips for point in clip.points} <= points or any(
        one.get("prog") == "2" for one in root.iter("automationpattern")
    )


def test_lmms_has_brought_its_demos() -> None:
    assert len(OF_LMMS) >= 30  # scripts/system.sh installs lmms-common


@pytest.mark.parametrize("name", ["StrictProduction-DearJonDoe.mmp", "CapDan-ReggaetonTry.mmpz"])
def test_the_beats_of_demos_sound_where_a_plain_count_says(name: str) -> None:
    path = next(path for path in OF_LMMS if path.name == name)
    root = tree(path)
    tracks = root.findall("song/trackcontainer/track")
    beats = [one for one in tracks if one.get("type") == "1"]
    expected: Counter[tuple[str, int]] = Counter()
    inner = root.findall("song/trackcontainer/track/bbtrack/trackcontainer/track")
    for k, beat in enumerate(beats):
        patterns = [one.findall("pattern")[k] for one in inner if one.get("type") == "0"]
        bars = max((int(one.get("len", 192)) + 191) // 192 for one in patterns)
        places = sorted((int(one.attrib["pos"]), int(one.attrib["len"])) for one in beat.findall("bbtco"))
        for tick in range(max((at + length for at, length in places), default=0)):  # as a player goes, tick by tick
            heard = [(at, length) for at, length in places if at <= tick][-1:]
            if heard and tick < sum(heard[0]):
                for n, one in enumerate(inner):
                    for note in one.findall("pattern")[k].findall("note") if one.get("type") == "0" else ():
                        if int(note.attrib["pos"]) == (tick - heard[0][0]) % (bars * 192):
                            expected[f"b{n + 1}", 20 * tick] += 1

    song = read_song(path)

    found: Counter[tuple[str, int]] = Counter()
    for one in song.tracks:
        if one.id.startswith("b"):
            for clip in clips(one):
                found.update((one.id, note.at_ticks) for note in unrolled(clip))
    assert found == expected and expected.total() > 100


def test_beats_are_placed_looped_and_cut_where_another_begins() -> None:
    song = song_of(project())

    kick = track(song, "Kick")
    assert (kick.id, kick.kind, kick.bus, kick.pan) == ("b1", "drums", "fx1", -0.5)
    assert kick.gain_db == pytest.approx(3.5218, abs=1e-4)
    assert [(c.at_ticks, c.length_ticks, c.loop_ticks, c.muted) for c in clips(kick)] == [
        (0, 7680, 3840, False),  # cut at 384 of theirs
        (7680, 3840, 3840, False),
        (19200, 3840, 3840, True),
        (3840, 23040, 7680, True),  # 32 steps are two bars; its beat track is muted
    ]
    first = clips(kick)[0].notes
    assert [(n.at_ticks, n.length_ticks, n.key, n.velocity) for n in first] == [(0, 240, 69, 0.5), (1920, 240, 69, 1.0)]
    assert first[1].lanes == (Lane("cc10", (Point(0, 1.0, "hold"),)),)
    assert kick.instrument is not None
    assert kick.instrument.samples == ("drums/kick.ogg",) and kick.instrument.one_shot
    assert kick.instrument.parameters["eldata.elvol.att"] == 0.1 and kick.instrument.root_key == 69.0


def test_melodies_instruments_and_effects_are_described() -> None:
    song = song_of(project(head='masterpitch="3"'))

    bass = track(song, "Bass")
    (clip,) = clips(bass)
    assert (clip.at_ticks, clip.length_ticks, clip.loop_ticks, clip.name) == (7680, 3840, 0, "Riff")
    assert [(n.at_ticks, n.length_ticks, n.key, n.velocity) for n in clip.notes] == [
        (0, 240, 57.0, 0.5), (480, 720, 45.0, 0.4),
    ]  # fmt: skip
    assert clip.notes[1].lanes == (Lane("bend", (Point(0, 0.0), Point(480, 2.0))),)
    assert bass.instrument is not None and bass.soloed and bass.bus == MASTER
    assert bass.instrument.root_key == 45 + 12 - 3  # so that key 57 sounds three semitones above 440 Hz
    wanted = {"db24": 1.0, "shape": 0.5, "vcf_cut": 0.75, "pitch": -50.0, "arpeggiator.arp-enabled": 1.0}
    assert bass.instrument.parameters.items() >= wanted.items()
    assert bass.effects == (
        Device("lmms/ladspaeffect", "Eq", True, {"ports": 1.0, "port00.link": 1.0, "port00.data": 3.5, "wet": 0.5,
                                                "file": "caps", "plugin": "Eq"}),
    )  # fmt: skip
    assert "Bass: its arpeggiator is on, and only what is written was carried over." in song.report


def test_the_mixer_is_buses_without_loops() -> None:
    song = song_of(project())

    master, drums, room = (track(song, name) for name in ("Master", "Drums", "Room"))
    assert (master.id, master.kind, master.gain_db) == (MASTER, "master", pytest.approx(-6.02, abs=0.01))
    assert (drums.bus, drums.sends, drums.muted, drums.soloed) == (MASTER, (Send("fx2", -20.0),), True, True)
    assert drums.effects[0].kind == "lmms/amplifier" and not drums.effects[0].on
    assert (room.bus, room.sends) == ("", (Send(MASTER, pytest.approx(-6.02, abs=0.01)),))
    for name in (
        "Drums: it feeds the mixer channel 1",
        "Room: it feeds the mixer channel 1",
        "Vox: it feeds the mixer",
    ):
        assert any(sentence.startswith(name) for sentence in song.report)
    assert song.gain_db == pytest.approx(-6.02, abs=0.01)


def test_samples_are_recordings_that_begin_late_or_inside() -> None:
    vox = track(song_of(project()), "Vox")

    assert vox.clips == (AudioClip("t3s1.1", 1920, 7680, offset_ticks=960, media="vox.wav"),)


def test_automation_finds_what_it_moves() -> None:
    song = song_of(project())

    points = (Point(0, 0.25), Point(1920, 1.0))
    clip = CurveClip("a1.1", 1920, 3840, name="Cutoff", points=points)
    assert song.automation[0] == Automation(Target("instrument", "vcf_cut", "t2"), (clip,), "Cutoff")
    assert song.automation[1].target == Target("effect", "port00.data", "t2")
    level = song.automation[2]
    assert level.target == Target("mixer", "level", "t2")
    assert level.clips[0].points == (Point(960, 1.5, "hold"),)
    assert "Nowhere: what it moves is not in the project, so it was left out." in song.report


def test_the_tempo_follows_its_curve_and_stays_where_the_clip_ends() -> None:
    timeline = song_of(project()).timeline

    assert timeline.tempos == (Tempo(0, 130.0), Tempo(3840, 100.0, True), Tempo(7680, 150.0))
    assert timeline.loop == Loop(1920, 3840, True)


def test_signatures_can_be_automated() -> None:
    head = 'masterpitch="0"><timesig_numerator id="2" value="3"/></head><head'
    text = project(AUTOMATION.replace('id="1"', 'id="2"').replace('value="100"', 'value="7"'), head=head)
    text = text.replace(b'timesig_numerator="4" ', b"")

    assert song_of(text).timeline.signatures == (Signature(0, 3, 4), Signature(3840, 7, 4), Signature(11520, 64, 4))


def test_version_1_3_has_new_names_and_keys_as_midi_has_them() -> None:
    renamed = {
        "automationpattern": "automationclip", "bbtco": "patternclip", "sampletco": "sampleclip", "fxmixer": "mixer",
        "bbtrack": "patterntrack", "fxchannel": "mixerchannel", "fxch=": "mixch=", "bbtrackcontainer": "patternstore",
        "<pattern ": "<midiclip ", "</pattern>": "</midiclip>",
    }  # fmt: skip
    text = project(version="29").decode()
    for old, new in renamed.items():
        text = text.replace(old, new)

    new, old = song_of(text.encode()), song_of(project())

    assert [one.id for one in new.tracks] == [one.id for one in old.tracks]
    assert track(new, "Kick").bus == "fx1" and len(track(new, "Kick").clips) == 4
    bass = track(new, "Bass")
    assert clips(bass)[0].notes[0].key == 45.0 and bass.instrument is not None and bass.instrument.root_key == 45.0
    assert len(new.automation) == len(old.automation) == 3


def test_packed_and_plain_files_are_the_same(tmp_path: Path) -> None:
    (tmp_path / "a.mmp").write_bytes(project())
    (tmp_path / "a.mmpz").write_bytes(packed(project()))

    assert read_song(tmp_path / "a.mmp") == read_song(tmp_path / "a.mmpz")


def test_a_spline_is_within_a_percent_of_hermites() -> None:
    from scipy.interpolate import CubicHermiteSpline

    times, values = [0, 48, 60, 192], [0.0, 1.0, 0.25, 0.75]
    text = "".join(f'<time pos="{t}" value="{v}"/>' for t, v in zip(times, values, strict=True))
    slopes = [(1 - 0) / 48, (0.25 - 0) / 60, (0.75 - 1) / 144, 0.0]
    spline = CubicHermiteSpline(times, values, slopes)

    points = points_of(ET.fromstring(f'<automationpattern prog="2" tens="1">{text}</automationpattern>'))

    assert len(points) == 3 * 16 + 1 and {point.at_ticks for point in points} >= {20 * t for t in times}
    for before, after in pairwise(points):
        middle = (before.at_ticks + after.at_ticks) / 2
        assert (before.value + after.value) / 2 == pytest.approx(spline(middle / 20), abs=0.01)
        assert before.value == pytest.approx(spline(before.at_ticks / 20), abs=1e-12)


def test_a_soundfont_has_its_program_and_an_octave_lower_sounds_an_octave_lower() -> None:
    font = SYNTH.replace(
        '<instrument name="lb302"><lb302 db24="1"',
        '<instrument name="sf2player"><sf2player patch="12" bank="3" src="a.sf2"',
    )
    font = font.replace("</lb302>", "</sf2player>")
    zyn = SYNTH.replace("lb302", "zynaddsubfx").replace(
        "<vcf_cut", "<ZynAddSubFX-data><A><B c='1'/></A></ZynAddSubFX-data><vcf_cut"
    )
    song = song_of(project(f'<track type="0" name="F">{font}</track><track type="0" name="Z">{zyn}</track>'))

    first, second = track(song, "F").instrument, track(song, "Z").instrument
    assert first is not None and second is not None
    assert (first.program, first.bank, first.samples, first.root_key) == (12, 3, ("a.sf2",), 57.0)
    assert second.root_key == 69.0 and second.state.startswith(b"<ZynAddSubFX-data>")


BOMB = b'<?xml version="1.0"?><!DOCTYPE lmms-project [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]><a>&b;</a>'
OUTSIDE = b'<!DOCTYPE lmms-project SYSTEM "file:///etc/passwd"><lmms-project/>'
BROKEN = {
    "nothing": b"",
    "text": b"Dear Sir or Madam",
    "other XML": b"<svg/>",
    "a preset": project().replace(b'type="song" creator', b'type="instrumenttracksettings" creator'),
    "half of it": project()[:900],
    "half of it, packed": packed(project())[:-20],
    "packed rubbish": b"\0\0\1\0" + b"\x78\x9c" + b"\xff" * 90,
    "entities": BOMB,
    "a document type": OUTSIDE,
    "a document type with defaults": b'<!DOCTYPE lmms-project [<!ATTLIST a b CDATA "x">]><lmms-project/>',
    "a bomb": packed(b"<lmms-project>" + b" " * (40 << 20)),
    "too deep": b"<lmms-project>" + b"<a>" * 100,
    "too many": b"<lmms-project>" + b"<a/>" * 301_000,
    "an unknown encoding": b'<?xml version="1.0" encoding="klingon"?><lmms-project/>',
    "too many clips": project(
        '<track type="1"><bbtrack><trackcontainer>'
        + '<track type="0"><pattern><note pos="0" len="9"/></pattern></track>' * 400
        + "</trackcontainer></bbtrack>"
        + "".join(f'<bbtco pos="{k}" len="1"/>' for k in range(400))
        + "</track>"
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_what_cannot_be_read_is_one_sentence_soon(name: str) -> None:
    began = time.process_time()

    with pytest.raises(MediaError, match=r"a\.mmp") as refusal:
        song_of(BROKEN[name])

    assert len(str(refusal.value)) < 400 and time.process_time() - began < 5.0


def test_odd_numbers_are_taken_for_what_is_possible() -> None:
    odd = MELODY.replace('pos="24"', 'pos="-24"').replace('vol="80"', 'vol="nan"').replace('len="36"', 'len="1e400"')
    odd = odd.replace('key="45"', 'key="-3"').replace('pos="384"', 'pos="99999999999"').replace('type="4"', 'type="x"')
    song = song_of(project(odd, MIXER.replace('volume="0.5"', 'volume="-7"'), head='masterpitch="x"'))

    (clip,) = clips(track(song, "Bass"))
    assert clip.at_ticks == 20 << 31
    assert all(
        n.at_ticks >= 0 and n.length_ticks > 0 and 0 <= n.velocity <= 1 and 0 <= n.key <= 139 for n in clip.notes
    )
    assert track(song, "Master").gain_db == -96.0


def test_a_project_without_anything_has_a_master() -> None:
    song = song_of(b'<lmms-project type="song"><song/></lmms-project>')

    assert [one.id for one in song.tracks] == [MASTER] and song.timeline.tempos == (Tempo(0, 140.0),)


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none.mmp", "/dev/zero", "a\0b"):
        with pytest.raises(MediaError, match="cannot be read"):
            read_song(path)
