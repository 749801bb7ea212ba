"""Songs by chance, for the round trips through other programs' files."""

from __future__ import annotations

from hypothesis import strategies as st

from graphdaw.graph.clips import CurveClip, Lane, Note, NoteClip, Point
from graphdaw.graph.song import MASTER, Automation, Device, Instrument, Send, Song, SongTrack, Target
from graphdaw.graph.timeline import Marker, Signature, Tempo, Timeline

names = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), min_size=1, max_size=12).map(str.strip)
titles = names.filter(bool)


@st.composite
def timelines(draw: st.DrawFn, bpm: st.SearchStrategy[float], ramps: bool) -> Timeline:
    """Tempos, signatures and markers, the first tempo and signature at 0."""
    ticks = sorted(draw(st.sets(st.integers(1, 40_000), max_size=4)))
    ramp = st.booleans() if ramps else st.just(False)
    tempos = [Tempo(tick, draw(bpm), draw(ramp)) for tick in (0, *ticks)]
    bars = sorted(draw(st.sets(st.integers(1, 8), max_size=3)))
    signatures = [
        Signature(bar * 3840, draw(st.integers(1, 16)), draw(st.sampled_from((1, 2, 4, 8, 16)))) for bar in (0, *bars)
    ]
    markers = [
        Marker(tick, draw(titles)) for tick in sorted(draw(st.lists(st.integers(0, 40_000), max_size=3, unique=True)))
    ]
    tempos[-1] = Tempo(tempos[-1].at_ticks, tempos[-1].bpm)
    return Timeline(tuple(tempos), tuple(signatures), tuple(markers))


@st.composite
def notes(draw: st.DrawFn, velocities: st.SearchStrategy[float]) -> tuple[Note, ...]:
    """Notes by their starts, of which no two of one key overlap."""
    found = []
    free: dict[int, int] = {}
    tick = 0
    for id in range(1, draw(st.integers(0, 12)) + 1):
        tick += draw(st.integers(0, 900))
        key, length = draw(st.integers(0, 127)), draw(st.integers(1, 2_000))
        if free.get(key, 0) <= tick:
            free[key] = tick + length
            found.append(Note(id, tick, length, float(key), draw(velocities), draw(velocities)))
    return tuple(sorted(found, key=lambda note: (note.at_ticks, note.key)))


def numbered(found: tuple[Note, ...]) -> tuple[Note, ...]:
    """The same notes with ids that count from 1."""
    return tuple(Note(k, n.at_ticks, n.length_ticks, n.key, n.velocity, n.release) for k, n in enumerate(found, 1))


@st.composite
def lanes(draw: st.DrawFn, kind: str, values: st.SearchStrategy[float], end: int) -> Lane:
    """A lane of steps, two at least, no two values alike in a row."""
    ticks = sorted(draw(st.sets(st.integers(0, end - 1), min_size=2, max_size=6)))
    return Lane(kind, tuple(Point(tick, draw(values), "hold") for tick in ticks))


@st.composite
def midi_songs(draw: st.DrawFn) -> Song:
    """What a MIDI file holds exactly: tempos of whole microseconds, values of 7 bits, a track a channel."""
    bpm = st.integers(60_100, 11_000_000).map(lambda quarter_us: 60e6 / quarter_us)
    sevenths = st.integers(1, 127).map(lambda value: value / 127)
    tracks = []
    for k, channel in enumerate(draw(st.lists(st.integers(0, 15), max_size=4, unique=True)), 2):
        own = numbered(draw(notes(sevenths)))
        end = max((note.at_ticks + note.length_ticks for note in own), default=0) + draw(st.integers(3_000, 9_000))
        kept = [
            draw(lanes("cc74", sevenths, end)),
            draw(lanes("pressure", sevenths, end)),
            draw(lanes("bend", st.integers(-8192, 8191).map(lambda v: v / 8192 * 2), end)),
        ]
        instrument = Instrument("midi", program=draw(st.none() | st.integers(0, 127)), channel=channel)
        name = draw(titles)
        id = f"t{k}c{channel + 1}"
        clip = NoteClip(f"{id}n", 0, end, name=name, notes=own, lanes=tuple(kept[: draw(st.integers(0, 3))]))
        if own or clip.lanes or instrument.program is not None:
            kind = "drums" if channel == 9 else "notes"
            tracks.append(SongTrack(id, name, kind, (clip,), instrument))
        else:
            tracks.append(SongTrack(id, name, kind="notes", instrument=instrument))
    return Song(draw(titles), draw(timelines(bpm, ramps=False)), tuple(tracks))


@st.composite
def curves(draw: st.DrawFn, values: st.SearchStrategy[float]) -> tuple[Point, ...]:
    """Points of lines and steps."""
    ticks = sorted(draw(st.sets(st.integers(0, 20_000), min_size=1, max_size=6)))
    return tuple(Point(tick, draw(values), draw(st.sampled_from(("line", "hold")))) for tick in ticks)


@st.composite
def devices(draw: st.DrawFn, instrument: bool) -> Device:
    """A device with a few parameters."""
    values = st.floats(-1e6, 1e6, allow_nan=False)
    kind = draw(st.sampled_from(("vst2", "vst3", "clap", "au", "lmms/eq", "device")))
    keys = st.sampled_from(("Cutoff", "Drive#7", "Mix#12", "a.b", "wet"))
    parameters: dict[str, float | str] = dict(draw(st.dictionaries(keys, values, max_size=4)))
    parameters["deviceID"] = "one" if kind in ("vst2", "vst3", "clap", "au") else kind
    shape = Instrument if instrument else Device
    return shape(kind, draw(titles), draw(st.booleans()), parameters, draw(st.binary(max_size=20)))


@st.composite
def full_songs(draw: st.DrawFn) -> Song:
    """What a DAWproject file holds exactly: notes, lanes, loops, a mixer with buses and devices, automation."""
    fractions = st.floats(0, 1)
    levels = st.sampled_from((-96.0, -12.0, -6.0, 0.0, 3.0))
    pans = st.sampled_from((-1.0, -0.5, 0.0, 0.25, 1.0))
    buses = draw(st.lists(st.sampled_from(("Room", "Drums", "Verb")), max_size=2, unique=True))
    tracks: list[SongTrack] = []
    for k in range(draw(st.integers(0, 3))):
        clips = []
        for j in range(draw(st.integers(0, 2))):
            own = numbered(draw(notes(fractions)))
            told = draw(st.lists(st.sampled_from(("cc1", "cc74", "pressure", "timbre")), max_size=2, unique=True))
            loop, offset = draw(st.sampled_from(((0, 0), (0, 700), (960, 0), (1920, 480))))
            length = draw(st.integers(max(1, loop - offset + 1), 30_000))
            kept = tuple(Lane(kind, draw(curves(fractions))) for kind in told)
            clips.append(
                NoteClip(f"{k}{j}", 40_000 * j + draw(st.integers(0, 9_000)), length, offset, loop, draw(titles),
                         draw(st.booleans()), own, kept)
            )  # fmt: skip
        sends = tuple(Send(bus, draw(levels), draw(st.booleans())) for bus in buses[: draw(st.integers(0, 2))])
        tracks.append(
            SongTrack(
                f"t{k}",
                draw(titles),
                draw(st.sampled_from(("notes", "drums"))) if any(clip.notes for clip in clips) else "notes",
                tuple(clips),
                draw(st.none() | devices(instrument=True)),
                draw(levels),
                draw(pans),
                draw(st.booleans()),
                draw(st.booleans()),
                draw(st.sampled_from((MASTER, *buses))),
                sends,
                tuple(draw(st.lists(devices(instrument=False), max_size=2))),
                draw(st.sampled_from(("", "#a0b0c0"))),
            )
        )
    tracks += [SongTrack(bus, bus, "bus", gain_db=draw(levels)) for bus in buses]
    tracks.append(SongTrack(MASTER, "Master", "master", gain_db=draw(levels), pan=draw(pans), bus=""))
    automation = []
    for track in tracks:
        targets = [Target("mixer", name, track.id) for name in ("level", "pan", "muted")]
        targets += [Target("send", "level", track.id, j) for j in range(len(track.sends))]
        for j, device in enumerate(track.effects):
            targets += [Target("effect", key, track.id, j) for key in (*device.parameters, "on") if key != "deviceID"]
        if track.instrument is not None:
            keys = (*track.instrument.parameters, "on")
            targets += [Target("instrument", key, track.id) for key in keys if key != "deviceID"]
        for target in draw(st.lists(st.sampled_from(targets), max_size=2, unique=True)):
            if target.parameter in ("muted", "on"):
                points = tuple(Point(k * 960, float(k % 2), "hold") for k in range(3))
            else:
                points = draw(curves(st.floats(-1, 1)))
            automation.append(Automation(target, (CurveClip("a", 0, points[-1].at_ticks + 1, points=points),)))
    bpm = st.floats(20, 900)
    return Song(draw(titles), draw(timelines(bpm, ramps=True)), tuple(tracks), tuple(automation))
