"""Tunings as Scala says them: a scale and a mapping of keys to its degrees, as frequencies of keys.

By the published formats of Scala's files: in a scale (.scl) a value with a point is cents and one without is a ratio;
the last value is the interval at which it repeats. A mapping (.kbm) says which degree each key of its pattern has, "x"
where it has none. What a node keeps of them is the same words in one line.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

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

    cents: tuple[float, ...] = tuple(100.0 * degree for degree in range(1, 13))
    description: str = "12 equal"


@dataclass(frozen=True, slots=True)
class KeyMap:
    """Which degree each key has: `pattern` begins at `middle` and repeats; None plays nothing.

    Keys outside `keys` play nothing. `reference` has the frequency. The pattern repeats `period` degrees higher, or
    with the scale where that is 0. Without a pattern each key is a degree.
    """

    pattern: tuple[int | None, ...] = ()
    keys: tuple[int, int] = (0, KEYS - 1)
    middle: int = 60
    reference: int = 69
    reference_hz: float = 440.0
    period: int = 0


def frequencies_hz(scale: Scale, mapping: KeyMap) -> list[float]:
    """Of each key, 0 for those that play nothing; the reference key must have a degree.

    >>> round(frequencies_hz(Scale(), KeyMap())[60], 3)
    261.626
    """
    reference = _cents_of_key(scale, mapping, mapping.reference)
    assert reference is not None
    table = []
    for key in range(KEYS):
        cents = _cents_of_key(scale, mapping, key) if mapping.keys[0] <= key <= mapping.keys[1] else None
        octaves = 0.0 if cents is None else min(max((cents - reference) / 1_200.0, -60.0), 60.0)
        hz = 0.0 if cents is None else mapping.reference_hz * 2.0**octaves
        table.append(min(hz, HIGHEST_HZ) if hz >= LOWEST_HZ else 0.0)
    return table


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


def scale_of(text: str) -> Scale:
    """A scale in one line, such as "9/8 5/4 4/3 3/2 5/3 15/8 2/1"; raises ValueError, with the way out.

    >>> [round(cents, 3) for cents in scale_of("3/2 1200.0").cents]
    [701.955, 1200.0]
    """
    words = text.split()
    if not words:
        return Scale()
    try:
        return _scale(words, "")
    except ValueError as error:
        raise ValueError(f"{error}; write each degree in cents with a point, or as a ratio.") from error


def key_map_of(text: str) -> KeyMap:
    """A mapping in one line, the values of a .kbm file in their order; raises ValueError, with the way out.

    >>> key_map_of("2 0 127 60 60 261.6 2 0 x").pattern
    (0, None)
    """
    words = text.split()
    if not words:
        return KeyMap()
    try:
        return _key_map(words)
    except ValueError as error:
        raise ValueError(f"{error}; write the values of a .kbm file in their order.") from error


def scale_in_file(text: str) -> tuple[Scale, str]:
    """The scale in the text of a .scl file, and its one line; raises ValueError with the reason."""
    lines = _lines(text)
    if len(lines) < 2:
        raise ValueError("it ends before the number of its degrees")
    count = _whole(_word(lines[1]), "the number of its degrees", 0, MAX_DEGREES)
    words = [_word(line) for line in lines[2:] if line.strip()][:count]
    if len(words) < count:
        raise ValueError(f"it has {len(words)} degrees of {count}")
    return _scale(words, lines[0].strip()[:200]), " ".join(words) or "1/1"


def key_map_in_file(text: str) -> tuple[KeyMap, str]:
    """The mapping in the text of a .kbm file, and its one line; raises ValueError with the reason."""
    words = [_word(line) for line in _lines(text) if line.strip()]
    mapping = _key_map(words)
    return mapping, " ".join(words[: 7 + len(mapping.pattern)])


def _scale(words: Sequence[str], description: str) -> Scale:
    if len(words) > MAX_DEGREES:
        raise ValueError(f"it has {len(words)} degrees, and {MAX_DEGREES} are possible")
    return Scale(tuple(_cents(word) for word in words), description)


def _key_map(words: Sequence[str]) -> KeyMap:
    if len(words) < 7:
        raise ValueError("it ends within its first seven values")
    size = _whole(words[0], "the size of its pattern", 0, MAX_PATTERN)
    names = ("its first key", "its last key", "its middle key", "its reference key")
    first, last, middle, reference = (
        _whole(word, name, 0, KEYS - 1) for word, name in zip(words[1:5], names, strict=True)
    )
    if not _REAL.fullmatch(words[5]) or not LOWEST_HZ <= float(words[5]) <= HIGHEST_HZ:
        raise ValueError(f"its reference frequency is {words[5][:40]!r}")
    period = _whole(words[6], "the degree at which it repeats", 0, MAX_DEGREES)
    degrees = [_degree(word) for word in words[7 : 7 + size]]
    pattern = (*degrees, *([None] * (size - len(degrees))))
    if pattern and pattern[(reference - middle) % size] is None:
        raise ValueError(f"its reference key {reference} has no degree")
    return KeyMap(pattern, (first, last), middle, reference, float(words[5]), period)


def _lines(text: str) -> list[str]:
    """Without remarks, which begin with an exclamation mark."""
    return [line for line in text.lstrip("\ufeff").splitlines() if not line.startswith("!")]


def _word(line: str) -> str:
    """The value of a line: what stands behind it is a remark."""
    return (line.split(maxsplit=1) or [""])[0]


def _whole(word: str, name: str, least: int, most: int) -> int:
    if not _WHOLE.fullmatch(word) or not least <= int(word) <= most:
        raise ValueError(f"{name} is {word[:40]!r}, and {least} to {most} can be used")
    return int(word)


def _degree(word: str) -> int | None:
    return None if word.lower() == "x" else _whole(word, "a degree", -MAX_DEGREES, MAX_DEGREES)


def _cents(word: str) -> float:
    """A value in cents if it has a point, else a ratio above 0."""
    if _CENTS.fullmatch(word) and word.strip("+-") != ".":
        cents = float(word)
    elif (ratio := _RATIO.fullmatch(word)) and int(ratio[1]) > 0 and int(ratio[2] or 1) > 0:
        cents = 1_200.0 * (math.log2(int(ratio[1])) - math.log2(int(ratio[2] or 1)))
    else:
        raise ValueError(f"{word[:40]!r} is neither cents nor a ratio above 0")
    if abs(cents) > MAX_CENTS:
        raise ValueError(f"{word[:40]!r} is more than 40 octaves")
    return cents
