"""Scales: the semitones of an octave that belong to one, by name or as text."""

from __future__ import annotations

import numpy as np

ROOTS = ("c", "c#", "d", "d#", "e", "f", "f#", "g", "g#", "a", "a#", "b")

SCALES: dict[str, tuple[int, ...]] = {
    "major": (0, 2, 4, 5, 7, 9, 11),
    "minor": (0, 2, 3, 5, 7, 8, 10),
    "harmonic_minor": (0, 2, 3, 5, 7, 8, 11),
    "melodic_minor": (0, 2, 3, 5, 7, 9, 11),
    "dorian": (0, 2, 3, 5, 7, 9, 10),
    "phrygian": (0, 1, 3, 5, 7, 8, 10),
    "lydian": (0, 2, 4, 6, 7, 9, 11),
    "mixolydian": (0, 2, 4, 5, 7, 9, 10),
    "locrian": (0, 1, 3, 5, 6, 8, 10),
    "major_pentatonic": (0, 2, 4, 7, 9),
    "minor_pentatonic": (0, 3, 5, 7, 10),
    "blues": (0, 3, 5, 6, 7, 10),
    "major_blues": (0, 2, 3, 4, 7, 9),
    "whole_tone": (0, 2, 4, 6, 8, 10),
    "diminished": (0, 2, 3, 5, 6, 8, 9, 11),
    "half_whole": (0, 1, 3, 4, 6, 7, 9, 10),
    "phrygian_dominant": (0, 1, 4, 5, 7, 8, 10),
    "hungarian_minor": (0, 2, 3, 6, 7, 8, 11),
    "chromatic": tuple(range(12)),
}
"""Ionian and aeolian are called major and minor."""


def semitones(text: str) -> tuple[int, ...]:
    """The semitones above the root that a text names; raises ValueError, with the way out.

    >>> semitones("0 2 3 7 8")
    (0, 2, 3, 7, 8)
    """
    words = text.split()
    if not words or any(not word.isascii() or not word.isdigit() or len(word) > 2 or int(word) > 11 for word in words):
        raise ValueError(f"{text.strip()[:80]!r} is no scale; write semitones from 0 to 11, such as '0 2 3 7 8'.")
    return tuple(sorted({int(word) for word in words}))


def scale_of(root: str, name: str, custom: str, how: int) -> bytes:
    """What the kernel `scale` goes by; `how` is the place of the option in what the node declares."""
    members = semitones(custom) if name == "custom" else SCALES[name]
    bits = sum(1 << (ROOTS.index(root) + member) % 12 for member in members)
    return np.array([how, bits], "u4").tobytes()
