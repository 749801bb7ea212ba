"""What the real-time guard counted, as ctypes reads it."""

from __future__ import annotations

import ctypes


class Counts(ctypes.Structure):
    """GuardCounts of tests/c/guard.h."""

    _fields_ = (
        ("violations", ctypes.c_uint64),
        ("wakes", ctypes.c_uint64),
        ("yields", ctypes.c_uint64),
        ("first", ctypes.c_char_p),
    )
