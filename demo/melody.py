"""The tunes of the demo's song: one motif, two short notes up to a long one, which every tune turns another way.

Rows are (beat, length in beats, key, velocity), counted from the start of the section they are written for.
"""

from __future__ import annotations

from graphdaw.graph.music import Row

# The flute's: the motif in each bar's second half, falling back, and a rest after every phrase.
VERSE: tuple[Row, ...] = (
    (2.0, 0.5, "A4", 0.55), (2.5, 0.5, "C5", 0.6), (3.0, 2.5, "D5", 0.7),
    (6.0, 0.5, "C5", 0.6), (6.5, 0.5, "A4", 0.5), (7.0, 1.5, "F4", 0.5),
    (10.0, 0.5, "A4", 0.55), (10.5, 0.5, "C5", 0.6), (11.0, 2.0, "F5", 0.75),
    (13.5, 0.5, "E5", 0.65), (14.0, 1.0, "D5", 0.6), (15.0, 0.75, "C5", 0.55),
    (18.0, 0.5, "Bb4", 0.55), (18.5, 0.5, "D5", 0.6), (19.0, 2.5, "F5", 0.75),
    (22.0, 0.5, "E5", 0.65), (22.5, 0.5, "D5", 0.6), (23.0, 0.75, "Bb4", 0.55),
    (26.0, 0.5, "A4", 0.6), (26.5, 0.5, "D5", 0.65), (27.0, 1.5, "E5", 0.75),
    (28.5, 0.5, "D5", 0.65), (29.0, 2.5, "C#5", 0.7),
)  # fmt: skip

# The lead's first half: the motif on the beat, answered a step lower, then from D to A.
CHORUS_CALL: tuple[Row, ...] = (
    (0.0, 0.5, "A4", 0.7), (0.5, 0.5, "C5", 0.75), (1.0, 1.5, "D5", 0.85),
    (3.0, 0.5, "C5", 0.7), (3.5, 0.5, "D5", 0.75), (4.0, 1.5, "E5", 0.9),
    (6.0, 0.5, "D5", 0.75), (6.5, 0.5, "C5", 0.7), (7.0, 0.75, "G4", 0.65),
    (8.0, 0.5, "A4", 0.7), (8.5, 0.5, "C5", 0.75), (9.0, 1.5, "E5", 0.9),
    (11.0, 0.5, "D5", 0.75), (11.5, 0.5, "C5", 0.7), (12.0, 2.5, "D5", 0.8),
    (15.0, 0.5, "C5", 0.65), (15.5, 0.5, "D5", 0.7),
)  # fmt: skip
CHORUS_ANSWER: tuple[Row, ...] = (
    (16.0, 0.5, "D5", 0.75), (16.5, 0.5, "F5", 0.8), (17.0, 1.5, "A5", 0.95),
    (19.0, 0.5, "G5", 0.8), (19.5, 0.5, "F5", 0.75), (20.0, 1.5, "G5", 0.9),
    (22.0, 0.5, "F5", 0.75), (22.5, 0.5, "E5", 0.75), (23.0, 0.75, "C5", 0.7),
    (24.0, 0.5, "A4", 0.7), (24.5, 0.5, "C5", 0.75), (25.0, 1.5, "F5", 0.9),
    (27.0, 0.5, "E5", 0.75), (27.5, 0.5, "F5", 0.8), (28.0, 1.5, "E5", 0.85),
    (29.5, 1.5, "C#5", 0.75),
)  # fmt: skip
# The answer that climbs: the second time round it holds the A and turns around it.
CHORUS_CLIMB: tuple[Row, ...] = (
    (16.0, 0.5, "D5", 0.75), (16.5, 0.5, "F5", 0.8), (17.0, 1.0, "A5", 0.95),
    (18.0, 0.5, "Bb5", 0.9), (18.5, 0.5, "A5", 0.85), (19.0, 0.75, "F5", 0.75), (20.0, 1.5, "G5", 0.9),
    (21.5, 0.5, "A5", 0.85), (22.0, 0.5, "G5", 0.8), (23.0, 0.75, "C5", 0.7),
    (24.0, 0.5, "F5", 0.8), (24.5, 0.5, "G5", 0.85), (25.0, 2.0, "A5", 1.0),
    (27.0, 0.5, "G5", 0.8), (27.5, 0.5, "F5", 0.75), (28.0, 1.5, "E5", 0.85),
    (29.5, 0.5, "F5", 0.75), (30.0, 1.5, "E5", 0.8),
)  # fmt: skip

# The bells': where the lead rests, and the motif from far away at both ends of the song.
CHORUS_BELLS: tuple[Row, ...] = (
    (2.75, 0.25, "A5", 0.4), (5.5, 0.5, "G5", 0.5), (7.75, 0.25, "E6", 0.45),
    (13.5, 0.5, "A5", 0.5), (14.0, 0.5, "C6", 0.55), (14.5, 0.5, "F6", 0.6),
    (18.75, 0.25, "D6", 0.45), (21.5, 0.5, "E6", 0.5), (23.75, 0.25, "G6", 0.5),
    (30.0, 0.5, "E6", 0.55), (30.5, 0.5, "G6", 0.6), (31.0, 1.0, "A6", 0.6),
)  # fmt: skip
INTRO_BELLS: tuple[Row, ...] = (
    (2.0, 1.0, "A5", 0.4), (3.0, 1.0, "C6", 0.45), (4.0, 3.0, "D6", 0.55),
    (10.0, 1.0, "A5", 0.45), (11.0, 1.0, "C6", 0.5), (12.0, 3.0, "F6", 0.6),
    (18.0, 1.0, "Bb5", 0.45), (19.0, 1.0, "D6", 0.5), (20.0, 3.0, "F6", 0.6),
    (26.0, 1.0, "A5", 0.5), (27.0, 1.0, "D6", 0.55), (28.0, 3.5, "E6", 0.6),
)  # fmt: skip
BREAK_BELLS: tuple[Row, ...] = (
    (6.0, 0.5, "C6", 0.45), (6.5, 0.5, "E6", 0.45), (7.0, 2.0, "G6", 0.5),
    (14.0, 0.5, "C6", 0.45), (14.5, 0.5, "D6", 0.45), (15.0, 2.0, "E6", 0.5),
    (22.0, 0.5, "Bb5", 0.5), (22.5, 0.5, "D6", 0.5), (23.0, 2.0, "F6", 0.55),
    (28.0, 0.5, "A5", 0.5), (28.5, 0.5, "C#6", 0.55), (29.0, 0.5, "E6", 0.6), (29.5, 2.0, "G6", 0.65),
)  # fmt: skip

# The flute once more, in long notes, and at last the major third.
OUTRO: tuple[Row, ...] = (
    (2.0, 1.0, "A4", 0.6), (3.0, 1.0, "C5", 0.65), (4.0, 3.0, "D5", 0.7),
    (10.0, 1.0, "A4", 0.55), (11.0, 1.0, "C5", 0.6), (12.0, 3.0, "F5", 0.7),
    (18.0, 1.0, "Bb4", 0.5), (19.0, 1.0, "D5", 0.55), (20.0, 2.0, "F5", 0.6), (22.0, 1.0, "E5", 0.55),
    (24.0, 5.0, "F#5", 0.6),
)  # fmt: skip


def later(rows: tuple[Row, ...], beats: float) -> tuple[Row, ...]:
    """A tune that begins so many beats later."""
    return tuple((beat + beats, *rest) for beat, *rest in rows)  # type: ignore[misc]


FLUTE: dict[str, tuple[Row, ...]] = {"Verse": later(VERSE, 32.0), "Outro": OUTRO}
LEAD: dict[str, tuple[Row, ...]] = {
    "Chorus": CHORUS_CALL + CHORUS_ANSWER + later(CHORUS_CALL + CHORUS_CLIMB, 32.0),
    "Last chorus": CHORUS_CALL + CHORUS_CLIMB + later(CHORUS_CALL + CHORUS_CLIMB, 32.0),
}
BELLS: dict[str, tuple[Row, ...]] = {
    "Intro": INTRO_BELLS,
    "Break": BREAK_BELLS,
    "Chorus": later(CHORUS_BELLS, 32.0),
    "Last chorus": CHORUS_BELLS + later(CHORUS_BELLS, 32.0),
    "Outro": INTRO_BELLS[3:6],
}
