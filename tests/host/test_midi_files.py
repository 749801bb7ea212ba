"""Reading MIDI files: bytes made by hand and files written by mido come back as what the standard says they are."""

from __future__ import annotations

import io
import os
import random
import struct
import time
from pathlib import Path

import mido
import pytest

from graphdaw.errors import MediaError
from graphdaw.host.midi_files import Change, MidiFile, Note, parse_midi, read_midi

END = b"\0\xff\x2f\0"


def midi(*tracks: bytes, form: int = 1, division: int = 480, count: int | None = None) -> bytes:
    head = b"MThd" + struct.pack(">LHHH", 6, form, len(tracks) if count is None else count, division)
    return head + b"".join(b"MTrk" + struct.pack(">L", len(track)) + track for track in tracks)


def parsed(*tracks: bytes, **how: int) -> MidiFile:
    return parse_midi(midi(*tracks, **how), "a.mid")


def test_running_status_carries_the_kind_of_event_on() -> None:
    track = b"\0\x90\x3c\x64" + b"\x0a\x40\x50" + b"\x0a\x3c\0" + b"\x81\x00\x40\0" + END

    (read,) = parsed(track, form=0).tracks

    assert read.notes == (Note(0, 20, 0, 60, 100), Note(10, 148, 0, 64, 80))
    assert read.end == 148


def test_running_status_outlives_meta_events_but_not_system_exclusive_ones() -> None:
    (read,) = parsed(b"\0\xc2\x05" + b"\x05\xff\x01\x02hi" + b"\x05\x07" + END).tracks
    assert read.changes == (Change(0, "program", 2, 0, 5), Change(10, "program", 2, 0, 7))
    with pytest.raises(MediaError, match="no kind"):
        parsed(b"\0\xc2\x05" + b"\0\xf0\x02\x01\xf7" + b"\x05\x07" + END)


def test_every_kind_of_change_is_read_at_its_tick() -> None:
    track = b"\0\xb1\x4a\x7f" + b"\x01\xe1\x00\x00" + b"\x01\xe1\x7f\x7f" + b"\x01\xe1\x00\x40"
    track += b"\x01\xd1\x11" + b"\x01\xa1\x3c\x22" + b"\x01\xc1\x03" + END

    (read,) = parsed(track).tracks

    assert read.changes == (
        Change(0, "control", 1, 74, 127),
        Change(1, "bend", 1, 0, -8192),
        Change(2, "bend", 1, 0, 8191),
        Change(3, "bend", 1, 0, 0),
        Change(4, "pressure", 1, 0, 17),
        Change(5, "key_pressure", 1, 60, 34),
        Change(6, "program", 1, 0, 3),
    )


def test_notes_end_with_their_first_release_or_with_the_track() -> None:
    twice = b"\0\x90\x3c\x01" + b"\x05\x3c\x02" + b"\x05\x80\x3c\x09" + b"\x05\x80\x3c\x08" + b"\0\x80\x3c\x07"
    open_ = b"\0\x93\x01\x7f" + b"\x64\xff\x2f\0"

    first, second = parsed(twice + END, open_).tracks

    assert first.notes == (Note(0, 10, 0, 60, 1, 9), Note(5, 15, 0, 60, 2, 8))
    assert second.notes == (Note(0, 100, 3, 1, 127),)


def test_the_tempo_map_turns_ticks_into_seconds() -> None:
    conductor = b"\0\xff\x58\x04\x07\x03\x18\x08" + b"\x87\x40\xff\x51\x03\x0f\x42\x40"  # 7/8; after 960: 60 a minute
    conductor += b"\0\xff\x06\x05Verse" + b"\x83\x60\xff\x51\x03\x03\xd0\x90" + END  # after 480 more: 240 a minute

    read = parsed(conductor, b"\0\x90\x3c\x40" + b"\x8b\x20\x3c\0" + END)

    assert read.tempos == ((0, 500_000), (960, 1_000_000), (1440, 250_000))
    assert read.time_signatures == ((0, 7, 8),)
    assert read.markers == ((960, "Verse"),)
    assert [read.seconds(tick) for tick in (0, 480, 960, 1440, 1920)] == [0.0, 0.5, 1.0, 2.0, 2.25]


@pytest.mark.parametrize(("division", "ticks_a_second"), [(0xE728, 25 * 40), (0xE350, 30 * 80 / 1.001)])
def test_a_clock_of_film_frames_counts_seconds(division: int, ticks_a_second: float) -> None:
    read = parsed(b"\0\xff\x51\x03\x01\x02\x03" + END, division=division)

    assert read.seconds(10_000) == pytest.approx(10_000 / ticks_a_second, rel=1e-12)


def test_what_is_not_used_is_passed_over_whatever_it_holds() -> None:
    odd = b"\0\xff\x59\x02\x55\x55" + b"\0\xff\x54\x01\xff" + b"\0\xff\x7f\x81\x00" + b"\xff" * 128
    odd += b"\0\xf7\x02\xf8\xff" + b"\0\xff\x03\x06Fl\xc3\xb6te" + b"\0\xff\x03\x01x" + END
    strange = b"XFIH" + struct.pack(">L", 3) + b"abc"
    whole = midi(odd, count=9)
    whole = whole[:14] + strange + whole[14:] + strange
    for data in (whole, b"RIFF" + struct.pack("<L", 12 + len(whole)) + b"RMIDdata" + b"\0\0\0\0" + whole):
        (read,) = parse_midi(data, "a.mid").tracks
        assert read.name == "Flöte"


def test_files_that_mido_has_written_come_back() -> None:
    dice = random.Random(7)
    for seed in range(20):
        file = mido.MidiFile(type=1, ticks_per_beat=960)
        expected = []
        for channel in range(3):
            track, tick = mido.MidiTrack(), 0
            file.tracks.append(track)
            for _ in range(60):
                gap, length = dice.randrange(300), dice.randrange(1, 300)
                pitch, velocity = dice.randrange(128), dice.randrange(1, 128)
                track.append(mido.Message("note_on", channel=channel, note=pitch, velocity=velocity, time=gap))
                track.append(mido.Message("note_off", channel=channel, note=pitch, velocity=seed, time=length))
                expected.append(Note(tick + gap, tick + gap + length, channel, pitch, velocity, seed))
                tick += gap + length
        out = io.BytesIO()
        file.save(file=out)
        read = parse_midi(out.getvalue(), "a.mid")
        assert read.ticks_per_quarter == 960
        assert [note for track in read.tracks for note in track.notes] == expected


LONG = b"\xff" * 1_000_000
BROKEN = {
    "nothing": b"",
    "text": b"Dear Sir or Madam",
    "no tracks": midi(),
    "half a header": midi(END)[:10],
    "half a track": midi(END)[:-2],
    "format 2": midi(END, form=2),
    "format 9": midi(END, form=9),
    "no clock": midi(END, division=0),
    "an unknown clock": midi(END, division=0x8001),
    "a number without end": midi(LONG),
    "a length without end": midi(b"\0\xff\x01" + LONG),
    "a text that is too long": midi(b"\0\xff\x01\xff\xff\xff\x7f" + END),
    "an event without a kind": midi(b"\0\x40\x40" + END),
    "a status that files do not have": midi(b"\0\xf1\x40" + END),
    "a value past 127": midi(b"\0\x90\xff\x40" + END),
    "an event cut off": midi(b"\0\x90\x40"),
    "a tempo cut off": midi(b"\0\xff\x51\x01\x01" + END),
    "too many tracks": midi(*[END] * 1025),
    "too many events": midi((b"\0\x90\x40\x40" + b"\0\x40\0" * 9) * 60_000),
    "too many bytes": midi(bytes(9_000_000)),
    "a length that lies": midi(END)[:18] + b"\xff\xff\xff\xff" + END,
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_cannot_be_read_is_one_sentence_soon(name: str) -> None:
    began = time.process_time()

    with pytest.raises(MediaError, match=r"a\.mid") as refusal:
        parse_midi(BROKEN[name], "a.mid")

    assert len(str(refusal.value)) < 300 and time.process_time() - began < 2.0


def test_what_is_no_file_is_refused_and_nothing_waits(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "empty.mid").write_bytes(b"")
    for path in (tmp_path / "pipe", tmp_path / "empty.mid", "/dev/zero", "/proc/kmsg", tmp_path, "none.mid", "a\0b"):
        with pytest.raises(MediaError):
            read_midi(path)


def test_a_file_is_read_from_disk(tmp_path: Path) -> None:
    (tmp_path / "a.mid").write_bytes(midi(b"\0\x90\x3c\x40" + END))

    assert read_midi(tmp_path / "a.mid").tracks[0].notes == (Note(0, 0, 0, 60, 64),)
