"""Pieces: what the kernel `audio_clips` plays, made of clips, as it lies in memory (csrc/graphdaw.h)."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np

from graphdaw.nodes.prepare.turns import turns

HEADER = np.dtype([("count", "u4"), ("serial", "u4"), ("longest_ticks", "f8")])
PIECE = np.dtype(
    [
        ("at", "f8"),
        ("end", "f8"),
        ("origin", "f8"),
        ("start_s", "f8"),
        ("speed", "f8"),
        ("clip_at", "f8"),
        ("clip_end", "f8"),
        ("fade_in_s", "f4"),
        ("fade_out_s", "f4"),
        ("gain", "f4"),
        ("media", "u4"),
        ("flags", "u4"),
        ("unused", "u4"),
    ]
)
REVERSED, COPIES = 1, 2
_SERIALS = itertools.count(1)


class Turn(NamedTuple):
    """One time that a clip's content sounds, in ticks: where that begins, and between which ticks it is heard."""

    origin: int
    at: int
    end: int


class Sound(NamedTuple):
    """What a turn plays: the number of a recording, where in it, how fast, and in which form it is."""

    media: int
    start_s: float
    speed: float
    reversed: bool = False
    copies: bool = False


def pieces(sounding: Iterable[tuple[Any, Turn, Sound]]) -> bytes:
    """The bytes for clips, their turns and what each plays."""
    rows = [_row(clip, turn, sound) for clip, turn, sound in sounding]
    rows.sort(key=lambda row: (row[0], row[1]))
    table = np.array(rows, PIECE)
    header = np.zeros(1, HEADER)
    longest = float((table["end"] - table["at"]).max()) if len(table) else 0.0
    header[0] = (len(table), next(_SERIALS) & 0xFFFF_FFFF, longest)
    return header.tobytes() + table.tobytes()


def _row(clip: Any, turn: Turn, sound: Sound) -> tuple[float | int, ...]:
    return (
        turn.at,
        turn.end,
        turn.origin,
        sound.start_s,
        sound.speed,
        clip.at_ticks,
        clip.at_ticks + clip.length_ticks,
        clip.fade_in_s,
        clip.fade_out_s,
        10.0 ** (clip.gain_db / 20.0),
        sound.media,
        REVERSED * sound.reversed | COPIES * sound.copies,
        0,
    )


def placed_turns(clip: Any) -> Iterator[Turn]:
    """Where each turn of a clip's content lies.

    >>> from graphdaw.graph.clips import AudioClip
    >>> list(placed_turns(AudioClip("c1", 1_000, 500, offset_ticks=100, loop_ticks=400)))
    [Turn(origin=900, at=1000, end=1300), Turn(origin=1300, at=1300, end=1500)]
    """
    for shift, begin, end in turns(clip):
        origin = clip.at_ticks + shift
        yield Turn(origin, origin + begin, origin + end)
