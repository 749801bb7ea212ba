"""Chords by name: the semitones above the note that is played."""

from __future__ import annotations

import numpy as np

CHORDS: dict[str, tuple[int, ...]] = {
    "own": (),
    "major": (4, 7),
    "minor": (3, 7),
    "diminished": (3, 6),
    "augmented": (4, 8),
    "sus2": (2, 7),
    "sus4": (5, 7),
    "fifth": (7,),
    "sixth": (4, 7, 9),
    "minor_sixth": (3, 7, 9),
    "seventh": (4, 7, 10),
    "major_seventh": (4, 7, 11),
    "minor_seventh": (3, 7, 10),
    "half_diminished": (3, 6, 10),
    "diminished_seventh": (3, 6, 9),
    "minor_major_seventh": (3, 7, 11),
    "add9": (4, 7, 14),
    "ninth": (4, 7, 10, 14),
    "major_ninth": (4, 7, 11, 14),
    "minor_ninth": (3, 7, 10, 14),
    "eleventh": (4, 7, 10, 14, 17),
    "thirteenth": (4, 7, 10, 14, 17, 21),
    "octaves": (-12, 12),
}


def chord_of(name: str) -> bytes:
    """What the kernel `chord` goes by; nothing for "own", whose notes its parameters say."""
    added = CHORDS[name]
    return np.uint32(len(added)).tobytes() + np.array([*added, *[0] * (6 - len(added))], "f4").tobytes()
