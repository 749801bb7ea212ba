"""A Song as a MIDI file of 960 ticks a quarter; what it cannot hold is said.

Loops are unrolled. The first track has the title, the tempo map, the signatures and the markers. Tempos are whole
microseconds a quarter; a ramp becomes steps that are RAMP_ERROR_S from it in time at most, and not at all where they
meet.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from itertools import islice

from graphdaw.errors import MediaError
from graphdaw.graph.clips import TICKS_PER_QUARTER, AudioClip, Lane, Note, NoteClip, Point
from graphdaw.graph.song import A4, SILENCE_DB, Report, Song, SongTrack, changed, passes, shape_at, unrolled
from graphdaw.graph.timeline import TempoMap, Timeline
from graphdaw.host import midi_files
from graphdaw.host.midi_files import Change, MidiFile, Track
from graphdaw.host.songs.midi import (
    BANK,
    BANK_LOW,
    BEND_SEMITONES,
    DRUM_CHANNEL,
    ENTRY,
    ENTRY_LOW,
    PAN,
    REGISTERED,
    REGISTERED_LOW,
    VOLUME,
)

RAMP_ERROR_S = 0.0005
MOST_BEND_SEMITONES = 96
LANE_STEP_TICKS = 20  # the finest time between the steps of a curve that a controller follows
MOST_EVENTS = midi_files.MAX_EVENTS


def midi_of_song(song: Song) -> tuple[MidiFile, tuple[str, ...]]:
    """A Song as a MIDI file, and what it could not hold; raises MediaError for more than a file can hold."""
    report = Report()
    tracks = [Track(song.title, (), (), 0)]
    channels = _channels(song, report)
    left = MOST_EVENTS
    for track in song.tracks:
        if track.kind in ("notes", "drums"):
            writer = _Writer(track, channels[track.id], left, report)
            tracks.append(writer.track())
            left = writer.left
        elif track.clips:
            report.say(f"{track.name}: a MIDI file holds no recordings, so its clips were left out.")
        _say_mixer(track, report)
    for one in song.automation:
        track_ = song.track(one.target.track)
        whose = f"{track_.name}: " if track_ else ""
        report.say(f"{whose}a MIDI file holds no automation of {one.target.parameter!r}, so it was left out.")
    if song.gain_db:
        report.say(f"The level of the whole, {song.gain_db:.1f} dB, was left out.")
    if song.timeline.loop:
        report.say("The loop was left out.")
    signatures = []
    for signature in song.timeline.signatures:
        if signature.unit & (signature.unit - 1) or signature.beats > 255:
            report.say(f"The time signature {signature.beats}/{signature.unit} was left out: no MIDI file holds it.")
        else:
            signatures.append((signature.at_ticks, signature.beats, signature.unit))
    markers = tuple((marker.at_ticks, marker.name) for marker in song.timeline.markers)
    tempos = tuple(islice(_tempo_steps(song.timeline), MOST_EVENTS + 1))
    if len(tempos) > MOST_EVENTS:
        raise MediaError(f"The tempo ramps would take more than {MOST_EVENTS} steps; make them shorter and try again.")
    return MidiFile(TICKS_PER_QUARTER, tempos, tuple(signatures), markers, tuple(tracks)), report.all()


def write_song(song: Song, form: int = 1) -> tuple[bytes, tuple[str, ...]]:
    """The bytes of a MIDI file, and what it could not hold; raises MediaError."""
    file, report = midi_of_song(song)
    return midi_files.midi_bytes(file, form), report


def _channels(song: Song, report: Report) -> dict[str, int]:
    """A channel for each track: its own, 10 for MIDI's drums, else the next that is free, then any of them."""
    found: dict[str, int] = {}
    waiting = []
    for track in song.tracks:
        own = track.instrument.channel if track.instrument else None
        if own is not None:
            found[track.id] = min(max(own, 0), 15)
        elif track.kind == "drums" and (track.instrument is None or track.instrument.kind == "midi"):
            found[track.id] = DRUM_CHANNEL
        elif track.kind in ("notes", "drums"):
            waiting.append(track)
    melodic = [channel for channel in range(16) if channel != DRUM_CHANNEL]
    free = [channel for channel in melodic if channel not in found.values()]
    for k, track in enumerate(waiting):
        found[track.id] = free[k] if k < len(free) else melodic[k % len(melodic)]
        if k >= len(free):
            report.say(f"{track.name}: all 16 channels are taken, so it shares channel {found[track.id] + 1}.")
    return found


def _say_mixer(track: SongTrack, report: Report) -> None:
    """What a MIDI file cannot say about a track."""
    if track.muted:
        report.say(f"{track.name}: it is muted, and a MIDI file cannot say so: it will sound.")
    if track.soloed:
        report.say(f"{track.name}: it is soloed, and a MIDI file cannot say so.")
    if track.effects:
        names = ", ".join(effect.name or effect.kind for effect in track.effects)
        report.say(f"{track.name}: its effects were left out: {names}.")
    if track.sends:
        report.say(f"{track.name}: its sends were left out.")
    if track.instrument and track.instrument.kind != "midi":
        named = track.instrument.name or track.instrument.kind
        report.say(f"{track.name}: its instrument {named} was left out; its notes were kept.")
    if track.kind in ("bus", "master") and (track.gain_db or track.pan):
        report.say(f"{track.name}: a MIDI file has no buses, so its level and pan were left out.")


class _Writer:
    """A track of notes on its way to a MIDI track; `left` is how many events the file may still hold."""

    def __init__(self, track: SongTrack, channel: int, left: int, report: Report) -> None:
        self._of, self._channel, self.left, self._report = track, channel, left, report
        instrument = track.instrument
        self._shift = A4 - instrument.root_key if instrument else 0.0
        self._changes: list[Change] = []
        self._notes: list[midi_files.Note] = []

    def track(self) -> Track:
        """The MIDI track; raises MediaError when the piece is too long for one."""
        self._settings()
        end = 0
        for clip in self._of.clips:
            if isinstance(clip, AudioClip):
                self._say(f"the recording {clip.media!r} was left out")
            elif clip.muted:
                self._say(f"its muted clip {clip.name or clip.id!r} was left out")
            else:
                end = max(end, clip.at_ticks + clip.length_ticks)
                self._clip(clip)
        self._notes.sort(key=lambda note: (note.start, note.channel, note.pitch, note.end))
        self._say_crossed()
        self._changes.sort(key=lambda change: change.tick)
        end = max([end, *(note.end for note in self._notes), *(change.tick for change in self._changes)])
        return Track(self._of.name, tuple(self._notes), tuple(self._changes), end)

    def _say(self, what: str) -> None:
        self._report.say(f"{self._of.name}: {what}.")

    def _change(self, tick: int, kind: str, number: int, value: int) -> None:
        self._spend()
        self._changes.append(Change(tick, kind, self._channel, number, value))

    def _spend(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise MediaError(
                f"The piece has more than {MOST_EVENTS} MIDI events, loops unrolled; shorten its loops and try again."
            )

    def _settings(self) -> None:
        """Bank, program, volume, pan and the reach of bends, at the beginning."""
        instrument = self._of.instrument
        if instrument and instrument.bank is not None:
            self._change(0, "control", BANK, instrument.bank >> 7 & 127)
            self._change(0, "control", BANK_LOW, instrument.bank & 127)
        if instrument and instrument.program is not None:
            kinds = {lane.kind for clip in self._of.clips if isinstance(clip, NoteClip) for lane in clip.lanes}
            if "program" not in kinds:
                self._change(0, "program", 0, min(max(instrument.program, 0), 127))
        if self._of.gain_db:
            volume = round(100 * 10 ** (self._of.gain_db / 40)) if self._of.gain_db > SILENCE_DB else 0
            if volume > 127:
                self._say(f"its level, {self._of.gain_db:.1f} dB, is more than a MIDI file can say")
            self._change(0, "control", VOLUME, min(volume, 127))
        if self._of.pan:
            self._change(0, "control", PAN, min(127, max(0, round(64 + 63 * self._of.pan))))
        self._reach = float(BEND_SEMITONES)
        most = max((abs(point.value) for lane in self._lanes("bend") for point in lane.points), default=0.0)
        if most > self._reach:
            self._reach = min(float(MOST_BEND_SEMITONES), math.ceil(most))
            settings = (REGISTERED, 0), (REGISTERED_LOW, 0), (ENTRY, int(self._reach)), (ENTRY_LOW, 0)
            for number, value in (*settings, (REGISTERED, 127), (REGISTERED_LOW, 127)):
                self._change(0, "control", number, value)

    def _lanes(self, kind: str) -> Iterator[Lane]:
        clips = (clip for clip in self._of.clips if isinstance(clip, NoteClip))
        return (lane for clip in clips for lane in clip.lanes if lane.kind == kind)

    def _clip(self, clip: NoteClip) -> None:
        for note in unrolled(clip):
            self._spend()
            self._spend()
            self._note(note)
        for lane in clip.lanes:
            for one in passes(clip):
                shifted = _shifted(lane.points, one.zero)
                if lane.points and not self._curve(lane.kind, shifted, one.start, one.end):
                    self._say(f"its lane {lane.kind!r} was left out")
                    break

    def _note(self, note: Note) -> None:
        key = round(note.key + self._shift)
        if not 0 <= key <= 127:
            self._say(f"notes beyond the 128 keys of MIDI, such as {key}, were left out")
            return
        if key != note.key + self._shift:
            self._say("notes between the keys were moved to the nearest")
        if note.probability < 1.0:
            self._say("notes that sound only sometimes will always sound")
        end = note.at_ticks + note.length_ticks
        velocity, release = min(127, max(1, round(note.velocity * 127))), min(127, max(0, round(note.release * 127)))
        self._notes.append(midi_files.Note(note.at_ticks, end, self._channel, key, velocity, release))
        for lane in note.lanes:
            if lane.kind != "pressure":
                self._say(f"what happens to single notes ({lane.kind!r}) was left out")
                continue
            for tick, value in _steps(_shifted(lane.points, note.at_ticks), note.at_ticks, end, 1 / 127):
                self._change(tick, "key_pressure", key, min(127, max(0, round(value * 127))))

    def _curve(self, kind: str, points: tuple[Point, ...], start: int, end: int) -> bool:
        """A lane as changes; False for a kind that MIDI does not have."""
        if kind == "bend":
            for tick, value in _steps(points, start, end, self._reach / 8192):
                self._change(tick, "bend", 0, min(8191, max(-8192, round(value / self._reach * 8192))))
        elif kind == "program":
            for tick, value in _steps(points, start, end, 1.0):
                self._change(tick, "program", 0, min(127, max(0, round(value))))
        elif kind in ("pressure", "timbre") or (kind[:2] == "cc" and kind[2:].isdigit() and int(kind[2:]) < 128):
            number = 74 if kind == "timbre" else int(kind[2:] or 0) if kind[:2] == "cc" else 0
            word = "pressure" if kind == "pressure" else "control"
            for tick, value in _steps(points, start, end, 1 / 127):
                self._change(tick, word, number, min(127, max(0, round(value * 127))))
        else:
            return False
        return True

    def _say_crossed(self) -> None:
        """Notes of one key of which the later ends first: their ends will be taken for each other's."""
        last: dict[int, int] = {}
        for note in self._notes:
            if last.get(note.pitch, -1) > note.end:
                self._say(f"notes of the key {note.pitch} that overlap exchange their ends")
            last[note.pitch] = max(last.get(note.pitch, -1), note.end)


def _shifted(points: Iterable[Point], zero: int) -> tuple[Point, ...]:
    return tuple(changed(point, at_ticks=point.at_ticks + zero) for point in points)


def _steps(points: tuple[Point, ...], start: int, end: int, fineness: float) -> Iterator[tuple[int, float]]:
    """A curve as values to hold, each where it is reached: at its points, and between them at most `fineness` apart."""
    for k, point in enumerate(points):
        following = points[k + 1] if k + 1 < len(points) else point
        if start <= point.at_ticks < end:
            yield point.at_ticks, point.value
        elif point.at_ticks < start < following.at_ticks or (point.at_ticks < start and k + 1 == len(points)):
            yield start, shape_at(point, following, start)
        span = following.at_ticks - point.at_ticks
        if point.shape == "hold" or following.value == point.value:
            continue
        count = min(span // LANE_STEP_TICKS, math.ceil(abs(following.value - point.value) / fineness))
        for step in range(1, count):
            tick = point.at_ticks + span * step // count
            if start < tick < end:
                yield tick, shape_at(point, following, tick)


def _tempo_steps(timeline: Timeline) -> Iterator[tuple[int, int]]:
    """Microseconds a quarter from ticks on; the steps of a ramp take exactly as long as the ramp does there."""
    tempos = TempoMap(timeline.tempos)
    for k, (tempo, span) in enumerate(zip(timeline.tempos, tempos.spans, strict=True)):
        length = timeline.tempos[k + 1].at_ticks - tempo.at_ticks if span.slope else 0
        if not length:
            yield tempo.at_ticks, round(60e6 / tempo.bpm)
            continue
        change = span.slope * length
        slowest = min(tempo.bpm, tempo.bpm + change)
        bent = (
            length / TICKS_PER_QUARTER * 60 / slowest * abs(change) / slowest
        )  # of the slowest step, were all like it
        count = min(length, max(1, math.ceil(math.sqrt(bent / 8 / RAMP_ERROR_S))))
        behind_us = 0.0  # what rounding has left over is made up for in the next step
        for step in range(count):
            begin, end = length * step // count, length * (step + 1) // count
            quarters = (end - begin) / TICKS_PER_QUARTER
            wanted_us = (tempos.time_in(span, end) - tempos.time_in(span, begin)) * 1e6 + behind_us
            quarter_us = round(wanted_us / quarters)
            behind_us = wanted_us - quarter_us * quarters
            yield tempo.at_ticks + begin, quarter_us
