"""How often, and how much of, a clip's content sounds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def turns(clip: Any) -> Iterator[tuple[int, int, int]]:
    """Each time the content sounds: how far it is moved from the clip's start, and the part of it that is heard.

    >>> from graphdaw.graph.clips import NoteClip
    >>> list(turns(NoteClip("c1", 0, 1_000, offset_ticks=100, loop_ticks=400)))
    [(-100, 100, 400), (300, 0, 400), (700, 0, 300)]
    """
    if not clip.loop_ticks:
        yield -clip.offset_ticks, clip.offset_ticks, clip.offset_ticks + clip.length_ticks
        return
    done, begin = 0, clip.offset_ticks % clip.loop_ticks
    while done < clip.length_ticks:
        end = min(clip.loop_ticks, begin + clip.length_ticks - done)
        yield done - begin, begin, end
        done += end - begin
        begin = 0
