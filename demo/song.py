"""The form of the demo's song: sections, chords with their voicings, and the tempo that breathes through them.

D minor, 4/4, eighty bars. The verse walks down from D minor over B flat and G minor to the dominant, two bars a chord;
the chorus rises to the relative major, a chord a bar; the break leans on F; the outro ends on D major.
"""

from __future__ import annotations

from typing import NamedTuple

from graphdaw.graph.clips import TICKS_PER_QUARTER
from graphdaw.graph.timeline import Marker, Signature, Tempo, Timeline

TITLE = "Everything Is a Node"
BAR_BEATS = 4
BAR_TICKS = BAR_BEATS * TICKS_PER_QUARTER
TAIL_S = 5.0


class Chord(NamedTuple):
    """The note of the bass, and four voices from low to high."""

    bass: str
    voices: tuple[str, ...]


def _chord(bass: str, voices: str) -> Chord:
    return Chord(bass, tuple(voices.split()))


# Voices hold what two chords share and move by steps elsewhere; the second half of a chorus lies higher than the first.
CHORDS = {
    "Dm9": _chord("D2", "F3 A3 C4 E4"),
    "Bbmaj9": _chord("Bb1", "F3 A3 C4 D4"),
    "Gm9": _chord("G1", "F3 A3 Bb3 D4"),
    "A7sus": _chord("A1", "E3 G3 A3 D4"),
    "A7": _chord("A1", "E3 G3 A3 C#4"),
    "Cadd9": _chord("C2", "E3 G3 C4 D4"),
    "Am7": _chord("A1", "E3 G3 C4 E4"),
    "Dm7": _chord("D2", "F3 A3 C4 F4"),
    "Bbmaj7": _chord("Bb1", "F3 A3 D4 F4"),
    "C": _chord("C2", "G3 C4 E4 G4"),
    "F/A": _chord("A1", "A3 C4 F4 G4"),
    "A7 high": _chord("A1", "G3 C#4 E4 G4"),
    "Fmaj9": _chord("F2", "G3 A3 C4 E4"),
    "C/E": _chord("E2", "G3 C4 D4 E4"),
    "Gm7": _chord("G1", "F3 Bb3 D4 F4"),
    "D": _chord("D2", "F#3 A3 D4 E4"),
}


class Section(NamedTuple):
    """A part of the song: its kind, where it begins and how long it lasts in bars, and its chord in every bar."""

    name: str
    kind: str
    bar: int
    bars: int
    chords: tuple[str, ...]

    @property
    def at_ticks(self) -> int:
        """Where it begins."""
        return self.bar * BAR_TICKS

    @property
    def length_ticks(self) -> int:
        """How long it lasts."""
        return self.bars * BAR_TICKS

    def chord(self, bar: int) -> Chord:
        """The chord of one of its bars, counted from 0."""
        return CHORDS[self.chords[bar]]


def _bars(*chords: str, each: int = 1) -> tuple[str, ...]:
    return tuple(chord for chord in chords for _ in range(each))


WALK = _bars("Dm9", "Bbmaj9", "Gm9", "A7sus", each=2)
WALK_HOME = (*WALK[:7], "A7")
RISE = _bars("Bbmaj9", "Cadd9", "Am7", "Dm7", "Bbmaj7", "C", "F/A", "A7 high")
FORM = (
    ("Intro", "intro", WALK),
    ("Verse", "verse", WALK + WALK_HOME),
    ("Build", "build", (*_bars("Gm9", "Am7", "Bbmaj9", each=2), "Cadd9", "A7")),
    ("Chorus", "chorus", RISE + RISE),
    ("Break", "break", (*_bars("Fmaj9", "C/E", "Gm7", each=2), "A7sus", "A7")),
    ("Last chorus", "chorus", RISE + RISE),
    ("Outro", "outro", _bars("Dm9", "Bbmaj9", "Gm9", "D", each=2)),
)


def _sections() -> tuple[Section, ...]:
    found, bar = [], 0
    for name, kind, chords in FORM:
        found.append(Section(name, kind, bar, len(chords), chords))
        bar += len(chords)
    return tuple(found)


SECTIONS = _sections()
BARS = sum(section.bars for section in SECTIONS)


def section(name: str) -> Section:
    """A section by its name."""
    return next(one for one in SECTIONS if one.name == name)


def timeline() -> Timeline:
    """Quicker through the build, slow in the break, and slower to the end."""
    build, chorus, pause, last, outro = (
        section(name).at_ticks for name in ("Build", "Chorus", "Break", "Last chorus", "Outro")
    )
    tempos = (
        Tempo(0, 104.0),
        Tempo(build, 104.0, ramp=True),
        Tempo(chorus, 112.0),
        Tempo(pause, 94.0),
        Tempo(pause + 6 * BAR_TICKS, 94.0, ramp=True),
        Tempo(last, 112.0),
        Tempo(outro + 3 * BAR_TICKS, 112.0, ramp=True),
        Tempo(outro + 8 * BAR_TICKS, 80.0),
    )
    markers = tuple(Marker(one.at_ticks, one.name, one.length_ticks) for one in SECTIONS)
    return Timeline(tempos, (Signature(0, 4, 4),), markers)


SECONDS = round(timeline().seconds(BARS * BAR_TICKS) + TAIL_S, 1)
