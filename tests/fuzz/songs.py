"""Songs of other programs as the fuzzer feeds them: LMMS projects and DAWproject files."""

from __future__ import annotations

import contextlib
import copy
import io
import math
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from xml.etree import ElementTree as ET

from graphdaw.errors import MediaError
from graphdaw.graph.clips import AudioClip, CurveClip, Lane, Note, NoteClip, Point, WarpMark
from graphdaw.graph.song import MASTER, Automation, Device, Instrument, Send, Song, SongTrack, Target
from graphdaw.graph.timeline import BPM, Marker, Signature, Tempo, Timeline
from graphdaw.host.songs.dawproject import reading, writing
from graphdaw.host.songs.lmms.reading import parse_song
from graphdaw.host.songs.midi_write import write_song as write_midi
from tests import lmms_files
from tests.fuzz import mutate

MOST_CLIPS, MOST_NOTES = 200, 2_000  # of songs that are also written again


def lmms_seeds() -> list[bytes]:
    new = lmms_files.project(version="29").replace(b"bbtco", b"patternclip").replace(b"<pattern ", b"<midiclip ")
    return [lmms_files.project(), new.replace(b"</pattern>", b"</midiclip>"), lmms_files.packed(lmms_files.project())]


def lmmswise(dice: Random, seeds: Sequence[bytes]) -> bytes:
    """A project with its XML changed, packed or not."""
    text = xmlwise(dice, dice.choice(seeds[:2]))
    return lmms_files.packed(text) if dice.random() < 0.2 else text


def dawproject_seeds() -> list[bytes]:
    """A song with all there is, and one of clips within clips that count in seconds."""
    nested = """<Project version="1.0"><Application name="a" version="1"/><Transport>
<Tempo unit="bpm" value="90" id="p"/><TimeSignature numerator="3" denominator="4"/></Transport><Structure>
<Track id="t" name="T" contentType="audio notes">
<Track id="u" contentType="notes"/></Track><Channel id="c" role="effect"/></Structure><Arrangement>
<Lanes timeUnit="seconds"><Lanes track="t"><Clips><Clip time="1" duration="9" loopStart="1" loopEnd="3" playStart="0">
<Clips id="n"><Clip time="0" duration="2" contentTimeUnit="beats" fadeTimeUnit="beats" fadeInTime="0.5">
<Warps contentTimeUnit="seconds"><Audio channels="1" sampleRate="1" duration="2"><File path="a.wav"/></Audio>
<Warp time="0" contentTime="0"/><Warp time="4" contentTime="2"/></Warps></Clip></Clips></Clip>
<Clip time="12" playStop="3" reference="n" enable="false"/></Clips><Notes><Note time="1" duration="1" key="60"/></Notes>
</Lanes></Lanes><TempoAutomation timeUnit="seconds"><RealPoint time="2" value="140" interpolation="linear"/>
<RealPoint time="4" value="60"/></TempoAutomation></Arrangement></Project>"""
    return [_written(_everything()), _packed(nested.encode())]


def _everything() -> Song:
    notes = tuple(Note(k, 100 * k, 90, 60.0 + k, lanes=(Lane("bend", (Point(0, 0.5),)),)) for k in range(4))
    lanes = (Lane("cc1", (Point(0, 0.0), Point(960, 1.0, "hold"))),)
    clips = (
        NoteClip("a", 0, 3_840, 120, 960, "A", False, notes, lanes),
        AudioClip("b", 960, 960, media="b.wav", warp=(WarpMark(0, 0.0), WarpMark(960, 1.0)), gain_db=-3.0),
        AudioClip("c", 9_600, 960, media="c.wav", speed=2.0, fade_in_s=0.1),
    )
    instrument = Instrument("vst3", "Synth", True, {"Cut#7": 0.5, "deviceID": "x"}, b"state")
    effects = (Device("Compressor", "C", True, {"Threshold": -20.0, "Attack": 0.01}),)
    tracks = (
        SongTrack("t", "T", "notes", clips, instrument, -6.0, 0.5, True, True, "b", (Send("b", -3.0, True),), effects),
        SongTrack("b", "B", "bus"),
        SongTrack(MASTER, "M", "master", bus=""),
    )
    curve = (CurveClip("x", 0, 960, points=(Point(0, 0.0), Point(960, 1.0))),)
    automation = (
        Automation(Target("mixer", "level", "t"), curve),
        Automation(Target("instrument", "Cut#7", "t"), curve),
    )
    signatures = (Signature(0, 3, 4), Signature(2_880, 4, 4))
    timeline = Timeline((Tempo(0, 60.0, True), Tempo(960, 90.0)), signatures, (Marker(5, "M"),))
    return Song("S", timeline, tracks, automation)


def _written(song: Song) -> bytes:
    out = io.BytesIO()
    writing.write_song(song, out)
    return out.getvalue()


def _packed(project: bytes, **members: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in {"project.xml": project, **members}.items():
            archive.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)  # whose date is always the same
    return out.getvalue()


def dawprojectwise(dice: Random, seeds: Sequence[bytes]) -> bytes:
    """A file with its XML changed, whole again around it."""
    with zipfile.ZipFile(io.BytesIO(dice.choice(seeds))) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    project = xmlwise(dice, members.pop("project.xml"))
    return _packed(project, **{name: data for name, data in members.items() if dice.random() < 0.9})


def xmlwise(dice: Random, text: bytes) -> bytes:
    """XML with some elements and attributes dropped, doubled, exchanged or changed."""
    root = ET.fromstring(text)
    for _ in range(dice.choice((1, 1, 2, 5, 12))):
        elements = list(root.iter())
        element, other = dice.choice(elements), dice.choice(elements)
        _XMLWISE[dice.randrange(len(_XMLWISE))](dice, element, other)
    return ET.tostring(root)


def _drop(dice: Random, element: ET.Element, _: ET.Element) -> None:
    if len(element):
        element.remove(element[dice.randrange(len(element))])


def _graft(dice: Random, element: ET.Element, other: ET.Element) -> None:
    element.insert(dice.randrange(len(element) + 1), copy.deepcopy(other))


def _double(dice: Random, element: ET.Element, _: ET.Element) -> None:
    if len(element):
        child = element[dice.randrange(len(element))]
        element.extend([child] * dice.choice((1, 1, 30)))


def _attribute(dice: Random, element: ET.Element, other: ET.Element) -> None:
    if element.attrib:
        name = dice.choice(list(element.attrib))
        values = (*mutate.NUMBERS, *mutate.BEYOND, *mutate.FLOATS, *other.attrib.values(), "true", "-0.5", "0.001", "3")
        element.set(name, str(dice.choice(values)))


def _lose(dice: Random, element: ET.Element, _: ET.Element) -> None:
    if element.attrib:
        del element.attrib[dice.choice(list(element.attrib))]


def _word(dice: Random, element: ET.Element, _: ET.Element) -> None:
    words = [word for word in mutate.TEXTS if word.isprintable()]
    if element.attrib:
        element.set(dice.choice(list(element.attrib)), dice.choice(words))


def _rename(_: Random, element: ET.Element, other: ET.Element) -> None:
    element.tag = other.tag


_XMLWISE: tuple[Callable[[Random, ET.Element, ET.Element], None], ...] = (
    _drop, _graft, _double, _attribute, _attribute, _attribute, _attribute, _lose, _word, _rename,
)  # fmt: skip


def read_lmms(data: bytes, _folder: Path) -> None:
    used(parse_song(data, "a.mmp"))


def read_dawproject(data: bytes, folder: Path) -> None:
    (folder / "a.dawproject").write_bytes(data)
    used(reading.read_song(folder / "a.dawproject", folder / "media"))


def used(song: Song) -> None:
    """What every song keeps to; small ones are also written."""
    assert song.timeline.tempos[0].at_ticks == song.timeline.signatures[0].at_ticks == 0
    assert all(BPM[0] <= tempo.bpm <= BPM[1] for tempo in song.timeline.tempos)
    assert math.isfinite(song.timeline.seconds(song.end_ticks)) and song.timeline.place(song.end_ticks).bar >= 1
    assert sum(track.kind == "master" for track in song.tracks) <= 1
    assert len({track.id for track in song.tracks}) == len(song.tracks)
    clips = [clip for track in song.tracks for clip in track.clips]
    for clip in (*clips, *(clip for one in song.automation for clip in one.clips)):
        assert clip.at_ticks >= 0 < clip.length_ticks and clip.offset_ticks >= 0 <= clip.loop_ticks
        if isinstance(clip, NoteClip):
            for note in clip.notes:
                assert note.at_ticks >= 0 < note.length_ticks and 0 <= note.velocity <= 1 and math.isfinite(note.key)
        elif isinstance(clip, CurveClip):
            assert all(math.isfinite(point.value) for point in clip.points)
    loops = sum(clip.length_ticks // clip.loop_ticks for clip in clips if clip.loop_ticks)
    if len(clips) < MOST_CLIPS and song.note_count < MOST_NOTES and loops < MOST_CLIPS:
        writing.write_song(song, io.BytesIO())
        with contextlib.suppress(MediaError):  # it may be longer than MIDI files can be
            write_midi(song)
