"""The drums of the demo's song, as one sees them: sixteen steps a bar.

`X` is an accent, `x` a hit, `o` a soft one. A section's bars repeat what it is given; its last bar is a fill.
"""

from __future__ import annotations

from collections.abc import Iterator

from graphdaw.graph.music import Row
from song import SECTIONS, Section

KEYS = {"kick": 36, "rim": 37, "snare": 38, "clap": 39, "low": 41, "hat": 42, "mid": 43, "high": 45, "open": 46,
        "crash": 49, "ride": 53}  # fmt: skip
STRENGTH = {"X": 1.0, "x": 0.8, "o": 0.45}
Bar = dict[str, str]

SPARSE: Bar = {"kick": "X.......o.......", "hat": "..o...o...o...o."}
GROOVE: Bar = {
    "kick": "X......x..x.....",
    "snare": "....X..o....X...",
    "hat": "x.o.x.o.x.o.x.oo",
    "rim": "...o..........o.",
}
GROOVE_2: Bar = {**GROOVE, "kick": "X..x...x..x...o.", "snare": "....X....o..X..o", "open": "..............x."}
CLIMB: Bar = {"kick": "X...X...X...X...", "hat": "x.x.x.x.x.x.x.x.", "snare": "............o..."}
CLIMB_2: Bar = {"kick": "X...X...X...X...", "hat": "xoxoxoxoxoxoxoxo", "snare": "o...o...o...o.o."}
ROLL: Bar = {"kick": "X.X.X.X.X.X.X.X.", "snare": "o.o.o.o.x.x.x.x."}
STOP: Bar = {"snare": "xxxxxxxxXXXX....", "kick": "X.X.X.X.X.X....."}
DRIVE: Bar = {
    "kick": "X...X...X...X...",
    "snare": "....X.......X..o",
    "clap": "....x.......x...",
    "hat": "x.xox.xox.xox.xo",
    "open": "..x...x...x...x.",
}
DRIVE_2: Bar = {**DRIVE, "kick": "X...X...X...X.x.", "snare": "....X..o....X.o.", "ride": "x...x...x...x..."}
HEART: Bar = {"kick": "X..o............", "ride": "o.......o......."}

FILLS: dict[str, Bar] = {
    "Intro": {"kick": "X.......X.......", "snare": "............o.ox", "high": "........x.x....."},
    "Verse": {"kick": "X......x..x.....", "snare": "....X...o.oxxxXX", "hat": "x.o.x..........."},
    "Build": STOP,
    "Chorus": {
        "kick": "X...X...X.......",
        "snare": "....X...X.......",
        "high": "..........xx....",
        "low": "............X..X",
    },
    "Break": {
        "kick": "X.......X...X.X.",
        "low": "x..x..x.........",
        "mid": "........x..x....",
        "snare": "............XXXX",
    },
    "Last chorus": {"kick": "X...X...X..X..X.", "snare": "....X..xX..X..XX", "open": "..x...x........."},
    "Outro": {},
}
MIDDLE_FILL: Bar = {**DRIVE, "snare": "....X.......XxXX", "clap": "....x..........."}


def bar_of(section: Section, bar: int) -> Bar:
    """What is played in one bar of a section, counted from 0."""
    if bar == section.bars - 1:
        return FILLS[section.name]
    if section.kind == "intro":
        return {} if bar < 4 else SPARSE
    if section.kind == "verse":
        return GROOVE if bar < 8 or bar % 2 == 0 else GROOVE_2
    if section.kind == "build":
        return (CLIMB, CLIMB, CLIMB_2, ROLL)[bar // 2]
    if section.kind == "chorus":
        return MIDDLE_FILL if bar == 7 else DRIVE if bar < 8 else DRIVE_2
    if section.kind == "break":
        return {} if bar < 2 else HEART
    return (GROOVE, GROOVE_2, GROOVE, GROOVE_2, SPARSE, SPARSE, {"kick": "X..............."})[bar]


def hits(section: Section, *names: str) -> list[Row]:
    """The notes of some drums in a section."""
    rows = [row for bar in range(section.bars) for row in _in_bar(bar_of(section, bar), 4.0 * bar, names)]
    if "crash" in names and section.kind in ("chorus", "break", "outro"):
        rows += [(0.0, 2.0, KEYS["crash"], 0.8)]
        rows += [(32.0, 2.0, KEYS["crash"], 0.65)] if section.bars > 8 else []
    return sorted(rows)


def _in_bar(bar: Bar, beat: float, names: tuple[str, ...]) -> Iterator[Row]:
    for name in names:
        for step, mark in enumerate(bar.get(name, "")):
            if mark != ".":
                yield beat + step / 4, 0.2, KEYS[name], STRENGTH[mark] * (1.0 if step % 4 == 0 else 0.92)


KIT = tuple(name for name in KEYS if name not in ("kick", "clap"))
TRACKS: dict[str, tuple[str, ...]] = {"Kick": ("kick",), "Kit": KIT, "Clap": ("clap",)}


def parts() -> dict[str, dict[str, list[Row]]]:
    """The notes of each track in each section."""
    return {
        track: {one.name: rows for one in SECTIONS if (rows := hits(one, *names))} for track, names in TRACKS.items()
    }
