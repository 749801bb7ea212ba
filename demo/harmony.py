"""What the demo's song makes of its chords: bass, pad, keys, strings and the chords that the harp breaks."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from graphdaw.graph.keys import key_of
from graphdaw.graph.music import Row
from song import SECTIONS, Section

# Beat, length and velocity of each note of the bass, and its distance from the root in semitones.
BASS = {
    "verse": ((0.0, 1.4, 0.85, 0), (1.75, 0.5, 0.6, 0), (2.5, 0.9, 0.75, 0), (3.5, 0.4, 0.6, 7)),
    "build": tuple((beat / 2, 0.42, 0.6 if beat % 2 else 0.75, 0) for beat in range(8)),
    "chorus": (
        (0.0, 0.4, 0.9, 0), (0.5, 0.4, 0.7, 0), (1.0, 0.4, 0.75, 0), (1.5, 0.4, 0.8, 12),
        (2.0, 0.4, 0.85, 0), (2.5, 0.4, 0.7, 0), (3.0, 0.4, 0.75, 7), (3.5, 0.4, 0.8, 12),
    ),
    "break": ((0.0, 3.8, 0.5, 0),),
    "outro": ((0.0, 1.4, 0.8, 0), (1.75, 0.5, 0.55, 0), (2.5, 1.2, 0.65, 0)),
}  # fmt: skip
# When the keys strike the upper voices, and for how long; the second bar of a chord answers the first.
COMPING = (((0.0, 1.25, 0.6), (1.5, 0.9, 0.5), (3.5, 0.45, 0.45)), ((1.0, 0.4, 0.45), (2.5, 1.3, 0.6)))
STABS = ((0.0, 0.7, 0.65), (1.5, 0.4, 0.5), (2.5, 0.7, 0.6))


def bass(section: Section) -> Iterator[Row]:
    """Roots with a fifth before each change; eighths with octaves in the chorus, longer notes as the song ends."""
    figure = BASS.get(section.kind, ())
    for bar in range(section.bars):
        root = key_of(section.chord(bar).bass)
        last = section.kind == "outro" and bar >= section.bars - 2
        if section.kind == "build" and bar == section.bars - 1:
            figure = figure[:6]  # the silence before the chorus
        for beat, length, velocity, up in ((0.0, 7.0, 0.6, 0),) if last else figure:
            yield 4.0 * bar + beat, length, root + up, velocity
        if last:
            return


def held(section: Section, velocity: float) -> Iterator[Row]:
    """The four voices of each chord, for as long as they stay where they are."""
    for voice in range(4):
        keys = [key_of(section.chord(bar).voices[voice]) for bar in range(section.bars)]
        begin = 0
        for bar in range(1, section.bars + 1):
            if bar == section.bars or keys[bar] != keys[begin]:
                yield 4.0 * begin, 4.0 * (bar - begin) - 0.05, keys[begin], velocity
                begin = bar


def pad(section: Section) -> Iterator[Row]:
    """Under everything but the chorus's first notes; softest in the verse, where others speak."""
    yield from held(section, {"verse": 0.5, "chorus": 0.6, "build": 0.65}.get(section.kind, 0.7))


def strings(section: Section) -> Iterator[Row]:
    """In the choruses, with an octave above on top; they enter in the second half of the build."""
    if section.kind == "chorus":
        yield from held(section, 0.75)
    elif section.kind == "build":
        yield from (row for row in held(section, 0.6) if row[0] >= 16.0)


def keys(section: Section) -> Iterator[Row]:
    """Broken rhythms in the verse, stabs in the last chorus, one chord a bar in the break."""
    for bar in range(section.bars):
        voices = [key_of(name) + 12 for name in section.chord(bar).voices[1:]]
        if section.kind == "verse":
            strokes = COMPING[bar % 2]
        elif section.name == "Last chorus":
            strokes = STABS
        elif section.kind == "break" or (section.kind == "outro" and bar < 7):
            strokes = ((0.0, 3.5, 0.55),)
        else:
            return
        for beat, length, velocity in strokes:
            for place, key in enumerate(voices):
                yield 4.0 * bar + beat + 0.02 * place, length, key, velocity - 0.04 * place


def harp(section: Section) -> Iterator[Row]:
    """Chords that the arpeggiator breaks, an octave up; silent in the verse's first half."""
    first = 8 if section.kind == "verse" else 0
    end = section.bars - (1 if section.kind in ("build", "outro") else 0)
    if section.kind == "break":
        return
    for bar in range(first, end):
        for name in section.chord(bar).voices:
            yield 4.0 * bar, 3.95, key_of(name) + 12, {"verse": 0.5, "chorus": 0.55}.get(section.kind, 0.6)


def robot(section: Section) -> Iterator[Row]:
    """The chords on which the vocoder speaks: through the break, and in the last two bars of eight of a chorus."""
    for row in held(section, 0.8) if section.kind in ("break", "chorus") else ():
        if section.kind == "break" or row[0] % 32.0 >= 24.0:
            yield row


PLAYERS: dict[str, Callable[[Section], Iterator[Row]]] = {
    "Bass": bass,
    "Pad": pad,
    "Strings": strings,
    "Keys": keys,
    "Harp": harp,
    "Robot": robot,
}


def parts() -> dict[str, dict[str, list[Row]]]:
    """The notes of each track in each section."""
    return {
        track: {one.name: rows for one in SECTIONS if (rows := sorted(play(one)))} for track, play in PLAYERS.items()
    }
