"""Keys by name: middle C is C4 and key 60."""

from __future__ import annotations

import re

NAMES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
_NAME = re.compile(r"([A-Ga-g])(##?|bb?|)(-?\d{1,2})", re.ASCII)
_STEPS = {"": 0, "#": 1, "##": 2, "b": -1, "bb": -2}


def key_of(name: str) -> int:
    """The key of a name; raises ValueError.

    >>> key_of("C4"), key_of("F#3"), key_of("Bb-1")
    (60, 54, 10)
    """
    match = _NAME.fullmatch(name)
    if match is None:
        raise ValueError(f"{name!r} names no key; write it like C4, F#3 or Bb2, where C4 is middle C")
    letter, sign, octave = match.groups()
    return NAMES.index(letter.upper()) + _STEPS[sign] + 12 * (int(octave) + 1)


def key_name(key: int) -> str:
    """The name of a key, with sharps.

    >>> key_name(60), key_name(10)
    ('C4', 'A#-1')
    """
    octave, step = divmod(key, 12)
    return f"{NAMES[step]}{octave - 1}"
