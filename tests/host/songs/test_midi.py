"""MIDI files as songs and back: against mido's own reading, files of other programs, and files made to be odd."""

from __future__ import annotations

import io
import math
import struct
from collections import Counter
from pathlib import Path

import mido
import pytest
from hypothesis import given, settings

from graphdaw.errors import MediaError
from graphdaw.graph.clips import AudioClip, Lane, Note, NoteClip, Point
from graphdaw.graph.song import SILENCE_DB, Automation, Device, Instrument, Send, Song, SongTrack, Target, unrolled
from graphdaw.graph.timeline import Loop, Marker, Signature, Tempo, Timeline
from graphdaw.host.midi_files import MidiFile, parse_midi
from graphdaw.host.songs.midi import read_song, song_of_midi
from graphdaw.host.songs.midi_write import RAMP_ERROR_S, midi_of_song, write_song
from tests.random_songs import midi_songs

END = b"\0\xff\x2f\0"
OF_OTHERS = sorted(Path("/usr/share/planetblupi/music").glob("music00[367].mid"))


def midi(*tracks: bytes, form: int = 1, division: int = 480) -> bytes:
    head = b"MThd" + struct.pack(">LHHH", 6, form, len(tracks), division)
    return head + b"".join(b"MTrk" + struct.pack(">L", len(track)) + track for track in tracks)


def song_of(*tracks: bytes, **how: int) -> Song:
    return song_of_midi(parse_midi(midi(*tracks, **how), "a.mid"), "a")


def clip_of(song: Song, number: int = 0) -> NoteClip:
    (clip,) = song.tracks[number].clips
    assert isinstance(clip, NoteClip)
    return clip


def told(data: bytes) -> mido.MidiFile:
    """A file as mido alone reads it."""
    return mido.MidiFile(file=io.BytesIO(data), charset="utf-8")


def seen_by_mido(file: mido.MidiFile) -> tuple[Counter[tuple[float, int, int]], list[tuple[float, int]]]:
    """Where notes begin, in quarters, with channel and key; and the tempos."""
    starts: Counter[tuple[float, int, int]] = Counter()
    tempos = []
    for track in file.tracks:
        tick = 0
        for message in track:
            tick += message.time
            if message.type == "note_on" and message.velocity:
                starts[tick / file.ticks_per_beat, message.channel, message.note] += 1
            elif message.type == "set_tempo":
                tempos.append((tick / file.ticks_per_beat, message.tempo))
    return starts, sorted(tempos)


def starts_of(song: Song) -> Counter[tuple[float, int, int]]:
    found: Counter[tuple[float, int, int]] = Counter()
    for track in song.tracks:
        for clip in track.clips:
            assert isinstance(clip, NoteClip) and track.instrument and track.instrument.channel is not None
            for note in clip.notes:
                found[note.at_ticks / 960, track.instrument.channel, int(note.key)] += 1
    return found


@settings(max_examples=60, deadline=None)
@given(midi_songs())
def test_what_a_midi_file_can_hold_comes_back_whole(song: Song) -> None:
    data, report = write_song(song)

    assert report == ()
    back = song_of_midi(parse_midi(data, "a.mid"), "other")
    assert (back.title, back.timeline.signatures, back.timeline.markers) == (
        song.title,
        song.timeline.signatures,
        song.timeline.markers,
    )
    assert [round(60e6 / tempo.bpm) for tempo in back.timeline.tempos] == [
        round(60e6 / tempo.bpm) for tempo in song.timeline.tempos
    ]
    kept = [
        track for track in song.tracks if track.clips or (track.instrument and track.instrument.program is not None)
    ]
    assert [track.name for track in back.tracks] == [track.name for track in kept]
    for ours, track in zip(back.tracks, kept, strict=True):
        assert (ours.kind, ours.instrument) == (track.kind, track.instrument)
        got, clip = ours.clips[0], track.clips[0]
        assert isinstance(got, NoteClip) and isinstance(clip, NoteClip)
        assert got.length_ticks == clip.length_ticks
        assert [(n.at_ticks, n.length_ticks, n.key) for n in got.notes] == [
            (n.at_ticks, n.length_ticks, n.key) for n in clip.notes
        ]
        assert [(n.velocity, n.release) for n in got.notes] == [(n.velocity, n.release) for n in clip.notes]
        assert {lane.kind: lane for lane in got.lanes} == {lane.kind: lane for lane in clip.lanes}


@settings(max_examples=40, deadline=None)
@given(midi_songs())
def test_mido_sees_the_notes_and_tempos_that_the_song_has(song: Song) -> None:
    for form in (0, 1):
        starts, tempos = seen_by_mido(told(write_song(song, form)[0]))

        assert starts == starts_of(song)
        assert tempos == [(tempo.at_ticks / 960, round(60e6 / tempo.bpm)) for tempo in song.timeline.tempos]


@pytest.mark.parametrize("path", OF_OTHERS, ids=lambda path: path.name)
def test_files_of_other_programs_are_what_mido_says(path: Path) -> None:
    starts, tempos = seen_by_mido(mido.MidiFile(path))

    song = read_song(path)

    assert starts_of(song) == starts and song.note_count == starts.total() > 100
    assert [(tempo.at_ticks / 960, round(60e6 / tempo.bpm)) for tempo in song.timeline.tempos][-len(tempos) :] == tempos
    assert song.timeline.seconds(song.end_ticks) >= mido.MidiFile(path).length - 0.01
    again = song_of_midi(parse_midi(write_song(song)[0], "a.mid"), "a")
    assert starts_of(again) == starts


def test_there_are_files_of_other_programs() -> None:
    assert len(OF_OTHERS) == 3  # scripts/system.sh installs them


def test_one_track_of_sixteen_channels_becomes_sixteen_tracks() -> None:
    events = b"".join(
        bytes([0, 0x90 | channel, 40 + channel, 64, 10, 0x80 | channel, 40 + channel, 0]) for channel in range(16)
    )

    song = song_of(events + END, form=0)

    assert [track.instrument.channel for track in song.tracks if track.instrument] == list(range(16))
    assert [clip_of(song, k).notes[0].key for k in range(16)] == [40.0 + k for k in range(16)]
    assert [track.kind for track in song.tracks].index("drums") == 9
    again = parse_midi(write_song(song, form=0)[0], "a.mid")
    assert len(again.tracks) == 1 and {note.channel for note in again.tracks[0].notes} == set(range(16))


def test_ticks_become_ours_exactly_or_to_the_nearest_with_a_word() -> None:
    track = b"\x07\x90\x3c\x40" + b"\x0a\x3c\0" + END
    for division in (96, 120, 192, 240, 320, 480, 960):
        song = song_of(track, division=division)
        (note,) = clip_of(song).notes
        assert (note.at_ticks, note.length_ticks) == (7 * 960 // division, 10 * 960 // division) and not song.report
    song = song_of(track, division=1000)  # 7 and 17 of 1000 are 6.72 and 16.32
    (note,) = clip_of(song).notes
    assert (note.at_ticks, note.length_ticks) == (7, 9)
    assert "up to 0.32 ticks" in song.report[0]


def test_a_clock_of_film_frames_is_a_song_in_seconds() -> None:
    song = song_of(b"\x87\x68\x90\x3c\x40" + b"\x0a\x3c\0" + END, division=0xE728)  # 25 frames of 40: after 1 s

    assert song.timeline.seconds(clip_of(song).notes[0].at_ticks) == pytest.approx(1.0)


def test_odd_notes_are_read() -> None:
    running = b"\0\x90\x3c\x64" + b"\x0a\x40\x50" + b"\x0a\x3c\0" + b"\x81\x00\x40\0"
    twice = b"\0\x91\x3c\x01" + b"\x05\x3c\x02" + b"\x05\x81\x3c\x09" + b"\x05\x81\x3c\x08"
    open_ = b"\0\x92\x01\x7f" + b"\x64\xff\x2f\0"
    none = b"\0\x93\x3c\x40" + b"\0\x3c\0" + END

    song = song_of(running + END, twice + END, open_, none, division=960)

    spans = [[(n.at_ticks, n.length_ticks, int(n.key)) for n in clip_of(song, k).notes] for k in range(4)]
    assert spans == [[(0, 20, 60), (10, 138, 64)], [(0, 10, 60), (5, 10, 60)], [(0, 100, 1)], [(0, 1, 60)]]
    assert [round(note.release * 127) for note in clip_of(song, 1).notes] == [9, 8]


def test_what_is_set_once_is_a_setting_and_what_moves_is_a_lane() -> None:
    track = b"\0\xb3\0\x01\0\xb3\x20\x05\0\xc3\x0b" + b"\0\xb3\x07\x40\0\xb3\x0a\x7f" + b"\0\x93\x3c\x40"
    track += b"\x0a\xb3\x01\x7f\x0a\xb3\x01\x00" + b"\x0a\xd3\x20\0\xa3\x3c\x10" + b"\x0a\x93\x3c\0" + END

    song = song_of(track, division=960)

    (one,) = song.tracks
    assert one.instrument == Instrument("midi", program=11, bank=1 * 128 + 5, channel=3)
    assert one.gain_db == pytest.approx(40 * math.log10(64 / 100)) and one.pan == 1.0
    clip = clip_of(song)
    assert clip.lanes == (
        Lane("cc1", (Point(10, 1.0, "hold"), Point(20, 0.0, "hold"))),
        Lane("pressure", (Point(30, 32 / 127, "hold"),)),
    )
    assert clip.notes[0].lanes == (Lane("pressure", (Point(30, 16 / 127, "hold"),)),)
    assert song_of_midi(parse_midi(write_song(song)[0], "a"), "a").tracks[0].clips[0] == NoteClip(
        "t2c4n", 0, 40, name="Track 1", notes=clip.notes, lanes=clip.lanes
    )


def test_bends_are_semitones_whatever_their_reach() -> None:
    reach = b"\0\xb0\x65\0\0\xb0\x64\0\0\xb0\x06\x0c"
    other = b"\0\xb0\x65\0\0\xb0\x64\x01\0\xb0\x06\x40"

    song = song_of(b"\0\xe0\0\x60" + reach + b"\x05\xe0\0\x60" + other + b"\x05\xe0\0\x40" + END, division=960)

    assert clip_of(song).lanes == (
        Lane("bend", (Point(0, 1.0, "hold"), Point(5, 6.0, "hold"), Point(10, 0.0, "hold"))),
    )
    assert any("registered parameter 0/1" in sentence for sentence in song.report)
    again = song_of_midi(parse_midi(write_song(song)[0], "a.mid"), "a")
    (lane,) = clip_of(again).lanes
    assert [(point.at_ticks, point.value) for point in lane.points] == [
        (0, pytest.approx(1.0, abs=6 / 8192)),
        (5, pytest.approx(6.0, abs=6 / 8192)),
        (10, 0.0),
    ]


def test_a_ramp_of_tempo_becomes_steps_that_keep_the_time() -> None:
    timeline = Timeline((Tempo(0, 60.0, True), Tempo(38_400, 180.0, True), Tempo(57_600, 33.3)))

    file, _ = midi_of_song(Song("a", timeline))

    assert len(file.tempos) > 100
    worst = max(abs(file.seconds(tick) - timeline.seconds(tick)) for tick in range(0, 70_000, 61))
    assert 0.5 * RAMP_ERROR_S < worst < 1.02 * RAMP_ERROR_S
    assert file.seconds(57_600) == pytest.approx(timeline.seconds(57_600), abs=1e-5)


def test_a_tempo_or_signature_that_cannot_be_is_said() -> None:
    slow = b"\0\xff\x51\x03\xff\xff\xff" + b"\0\xff\x58\x04\x05\x0a\x18\x08" + b"\x60\xff\x06\x02Hi" + END

    song = song_of(slow, division=96)

    assert song.timeline == Timeline((Tempo(0, 5.0),), markers=(Marker(960, "Hi"),))
    assert ["3.6" in song.report[0], "5/1024" in song.report[1]] == [True, True]


def test_loops_are_unrolled_and_notes_end_with_their_clip() -> None:
    notes = (Note(1, 0, 100, 60.0), Note(2, 240, 900, 62.0))
    clip = NoteClip("a", 960, 1000, offset_ticks=120, loop_ticks=480, notes=notes)
    track = SongTrack("a", "A", "notes", (clip, NoteClip("b", 0, 100, muted=True, notes=notes)))

    file, report = midi_of_song(Song("a", Timeline(), (track,)))

    assert [(n.start, n.end, n.pitch) for n in file.tracks[1].notes] == [
        (1080, 1320, 62), (1320, 1420, 60), (1560, 1800, 62), (1800, 1900, 60),
    ]  # fmt: skip
    assert [n.at_ticks for n in sorted(unrolled(clip), key=lambda n: n.at_ticks)] == [1080, 1320, 1560, 1800]
    assert report == ("A: its muted clip 'b' was left out.",)


def test_what_a_midi_file_cannot_say_is_said() -> None:
    odd = (Note(1, 0, 900, 60.4), Note(2, 10, 10, 60.4, probability=0.5), Note(3, 20, 10, 130.0))
    lanes = (Lane("bend", (Point(0, 0.0), Point(960, 12.0))), Lane("smell", (Point(0, 1.0),)))
    tracks = (
        SongTrack("a", "A", "notes", (NoteClip("a", 0, 960, notes=odd, lanes=lanes),), Instrument("lmms/kicker")),
        SongTrack("b", "B", "audio", (AudioClip("b", 0, 960, media="b.wav"),), gain_db=6.0, muted=True, soloed=True),
        SongTrack("c", "C", "bus", effects=(Device("lmms/eq"),), sends=(Send("d"),), gain_db=-6.0),
    )
    automation = (Automation(Target("mixer", "level", "a"), ()),)
    signatures = (Signature(0, 4, 4), Signature(960, 3, 3))
    timeline = Timeline(signatures=signatures, loop=Loop(0, 960))

    data, report = write_song(Song("s", timeline, tracks, automation, gain_db=-3.0))

    words = (
        "A: notes between the keys", "A: notes that sound only sometimes", "A: notes beyond the 128 keys, such as 130",
        "A: its lane 'smell'", "A: notes of the key 60 that overlap", "A: its instrument lmms/kicker",
        "B: a MIDI file holds no recordings", "B: it is muted", "B: it is soloed",
        "C: its effects were left out: lmms/eq",
        "C: its sends", "C: a MIDI file has no buses", "A: a MIDI file holds no automation of 'level'",
        "The level of the whole", "The loop", "The time signature 3/3",
    )  # fmt: skip
    for word in words:
        first, _, second = word.partition(", such")
        assert any(sentence.startswith(first) and second in sentence for sentence in report), word
    assert len(report) == len(words)
    bends = [change.value for change in parse_midi(data, "a").tracks[1].changes if change.kind == "bend"]
    assert len(bends) > 40 and bends == sorted(bends) and bends[0] == 0 and max(bends) > 8_000


def test_an_instrument_that_transposes_is_heard_in_the_keys() -> None:
    clip = NoteClip("a", 0, 960, notes=(Note(1, 0, 10, 60.0),))
    song = Song("s", Timeline(), (SongTrack("a", "A", "notes", (clip,), Instrument("x", root_key=57.0)),))

    (_, track), _ = midi_of_song(song)[0].tracks, None

    assert track.notes[0].pitch == 72


def test_tracks_get_channels_and_share_them_when_there_are_too_many() -> None:
    clip = NoteClip("a", 0, 960, notes=(Note(1, 0, 10, 36.0),))
    tracks = [
        SongTrack("d", "Drums", "drums", (clip,)),
        SongTrack("e", "Own", "notes", (clip,), Instrument("midi", channel=3)),
    ]
    tracks += [SongTrack(f"t{k}", f"T{k}", "notes", (clip,)) for k in range(15)]

    file, report = midi_of_song(Song("s", Timeline(), tuple(tracks)))

    channels = [track.notes[0].channel for track in file.tracks[1:]]
    assert channels[:2] == [9, 3] and sorted(channels[2:16]) == [0, 1, 2, *range(4, 9), *range(10, 16)]
    assert report == ("T14: all 16 channels are taken, so it shares channel 16.",)


def test_levels_go_through_the_volume_controller() -> None:
    for gain_db in (SILENCE_DB, -40.0, -12.0, -0.3, 4.0):
        song = Song("s", Timeline(), (SongTrack("a", "A", "notes", gain_db=gain_db, pan=-0.5),))
        (back,) = song_of_midi(parse_midi(write_song(song)[0], "a.mid"), "a").tracks
        assert back.gain_db == pytest.approx(gain_db, abs=2.0) and back.pan == pytest.approx(-0.5, abs=0.01)


def test_what_would_fill_the_disk_is_refused() -> None:
    clip = NoteClip("a", 0, 1 << 40, loop_ticks=1, notes=(Note(1, 0, 10, 60.0),))

    with pytest.raises(MediaError, match="more than 400000 MIDI events"):
        write_song(Song("s", Timeline(), (SongTrack("a", "A", "notes", (clip,)),)))
    far = NoteClip("a", 1 << 29, 960, notes=(Note(1, 0, 10, 60.0),))
    with pytest.raises(MediaError, match="No MIDI file can hold this"):
        write_song(Song("s", Timeline(), (SongTrack("a", "A", "notes", (far,)),)))


def test_an_empty_song_is_a_file() -> None:
    assert song_of_midi(MidiFile(960, ((0, 500_000),), (), (), ()), "x").tracks == ()
    for form in (0, 1):
        assert told(write_song(Song("x", Timeline()), form)[0]).type == form
