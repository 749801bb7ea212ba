"""What the kernel `event_filter` goes by: kinds of events, channels and controllers as bits."""

from __future__ import annotations

import re

import numpy as np

KINDS = {"notes": 1, "bend": 3, "pressure": 4, "timbre": 5, "cc": 6, "program": 7}


def kinds(text: str) -> int:
    """The kinds that a text names, as bits, all of them for none; raises ValueError, with the way out.

    >>> bin(kinds("notes cc")), bin(kinds(""))
    ('0b1000010', '0b11111010')
    """
    words = text.split()
    for word in words:
        if word not in KINDS:
            raise ValueError(f"{word[:40]!r} is no kind of event; write some of: {' '.join(KINDS)}.")
    return sum(1 << KINDS[word] for word in set(words) or KINDS)


def ranges(text: str, lo: int, hi: int, what: str) -> int:
    """The numbers that a text names, as bits, all of them for none; raises ValueError, with the way out.

    >>> bin(ranges("0 2-4", 0, 127, "controllers"))
    '0b11101'
    """
    bits = 0
    for word in text.replace(",", " ").split():
        found = re.fullmatch(r"(\d{1,3})(?:-(\d{1,3}))?", word)
        first = int(found[1]) if found else -1
        last = int(found[2] or found[1]) if found else -1
        if not lo <= first <= last <= hi:
            raise ValueError(
                f"{word[:40]!r} says no {what}; write numbers from {lo} to {hi}, such as '{lo} {lo + 3}-7'."
            )
        bits |= (1 << last + 1) - (1 << first)
    return bits or (1 << hi + 1) - (1 << lo)


def filter_of(kind: str, channel: str, controller: str, inverted: bool) -> bytes:
    """The bytes."""
    numbers = ranges(controller, 0, 127, "controllers")
    words = [numbers >> shift & 0xFFFF_FFFF for shift in (0, 32, 64, 96)]
    return np.array([kinds(kind), ranges(channel, 1, 16, "channels") >> 1, inverted, *words], "u4").tobytes()
