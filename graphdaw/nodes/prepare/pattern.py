"""Step patterns: rows of steps as text, and the score that they are.

A row is a line: a name or a key, a colon, and steps between blanks, of which `|` may mark bars:

    kick 36: x . . . X . . x*3 | x?50 - . x>10
    @cc74:   0.1 0.5 . 1
"""

from __future__ import annotations

import math
import re
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from graphdaw.nodes.prepare.score import (
    BEND,
    CC,
    NOTE_ON,
    PRESSURE,
    TIMBRE,
    Item,
    grid_ticks,
    note,
    score,
    swing_ticks,
)

MOST_ROWS, MOST_STEPS, MOST_TURNS, MOST_HITS = 64, 256, 4096, 30_000
MOST_CHARACTERS = 50_000

DRUMS = {
    "kick": 36, "rim": 37, "snare": 38, "clap": 39, "low_tom": 41, "hat": 42, "pedal_hat": 44, "mid_tom": 45,
    "open_hat": 46, "high_tom": 48, "crash": 49, "ride": 51, "bell": 53, "tambourine": 54, "cowbell": 56,
    "shaker": 70, "claves": 75,
}  # fmt: skip
"""Keys of General MIDI's drums, by the names of rows that say no key."""

_PLACES = {"c": 0, "d": 2, "e": 4, "f": 5, "g": 7, "a": 9, "b": 11}
_KEY = re.compile(r"([a-g])([#b]?)(-?\d)", re.IGNORECASE)
_STEP = re.compile(r"(?P<hit>[.\-]|[xX]?[1-9]|[xX])(?P<more>(?:[*?<>/]\d{1,4})*)")
_MORE = re.compile(r"([*?<>/])(\d+)")
_VALUES = {"pressure": (PRESSURE, 0.0, 1.0), "timbre": (TIMBRE, 0.0, 1.0), "bend": (BEND, -48.0, 48.0)}
_LEVELS = {"x": 0.8, "X": 1.0}


@dataclass(frozen=True)
class Step:
    """One step of a row; `velocity` 0 rests, and one that `ties` lets the hit before go on."""

    velocity: float = 0.0
    ties: bool = False
    hits: int = 1
    chance: float = 1.0
    shift: float = 0.0
    every: int = 1


@dataclass
class Row:
    """A key, its steps, and the values of the lines below it: by kind and number, one a step, None for none."""

    name: str
    key: float
    steps: list[Step]
    lines: dict[tuple[int, int], list[float | None]] = field(default_factory=dict)
    velocities: list[float | None] = field(default_factory=list)

    @property
    def length(self) -> int:
        """After how many steps it is the same again."""
        lengths = [len(self.steps), *(len(line) for line in (*self.lines.values(), self.velocities) if line)]
        return math.lcm(*lengths) * math.lcm(*(step.every for step in self.steps))


def key_of(word: str) -> int | None:
    """A key as a number from 0 to 127 or as a note, of which c4 is 60; None for neither.

    >>> key_of("36"), key_of("F#3"), key_of("bb4"), key_of("h2")
    (36, 54, 70, None)
    """
    if word.isascii() and word.isdigit() and len(word) <= 3:
        return int(word) if int(word) < 128 else None
    found = _KEY.fullmatch(word)
    if not found:
        return None
    sharp = {"#": 1, "b": -1, "": 0}[found[2].lower()]
    key = 12 * (int(found[3]) + 1) + _PLACES[found[1].lower()] + sharp
    return key if 0 <= key < 128 else None


@lru_cache(64)
def rows_of(text: str) -> tuple[Row, ...]:
    """The rows of a pattern; raises ValueError with a sentence that names row and step, and the way out.

    >>> [step.velocity for step in rows_of("hat: x . X 3")[0].steps]
    [0.8, 0.0, 1.0, 0.3333333333333333]
    """
    if len(text) > MOST_CHARACTERS:
        raise ValueError(f"The pattern is longer than {MOST_CHARACTERS} characters; spread it over several nodes.")
    rows: list[Row] = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        label, colon, content = line.partition(":")
        label, words = label.strip(), content.replace("|", " ").split()
        if not colon or not label:
            raise ValueError(
                f"Line {number} of the pattern has no name; write it before a colon, as in 'kick: x . . .'."
            )
        if not 1 <= len(words) <= MOST_STEPS:
            raise ValueError(f"Row {label!r} has {len(words)} steps; write 1 to {MOST_STEPS}.")
        if label.startswith("@"):
            _add_line(rows, label, words)
        else:
            rows.append(_row(label, words))
    if len(rows) > MOST_ROWS:
        raise ValueError(f"The pattern has {len(rows)} rows; {MOST_ROWS} is the most, so spread it over several nodes.")
    _check_size(rows)
    return tuple(rows)


def _row(label: str, words: list[str]) -> Row:
    parts = label.split()
    key = key_of(parts[-1])
    if key is None:
        key = DRUMS.get(label.lower().replace(" ", "_"))
    if key is None:
        raise ValueError(
            f"Row {label!r} says no key; end its name with one, such as 'kick 36' or 'bass c2', or use a drum's name: "
            f"{', '.join(DRUMS)}."
        )
    steps = [_step(word, label, place) for place, word in enumerate(words, 1)]
    return Row(label, float(key), steps)


def _step(word: str, label: str, place: int) -> Step:
    where = f"Step {place} of row {label!r}"
    found = _STEP.fullmatch(word)
    if not found:
        raise ValueError(
            f"{where} is {word!r}; write . x X - or a digit from 1 to 9, then *3 for three hits, ?50 for a chance in "
            "percent, >10 or <10 for later or earlier, or /2 for every second time."
        )
    hit = found["hit"]
    values: dict[str, float] = {"velocity": _LEVELS.get(hit, 0.0)}
    if hit[-1].isdigit():
        values["velocity"] = int(hit[-1]) / 9.0
    hits, every, seen = 1, 1, ""
    for mark, digits in _MORE.findall(found["more"]):
        value, most = int(digits), {"*": 16, "/": 16}.get(mark, 100)
        if not (0 if mark in "<>?" else 1) <= value <= most:
            raise ValueError(f"{where} is {word!r}, where {value} behind {mark} is out of range; {most} is the most.")
        if mark in seen or (mark in "<>" and set("<>") & set(seen)):
            raise ValueError(f"{where} is {word!r}, which says {mark} twice; leave one out.")
        seen += mark
        if mark == "*":
            hits = value
        elif mark == "/":
            every = value
        elif mark == "?":
            values["chance"] = value / 100.0
        else:
            values["shift"] = (1 if mark == ">" else -1) * value / 100.0
    if seen and hit in ".-":
        raise ValueError(f"{where} is {word!r}, but {hit} is no hit; leave out what stands behind it.")
    return Step(ties=hit == "-", hits=hits, every=every, **values)


def _add_line(rows: list[Row], label: str, words: list[str]) -> None:
    what = label[1:].strip().lower()
    if not rows:
        raise ValueError(f"Line {label!r} stands above all rows; put it below the row that it is for.")
    number = int(what[2:]) if re.fullmatch(r"cc\d{1,3}", what) else -1
    if what == "velocity":
        kind, lo, hi = NOTE_ON, 0.0, 1.0
    elif 0 <= number < 128:
        kind, lo, hi = CC, 0.0, 1.0
    elif what in _VALUES:
        kind, lo, hi = _VALUES[what]
    else:
        raise ValueError(
            f"Line {label!r} is of no kind; it is @velocity, @pressure, @timbre, @bend, or @cc0 to @cc127."
        )
    values = [_value(word, rows[-1].name, label, place, lo, hi) for place, word in enumerate(words, 1)]
    if kind == NOTE_ON:
        rows[-1].velocities = values
    else:
        rows[-1].lines[kind, max(number, 0)] = values


def _value(word: str, row: str, label: str, place: int, lo: float, hi: float) -> float | None:
    if word == ".":
        return None
    value = float(word) if re.fullmatch(r"-?\d{1,3}(\.\d{0,9})?|-?\.\d{1,9}", word) else math.nan
    if not lo <= value <= hi:
        raise ValueError(
            f"Step {place} of line {label!r} below row {row!r} is {word!r}; write {lo:g} to {hi:g}, or a dot."
        )
    return value


def _check_size(rows: list[Row]) -> None:
    lengths = sorted({row.length for row in rows})
    turns = math.lcm(*lengths)
    if turns > MOST_TURNS:
        raise ValueError(
            f"Rows that repeat after {', '.join(map(str, lengths))} steps meet only after {turns}; {MOST_TURNS} is the "
            "most, so make some of them equally long."
        )
    hits = sum(turns // len(row.steps) * sum(step.hits for step in row.steps) for row in rows)
    if hits > MOST_HITS:
        raise ValueError(f"Until all rows meet there are {hits} hits; {MOST_HITS} is the most, so shorten some rows.")


# As a score


def score_of_pattern(node: str, values: Mapping[str, Any]) -> bytes:
    """The score of a node `steps`, which begins anew when all its rows do."""
    rows = rows_of(str(values["pattern"]))
    if not rows:
        return score(())
    ticks = grid_ticks(str(values["step"]))
    turns = math.lcm(*(row.length for row in rows))
    items: list[Item] = []
    for place, row in enumerate(rows):
        items += _items(f"{node} {place}", row, turns, ticks, values)
    return score(items, loop_ticks=turns * ticks)


def _items(name: str, row: Row, turns: int, ticks: float, values: Mapping[str, Any]) -> Iterator[Item]:
    gate, swing, key = float(values["gate"]), float(values["swing"]), row.key + float(values["transpose"])
    whole, last = turns * ticks, 0

    def when(steps: float) -> float:
        return steps * ticks + swing_ticks(steps * ticks, ticks, swing)

    for k in range(turns):
        step, here = row.steps[k % len(row.steps)], when(k)
        if step.velocity and k // len(row.steps) % step.every == 0:
            last = zlib.crc32(f"{name} {k}".encode()) | 1
            tied = _tied(row, k)
            set_to = row.velocities[k % len(row.velocities)] if row.velocities else None
            velocity = step.velocity if set_to is None else set_to
            for hit in range(step.hits):
                part = 1.0 / step.hits
                begins = k + hit * part + step.shift
                until = begins + gate * part + (tied if hit == step.hits - 1 else 0)
                at, end = when(begins), when(until)
                moved = whole if at < 0.0 else -whole if at >= whole else 0.0
                here = at + moved if hit == 0 else here
                yield note(at + moved, end + moved, key, velocity, probability=step.chance, name=last)
        for (kind, number), line in row.lines.items():
            value = line[k % len(line)]
            if value is not None:
                at, own = (when(k), 0) if kind == CC else (here, last)
                yield (at, at, 0.0, value, 0.0, 1.0, own, number, kind, 0)


def _tied(row: Row, k: int) -> int:
    """How many steps after one it is tied into."""
    count = 0
    while count < len(row.steps) and row.steps[(k + 1 + count) % len(row.steps)].ties:
        count += 1
    return count
