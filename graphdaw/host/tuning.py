"""Tunings from Scala's files: a scale (.scl) and a mapping of keys to its degrees (.kbm), as frequencies of keys.

By the published formats of Scala: in a scale a value with a point is cents and one without is a ratio; the last value
is the interval at which it repeats. A mapping says which degree each key of its pattern has, "x" where it has none.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass

from graphdaw.errors import MediaError
from graphdaw.graph import outside

MAX_BYTES = 1 << 20
MAX_DEGREES, MAX_PATTERN = 4_096, 4_096
MAX_CENTS = 1_200.0 * 40  # to either side
KEYS = 128
LOWEST_HZ, HIGHEST_HZ = 1e-3, 1e6

_CENTS = re.compile(r"[+-]?\d{0,9}\.\d{0,30}")
_RATIO = re.compile(r"(-?\d{1,30})(?:/(\d{1,30}))?")
_WHOLE = re.compile(r"[+-]?\d{1,9}")
_REAL = re.compile(r"\+?\d{1,9}(?:\.\d{0,30})?")


@dataclass(frozen=True, slots=True)
class Scale:
    """The degrees of a scale in cents above its first one, which is not among them; the last repeats it."""

    description: str
    cents: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class KeyMap:
    """Which degree each key has: `pattern` begins at `middle` and repeats; None plays nothing.

    Keys outside `keys` are left alone. `reference` has the frequency. The pattern repeats `period` degrees higher.
    Without a pattern each key is a degree.
    """

    pattern: tuple[int | None, ...] = ()
    keys: tuple[int, int] = (0, KEYS - 1)
    middle: int = 60
    reference: int = 69
    reference_hz: float = 440.0
    period: int = 0


@dataclass(frozen=True, slots=True)
class Tuning:
    """A frequency for each of 128 keys, 0 for those that are not mapped.

    >>> equal = Tuning()
    >>> equal.frequency_hz(69), round(equal.frequency_hz(60.5), 3)
    (440.0, 269.292)
    """

    name: str = "12 equal"
    table: tuple[float, ...] = tuple(440.0 * 2.0 ** ((key - 69) / 12) for key in range(KEYS))

    def frequency_hz(self, key: float) -> float:
        """Of a key with fractions: as far between two keys as it lies, in pitch; beyond the ends it goes on evenly."""
        low = min(max(math.floor(key), 0), KEYS - 2)
        below, above = self.table[low], self.table[low + 1]
        if below <= 0.0 or above <= 0.0:
            return self.table[low + (key - low >= 0.5)]
        return below if key == low else float(below * (above / below) ** (key - low))

    def key(self, key: float) -> float:
        """The key of 12 equal steps, with fractions, that sounds like this one; -1 for one that plays nothing."""
        hz = self.frequency_hz(key)
        return 69.0 + 12.0 * math.log2(hz / 440.0) if hz > 0.0 else -1.0


def read_tuning(scale: str | os.PathLike[str], key_map: str | os.PathLike[str] | None = None) -> Tuning:
    """A tuning of a .scl file and, if it has one, a .kbm file; raises MediaError."""
    mapping = KeyMap() if key_map is None else parse_key_map(_text(key_map, "a .kbm file"), os.fspath(key_map))
    return tuning_of(parse_scale(_text(scale, "a .scl file"), os.fspath(scale)), mapping, os.fspath(scale))


def parse_scale(text: str, where: str) -> Scale:
    """A .scl file; `where` names it in a MediaError."""
    try:
        lines = _lines(text)
        if len(lines) < 2:
            raise ValueError("it ends before the number of its degrees")
        count = _whole(lines[1], "the number of its degrees", 0, MAX_DEGREES)
        values = [line for line in lines[2:] if line.strip()]
        if len(values) < count:
            raise ValueError(f"it has {len(values)} degrees of {count}")
        return Scale(lines[0].strip()[:200], tuple(_cents(value) for value in values[:count]))
    except ValueError as error:
        raise MediaError(f"{where} is no scale that can be read: {error}; choose another .scl file.") from error


def parse_key_map(text: str, where: str) -> KeyMap:
    """A .kbm file; `where` names it in a MediaError."""
    try:
        lines = [line for line in _lines(text) if line.strip()]
        if len(lines) < 7:
            raise ValueError("it ends within its first seven lines")
        size = _whole(lines[0], "the size of its pattern", 0, MAX_PATTERN)
        names = ("its first key", "its last key", "its middle key", "its reference key")
        first, last, middle, reference = (
            _whole(line, name, 0, KEYS - 1) for line, name in zip(lines[1:5], names, strict=True)
        )
        hz = _word(lines[5])
        if not _REAL.fullmatch(hz) or not LOWEST_HZ <= float(hz) <= HIGHEST_HZ:
            raise ValueError(f"its reference frequency is {hz[:40]!r}")
        period = _whole(lines[6], "the degree at which it repeats", 0, MAX_DEGREES)
        degrees = [_degree(line) for line in lines[7 : 7 + size]]
        pattern = (*degrees, *([None] * (size - len(degrees))))
        return KeyMap(pattern, (first, last), middle, reference, float(hz), period)
    except ValueError as error:
        raise MediaError(
            f"{where} is no mapping of keys that can be read: {error}; choose another .kbm file."
        ) from error


def tuning_of(scale: Scale, mapping: KeyMap, name: str = "") -> Tuning:
    """The frequencies of a scale on mapped keys; raises MediaError where its reference key has none."""
    reference = _cents_of_key(scale, mapping, mapping.reference)
    if reference is None:
        raise MediaError(
            f"{name or 'The tuning'} cannot be used: its reference key {mapping.reference} has no degree; "
            "change the .kbm file."
        )
    table = []
    for key in range(KEYS):
        cents = _cents_of_key(scale, mapping, key) if mapping.keys[0] <= key <= mapping.keys[1] else None
        hz = (
            0.0 if cents is None else mapping.reference_hz * 2.0 ** min(max((cents - reference) / 1_200.0, -60.0), 60.0)
        )
        table.append(min(hz, HIGHEST_HZ) if hz >= LOWEST_HZ else 0.0)
    return Tuning(scale.description or name, tuple(table))


def _cents_of_key(scale: Scale, mapping: KeyMap, key: int) -> float | None:
    """Above the first degree; None where the key plays nothing."""
    if not mapping.pattern:
        return _cents_of_degree(scale.cents, key - mapping.middle)
    rounds, place = divmod(key - mapping.middle, len(mapping.pattern))
    degree = mapping.pattern[place]
    if degree is None:
        return None
    return _cents_of_degree(scale.cents, degree) + rounds * _cents_of_degree(
        scale.cents, mapping.period or len(scale.cents)
    )


def _cents_of_degree(cents: Sequence[float], degree: int) -> float:
    """Of any degree, also below the first or beyond the last, of a scale that repeats; of none, all sound the same."""
    if not cents:
        return 0.0
    rounds, place = divmod(degree, len(cents))
    return rounds * cents[-1] + (cents[place - 1] if place else 0.0)


# Text


def _text(path: str | os.PathLike[str], wanted: str) -> str:
    try:
        with outside.opened(path) as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise MediaError(f"{os.fspath(path)} cannot be read: {error.strerror or error}; choose {wanted}.") from error
    if len(data) > MAX_BYTES:
        raise MediaError(f"{os.fspath(path)} holds more than {MAX_BYTES >> 20} MiB; choose {wanted}.")
    return data.decode("utf-8", errors="replace")


def _lines(text: str) -> list[str]:
    """Without remarks, which begin with an exclamation mark."""
    return [line for line in text.lstrip("\ufeff").splitlines() if not line.startswith("!")]


def _word(line: str) -> str:
    """The value of a line: what stands behind it is a remark."""
    return (line.split(maxsplit=1) or [""])[0]


def _whole(line: str, name: str, least: int, most: int) -> int:
    word = _word(line)
    if not _WHOLE.fullmatch(word) or not least <= int(word) <= most:
        raise ValueError(f"{name} is {word[:40]!r}, and {least} to {most} can be used")
    return int(word)


def _degree(line: str) -> int | None:
    word = _word(line)
    return None if word.lower() == "x" else _whole(line, "a degree", -MAX_DEGREES, MAX_DEGREES)


def _cents(line: str) -> float:
    """A value in cents if it has a point, else a ratio above 0."""
    word = _word(line)
    if _CENTS.fullmatch(word) and word.strip("+-") != ".":
        cents = float(word)
    elif (ratio := _RATIO.fullmatch(word)) and int(ratio[1]) > 0 and int(ratio[2] or 1) > 0:
        cents = 1_200.0 * (math.log2(int(ratio[1])) - math.log2(int(ratio[2] or 1)))
    else:
        raise ValueError(f"{word[:40]!r} is neither cents nor a ratio above 0")
    if abs(cents) > MAX_CENTS:
        raise ValueError(f"{word[:40]!r} is more than 40 octaves")
    return cents
