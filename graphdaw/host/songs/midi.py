"""A MIDI file as a Song.

Ticks are rescaled to 960 a quarter: exact where the file's own number divides 960, else to the nearest tick, the later
of two. Notes of a track are parted by channel. 0 dB is a volume controller at 100, which is what devices begin with.
"""

from __future__ import annotations

import math
import os
from collections import defaultdict
from collections.abc import Iterator
from pathlib import PurePath

from graphdaw.graph.clips import TICKS_PER_QUARTER, Lane, Note, NoteClip, Point
from graphdaw.graph.song import SILENCE_DB, Instrument, Report, Song, SongTrack
from graphdaw.graph.timeline import BPM, Marker, Signature, Tempo, Timeline
from graphdaw.host import midi_files
from graphdaw.host.midi_files import Change, MidiFile, Track

DRUM_CHANNEL = 9
BEND_SEMITONES = 2  # the reach of a bend until the file says otherwise
VOLUME, PAN, BANK, BANK_LOW = 7, 10, 0, 32  # controllers
REGISTERED, REGISTERED_LOW, ENTRY, ENTRY_LOW = 101, 100, 6, 38
_UNREGISTERED = (98, 99)
_BEND_RANGE, _NOTHING = (0, 0), (127, 127)


def read_song(path: str | os.PathLike[str]) -> Song:
    """The Song in a MIDI file; raises MediaError."""
    return song_of_midi(midi_files.read_midi(path), PurePath(path).stem)


def song_of_midi(file: MidiFile, title: str) -> Song:
    """A MIDI file's tracks and tempo map; the name of an empty first one is the title."""
    report = Report()
    ruler = _Ruler(file.ticks_per_quarter)
    head = file.tracks[0] if file.tracks else None
    if head and head.name and not head.notes and not head.changes:
        title = head.name
    tracks = []
    for number, track in enumerate(file.tracks, 1):
        name = track.name or f"Track {number}"
        channels = sorted({note.channel for note in track.notes} | {change.channel for change in track.changes})
        for channel in channels:
            own = name if len(channels) == 1 else f"{name} {channel + 1}"
            reader = _Channel(f"t{number}c{channel + 1}", own, channel, ruler, report)
            tracks.append(reader.track(track))
    timeline = _timeline(file, ruler, report)
    if ruler.worst:
        report.say(
            f"A quarter has {file.ticks_per_quarter} ticks in the file, which does not divide {TICKS_PER_QUARTER}: "
            f"times are up to {ruler.worst:.2f} ticks off."
        )
    return Song(title, timeline, tuple(tracks), report=report.all())


class _Ruler:
    """The file's ticks in ours; remembers the largest error."""

    def __init__(self, ticks_per_quarter: int) -> None:
        self._theirs = ticks_per_quarter
        self.worst = 0.0

    def ticks(self, theirs: int) -> int:
        """The nearest of our ticks, the later of two."""
        doubled = 2 * theirs * TICKS_PER_QUARTER
        ours = (doubled + self._theirs) // (2 * self._theirs)
        error = abs(2 * self._theirs * ours - doubled)
        if error:
            self.worst = max(self.worst, error / (2 * self._theirs))
        return ours


def _timeline(file: MidiFile, ruler: _Ruler, report: Report) -> Timeline:
    tempos: dict[int, float] = {0: 120.0}
    for tick, quarter_us in file.tempos:
        bpm = 60e6 / quarter_us
        if not BPM[0] <= bpm <= BPM[1]:
            report.say(f"A tempo of {bpm:.1f} a minute became the nearest that is possible ({BPM[0]:g} to {BPM[1]:g}).")
        tempos[ruler.ticks(tick)] = min(max(bpm, BPM[0]), BPM[1])
    signatures: dict[int, tuple[int, int]] = {0: (4, 4)}
    for tick, beats, unit in file.time_signatures:
        if unit & (unit - 1) or TICKS_PER_QUARTER * 4 % unit:
            report.say(f"The time signature {beats}/{unit} was left out: its beats are no whole ticks.")
        else:
            signatures[ruler.ticks(tick)] = beats, unit
    return Timeline(
        tuple(Tempo(tick, bpm) for tick, bpm in sorted(tempos.items())),
        tuple(Signature(tick, *pair) for tick, pair in sorted(signatures.items())),
        tuple(Marker(ruler.ticks(tick), name) for tick, name in file.markers),
    )


class _Channel:
    """One channel of one track, on its way to a SongTrack."""

    def __init__(self, id: str, name: str, channel: int, ruler: _Ruler, report: Report) -> None:
        self.id, self.name, self.channel = id, name, channel
        self._ruler, self._report = ruler, report
        self._lanes: dict[str, dict[int, float]] = defaultdict(dict)
        self._bank = [0, 0]
        self._first_bank: int | None = None
        self._registered: list[int] = list(_NOTHING)
        self._bend_semitones, self._bend_cents = BEND_SEMITONES, 0

    def track(self, track: Track) -> SongTrack:
        """The notes and lanes of this channel, in one clip that ends with the track."""
        key_pressures: dict[int, list[tuple[int, float]]] = defaultdict(list)
        for change in track.changes:
            if change.channel == self.channel:
                tick = self._ruler.ticks(change.tick)
                if change.kind == "key_pressure":
                    key_pressures[change.number].append((tick, change.value / 127))
                else:
                    self._take(tick, change)
        notes = tuple(self._notes(track, key_pressures))
        first = notes[0].at_ticks if notes else 0
        program = self._only("program", first)
        programs = self._lanes.get("program", {})
        volume, pan = self._only(f"cc{VOLUME}", first), self._only(f"cc{PAN}", first)
        if program is None:
            program = next(iter(programs.values()), None)
        bank = (
            self._first_bank
            if self._lanes.get("program") or not any(self._bank)
            else self._bank[0] * 128 + self._bank[1]
        )
        instrument = Instrument(
            "midi", program=None if program is None else round(program), bank=bank, channel=self.channel
        )
        lanes = tuple(
            Lane(kind, tuple(Point(tick, value, "hold") for tick, value in points.items()))
            for kind, points in self._lanes.items()
            if points
        )
        ends = [note.at_ticks + note.length_ticks for note in notes]
        ends += [tick + 1 for points in self._lanes.values() for tick in points]
        end = max(self._ruler.ticks(track.end), *ends, 1)
        clip = NoteClip(f"{self.id}n", 0, end, name=self.name, notes=notes, lanes=lanes)
        return SongTrack(
            self.id,
            self.name,
            "drums" if self.channel == DRUM_CHANNEL else "notes",
            (clip,),
            instrument,
            gain_db=_gain_db(round(volume * 127)) if volume is not None else 0.0,
            pan=max(-1.0, (round(pan * 127) - 64) / 63) if pan is not None else 0.0,
        )

    def _only(self, kind: str, first: int) -> float | None:
        """The value of a lane that has one point, at or before the first note: a setting, taken out of the lanes."""
        points = self._lanes.get(kind, {})
        if len(points) != 1 or next(iter(points)) > first:
            return None
        return self._lanes.pop(kind).popitem()[1]

    def _take(self, tick: int, change: Change) -> None:
        if change.kind == "bend":
            reach = self._bend_semitones + self._bend_cents / 100
            self._lanes["bend"][tick] = change.value / 8192 * reach
        elif change.kind == "pressure":
            self._lanes["pressure"][tick] = change.value / 127
        elif change.kind == "program":
            if self._first_bank is None and any(self._bank):
                self._first_bank = self._bank[0] * 128 + self._bank[1]
            self._lanes["program"][tick] = float(change.value)
        elif not self._registers(change):
            if change.number in (BANK, BANK_LOW):
                self._bank[change.number == BANK_LOW] = change.value
                if self._first_bank is None and not self._lanes.get("program"):
                    return
            self._lanes[f"cc{change.number}"][tick] = change.value / 127

    def _registers(self, change: Change) -> bool:
        """Take what sets a registered parameter, of which the reach of a bend is the one that is known."""
        number, value = change.number, change.value
        if number in (REGISTERED, REGISTERED_LOW):
            self._registered[number == REGISTERED_LOW] = value
        elif number in _UNREGISTERED:
            self._registered = [-1, -1]
            return False
        elif number not in (ENTRY, ENTRY_LOW) or self._registered == [-1, -1]:
            return False
        elif tuple(self._registered) == _BEND_RANGE:
            if number == ENTRY:
                self._bend_semitones, self._bend_cents = value, 0
            else:
                self._bend_cents = value
        elif tuple(self._registered) != _NOTHING:
            pair = "/".join(map(str, self._registered))
            self._report.say(f"{self.name}: the registered parameter {pair} is not known and was left out.")
        return True

    def _notes(self, track: Track, key_pressures: dict[int, list[tuple[int, float]]]) -> Iterator[Note]:
        own = (note for note in track.notes if note.channel == self.channel)
        for id, note in enumerate(own, 1):
            start = self._ruler.ticks(note.start)
            length = max(1, self._ruler.ticks(note.end) - start)
            pressed = [
                Point(tick - start, value, "hold")
                for tick, value in key_pressures.get(note.pitch, ())
                if start <= tick < start + length
            ]
            lanes = (Lane("pressure", tuple(pressed)),) if pressed else ()
            yield Note(id, start, length, float(note.pitch), note.velocity / 127, note.release / 127, lanes=lanes)


def _gain_db(volume: int) -> float:
    """What General MIDI makes of a volume controller, 40 log10, with 100 for 0 dB."""
    return max(SILENCE_DB, 40.0 * math.log10(volume / 100)) if volume else SILENCE_DB
