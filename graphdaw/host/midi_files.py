"""MIDI files as plain values: exact ticks, the tempo map, notes with their ends. Any thread but the audio thread.

mido reads them, after a look at every event: it has no limits of its own, and one long number can keep it for an hour.
"""

from __future__ import annotations

import io
import os
import struct
from collections import defaultdict, deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import mido

from graphdaw.errors import MediaError
from graphdaw.graph import outside

MAX_BYTES = 8 * 1024 * 1024
MAX_TRACKS = 1_024
MAX_EVENTS = 400_000  # mido takes 4 us and 600 bytes for each
USUAL_TEMPO_US = 500_000  # a quarter, until the file says otherwise: 120 beats a minute

_HEADER, _TRACK = b"MThd", b"MTrk"
_META, _SYSEX = 0xFF, (0xF0, 0xF7)
_TEXT, _NAME, _MARKER, _TEMPO, _TIME = 0x01, 0x03, 0x06, 0x51, 0x58
_USED = (_NAME, _MARKER, _TEMPO, _TIME)
_FRAME_RATES = {24: (24, 1_000_000), 25: (25, 1_000_000), 29: (30, 1_001_000), 30: (30, 1_000_000)}


@dataclass(frozen=True, slots=True)
class Note:
    """A note from `start` to `end`, in ticks; a velocity is 1 to 127, that of the release 0 to 127."""

    start: int
    end: int
    channel: int
    pitch: int
    velocity: int
    release: int = 0


@dataclass(frozen=True, slots=True)
class Change:
    """What a channel is told at a tick: `kind` is control, bend, pressure, key_pressure or program.

    `number` is the controller or the key, 0 where there is none; a bend's `value` goes from -8192 to 8191.
    """

    tick: int
    kind: str
    channel: int
    number: int
    value: int


@dataclass(frozen=True, slots=True)
class Track:
    """Notes by their starts, changes by their ticks, and where the track ends."""

    name: str
    notes: tuple[Note, ...]
    changes: tuple[Change, ...]
    end: int


@dataclass(frozen=True, slots=True)
class MidiFile:
    """A MIDI file; `tempos` are microseconds a quarter, from tick 0 on, `time_signatures` upper and lower numbers."""

    ticks_per_quarter: int
    tempos: tuple[tuple[int, int], ...]
    time_signatures: tuple[tuple[int, int, int], ...]
    markers: tuple[tuple[int, str], ...]
    tracks: tuple[Track, ...]

    def seconds(self, tick: int) -> float:
        """When a tick comes, in seconds from the beginning.

        >>> MidiFile(480, ((0, 500_000), (960, 1_000_000)), (), (), ()).seconds(1440)
        2.0
        """
        gone_us = 0
        ends = [*(begin for begin, _ in self.tempos[1:]), tick]
        for (begin, tempo), end in zip(self.tempos, ends, strict=True):
            gone_us += max(0, min(end, tick) - begin) * tempo
        return gone_us / self.ticks_per_quarter / 1e6


def read_midi(path: str | os.PathLike[str]) -> MidiFile:
    """A MIDI file of format 0 or 1 (also inside RIFF); raises MediaError, and nothing else, for whatever it holds."""
    name = os.fspath(path)
    data = outside.read(path, MAX_BYTES, "a MIDI file")
    return parse_midi(data, name)


def parse_midi(data: bytes, where: str) -> MidiFile:
    """The same from bytes; `where` names them in a MediaError."""
    try:
        if len(data) > MAX_BYTES:
            raise ValueError(f"it holds more than {MAX_BYTES >> 20} MiB")
        form, division, chunks = _chunks(data)
        if form not in (0, 1):
            raise ValueError(f"it is of format {form}, and 0 and 1 can be read")
        plain = [_plain(chunk) for chunk in chunks]
        if sum(count for _, count in plain) > MAX_EVENTS:
            raise ValueError(f"it holds more than {MAX_EVENTS} events")
        whole = struct.pack(">4sLHHH", _HEADER, 6, form, len(plain), division)
        whole += b"".join(struct.pack(">4sL", _TRACK, len(chunk)) + chunk for chunk, _ in plain)
        return _value(mido.MidiFile(file=io.BytesIO(whole), clip=True), division)
    except (ValueError, OSError, EOFError, LookupError, TypeError, struct.error) as error:  # mido raises all of them
        reason = str(error) or "it ends early"
        raise MediaError(f"{where} is no MIDI file that can be read: {reason}; choose another.") from error


# A first look: chunks, and every event's length


def _chunks(data: bytes) -> tuple[int, int, list[bytes]]:
    """Format, division and tracks; other chunks are passed over."""
    if data[:4] == b"RIFF" and data[8:12] == b"RMID":
        data = data[20:]
    if data[:4] != _HEADER or len(data) < 14:
        raise ValueError("it does not begin as one")
    size, form, _, division = struct.unpack_from(">LHHH", data, 4)
    if size < 6 or division == 0:
        raise ValueError("its header is damaged")
    tracks: list[bytes] = []
    at = 8 + size
    while at + 8 <= len(data) and len(tracks) <= MAX_TRACKS:
        kind, size = struct.unpack_from(">4sL", data, at)
        if kind == _TRACK:
            if at + 8 + size > len(data):
                raise ValueError("it ends early")
            tracks.append(data[at + 8 : at + 8 + size])
        at += 8 + size
    if not 1 <= len(tracks) <= MAX_TRACKS:
        raise ValueError(f"it has {len(tracks) or 'no'} tracks, and 1 to {MAX_TRACKS} can be read")
    return form, division, tracks


def _plain(track: bytes) -> tuple[bytes, int]:
    """The track, its unused meta events turned into texts, which nothing trips over; and how many events there are."""
    data = bytearray(track)
    at, status, events, end = 0, 0, 0, len(data)
    while at < end:
        _, at = _number(data, at)
        events += 1
        first = data[at]
        if first == _META:
            if data[at + 1] not in _USED:
                data[at + 1] = _TEXT
            size, at = _number(data, at + 2)
            at += size
        elif first in _SYSEX:
            size, at = _number(data, at + 1)
            at, status = at + size, 0
        else:
            status = first if first >= 0x80 else status
            if not 0x80 <= status < 0xF0:
                raise ValueError("an event has no kind")
            begin = at + (first >= 0x80)
            at = begin + (1 if 0xC0 <= status < 0xE0 else 2)
            if any(byte >= 0x80 for byte in data[begin:at]):
                raise ValueError("a value is larger than 127")
        if events > MAX_EVENTS:
            raise ValueError(f"it holds more than {MAX_EVENTS} events")
    if at != end:
        raise ValueError("a track ends inside an event")
    return bytes(data), events


def _number(data: bytearray, at: int) -> tuple[int, int]:
    """A number of one to four bytes, and where the next thing begins."""
    value = 0
    for byte in data[at : at + 4]:
        at += 1
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, at
    raise ValueError("a number has more than four bytes, or a track ends inside one")


# From messages to values


def _value(file: Any, division: int) -> MidiFile:
    tempos: dict[int, int] = {0: USUAL_TEMPO_US}
    ticks_per_quarter = division
    if division >= 0x8000:  # frames a second and parts of a frame: a second counts as a quarter
        rate = _FRAME_RATES.get(256 - (division >> 8))
        if rate is None or not division & 0xFF:
            raise ValueError("its clock counts frames of an unknown rate")
        ticks_per_quarter, tempos = rate[0] * (division & 0xFF), {0: rate[1]}
    signatures: dict[int, tuple[int, int]] = {}
    markers: list[tuple[int, str]] = []
    for tick, message in (pair for track in file.tracks for pair in _timed(track)):
        if message.type == "set_tempo" and division < 0x8000 and message.tempo > 0:
            tempos[tick] = message.tempo
        elif message.type == "time_signature" and message.numerator and message.denominator <= 1 << 16:
            signatures[tick] = message.numerator, message.denominator
        elif message.type == "marker":
            markers.append((tick, _text(message.text)))
    return MidiFile(
        ticks_per_quarter,
        tuple(sorted(tempos.items())),
        tuple((tick, *pair) for tick, pair in sorted(signatures.items())),
        tuple(sorted(markers)),
        tuple(map(_track, file.tracks)),
    )


def _timed(track: Any) -> Iterator[tuple[int, Any]]:
    tick = 0
    for message in track:
        tick += message.time
        yield tick, message


def _track(track: Any) -> Track:
    """Notes end at the first release of their key since they began; those never released, with the track."""
    sounding: dict[tuple[int, int], deque[tuple[int, int]]] = defaultdict(deque)
    notes: list[Note] = []
    changes: list[Change] = []
    name, tick = "", 0
    for tick, message in _timed(track):
        if message.type == "track_name":
            name = name or _text(message.name)
        elif message.type == "note_on" and message.velocity:
            sounding[message.channel, message.note].append((tick, message.velocity))
        elif message.type in ("note_on", "note_off"):
            key = message.channel, message.note
            if sounding[key]:
                start, velocity = sounding[key].popleft()
                notes.append(Note(start, tick, *key, velocity, message.velocity))
        elif message.type in _CHANGES:
            changes.append(_change(tick, message))
    for key, open_ in sounding.items():
        notes += [Note(start, tick, *key, velocity) for start, velocity in open_]
    notes.sort(key=lambda note: (note.start, note.channel, note.pitch, note.end))
    return Track(name, tuple(notes), tuple(changes), tick)


_CHANGES = {  # mido's words -> ours, where the number stands, where the value does
    "control_change": ("control", "control", "value"),
    "pitchwheel": ("bend", "", "pitch"),
    "aftertouch": ("pressure", "", "value"),
    "polytouch": ("key_pressure", "note", "value"),
    "program_change": ("program", "", "program"),
}


def _change(tick: int, message: Any) -> Change:
    kind, number, value = _CHANGES[message.type]
    return Change(tick, kind, message.channel, getattr(message, number) if number else 0, getattr(message, value))


def _text(latin: str) -> str:
    """A text as most files mean it, UTF-8, and else as the standard has it, Latin-1."""
    try:
        return latin.encode("latin-1").decode()
    except UnicodeError:
        return latin


# And back to bytes


def midi_bytes(file: MidiFile, form: int = 1) -> bytes:
    """The bytes of a MIDI file: `form` 1 has the tempo map in the first track, 0 has everything in one track.

    `parse_midi` reads back the same value, but for two notes of one channel and key of which the later ends first: a
    file cannot say which of them a release is for. Raises MediaError for what no MIDI file can hold.
    """
    head: list[_Timed] = [
        *((tick, 0, mido.MetaMessage("set_tempo", tempo=tempo)) for tick, tempo in file.tempos),
        *(
            (tick, 0, mido.MetaMessage("time_signature", numerator=upper, denominator=lower))
            for tick, upper, lower in file.time_signatures
        ),
        *((tick, 0, mido.MetaMessage("marker", text=text)) for tick, text in file.markers),
    ]
    tracks = [_events(track) for track in file.tracks] or [[]]
    ends = [track.end for track in file.tracks] or [0]
    tracks[0] = [*head, *tracks[0]]
    if form == 0:
        tracks, ends = [[event for track in tracks for event in track]], [max(ends)]
    names = [track.name for track in file.tracks] or [""]
    out = io.BytesIO()
    whole = mido.MidiFile(type=form, ticks_per_beat=file.ticks_per_quarter, charset="utf-8")
    try:
        for name, events, end in zip(names, tracks, ends, strict=False):
            whole.tracks.append(_laid_out(name, events, end))
        whole.save(file=out)
    except (ValueError, OverflowError, struct.error) as error:
        raise MediaError(f"No MIDI file can hold this: {error}; shorten the piece or write another format.") from error
    return out.getvalue()


_Timed = tuple[int, int, Any]  # tick, rank among what comes at that tick, message


def _events(track: Track) -> list[_Timed]:
    """What a track tells, unsorted: at one tick notes end before others change anything, and begin last."""
    events: list[_Timed] = []
    for note in track.notes:
        key = {"channel": note.channel, "note": note.pitch}
        events.append((note.start, 3, mido.Message("note_on", velocity=note.velocity, **key)))
        rank = 1 if note.end > note.start else 4
        events.append((note.end, rank, mido.Message("note_off", velocity=note.release, **key)))
    for change in track.changes:
        word, (number, value) = _WORDS[change.kind]
        fields = {value: change.value, **({number: change.number} if number else {})}
        events.append((change.tick, 2, mido.Message(word, channel=change.channel, **fields)))
    return events


_WORDS = {kind: (word, (number, value)) for word, (kind, number, value) in _CHANGES.items()}


def _laid_out(name: str, events: list[_Timed], end: int) -> Any:
    """A track of messages with the times between them; what comes at the same tick keeps its order within its rank."""
    track = mido.MidiTrack()
    if name:
        track.append(mido.MetaMessage("track_name", name=name))
    last = 0
    for tick, _, message in sorted(events, key=lambda event: event[:2]):
        track.append(message.copy(time=tick - last))
        last = tick
    track.append(mido.MetaMessage("end_of_track", time=max(0, end - last)))
    if max(last, end) >= _MOST_TICKS:
        raise ValueError(f"it is {max(last, end)} ticks long, and {_MOST_TICKS} is the limit")
    return track


_MOST_TICKS = 1 << 28  # the largest number a file can hold, and then some players count in 32 bits
