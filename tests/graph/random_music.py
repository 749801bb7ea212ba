"""Random clips, edits of them, and timelines: mostly possible ones, some impossible."""

from __future__ import annotations

import random

from graphdaw.graph.clip_checks import kind_of
from graphdaw.graph.clips import AudioClip, Clip, CurveClip, Lane, Note, NoteClip, OtherClip, Point, WarpMark
from graphdaw.graph.model import Document
from graphdaw.graph.timeline import Loop, Marker, Signature, Tempo, Timeline
from graphdaw.graph.vocabulary import Edit, EditNotes, PutClip, SetClip, TakeClip
from graphdaw.nodes.base import registry

NAMES = ["", "Verse", 'quo"te', "two\nlines", "\u2028", "raw(AA==)"]
EXTRA = [None] * 6 + [{"more": b"\xa2hi"}, {"as_uint32": b"\xce\x00\x00\x00\x05"}]


def random_music(document: Document, dice: random.Random, id: str) -> list[Edit]:
    """An edit of the clips of a node."""
    node = document.nodes[id]
    kind = registry.get(node.type)
    clips = list(node.clips)
    held = kind.clips if kind is not None and kind.clips and dice.random() < 0.95 else dice.choice(["notes", "curve"])
    if not clips or dice.random() < 0.3:
        return [PutClip(id, random_clip(dice, held))]
    clip = dice.choice(clips)
    if dice.random() < 0.2:
        return [TakeClip(id, dice.choice([clip.id, clip.id, "gone"]))]
    if isinstance(clip, NoteClip) and dice.random() < 0.6:
        chosen = dice.sample(clip.notes, min(len(clip.notes), dice.randrange(3)))
        put = tuple(random_note(dice, dice.randrange(8)) for _ in range(dice.randrange(3)))
        return [EditNotes(id, clip.id, tuple(note.id for note in chosen), put)]
    values = dice.choice(
        [
            {"at_ticks": dice.randrange(9000), "muted": True},
            {"length_ticks": dice.choice([960, 1920, 0]), "name": dice.choice(NAMES)},
            {"loop_ticks": 480, "offset_ticks": 5},
            {"gain_db": dice.choice([-3, 2.5]), "media": dice.choice(["", "/takes/a.wav", "ab" * 32])},
            {"notes": 5},
        ]
    )
    return [SetClip(id, clip.id, values)]


def random_clip(dice: random.Random, kind: str) -> Clip:
    """A clip, empty or not."""
    head = {
        "id": dice.choice(["c1", "c2", "c3", "c4"] * 3 + ["2"]),
        "at_ticks": dice.randrange(8) * 960,
        "length_ticks": dice.choice([960, 3840, 1] * 3 + [0]),
        "offset_ticks": dice.choice([0, 0, 240]),
        "loop_ticks": dice.choice([0, 0, 480]),
        "name": dice.choice(NAMES),
        "muted": dice.random() < 0.2,
        "extra": dice.choice(EXTRA),
    }
    if kind == "curve":
        return CurveClip(**head, points=random_points(dice, 2000.0))
    if kind == "audio":
        return AudioClip(
            **head,
            media=dice.choice(["", "/takes/a.wav", "ab" * 32, "ü.wav"]),
            start_s=dice.choice([0, 0.5]),
            gain_db=dice.choice([0.0, -6.0] * 3 + [99.0]),
            speed=dice.choice([1.0, 0.5]),
            media_bpm=dice.choice([0.0, 120.0]),
            follows_tempo=dice.random() < 0.5,
            reversed=dice.random() < 0.5,
            warp=tuple(WarpMark(960 * k, 0.5 * k, dice.choice(EXTRA)) for k in range(dice.randrange(3))),
        )
    if dice.random() < 0.1:
        return OtherClip(**{**head, "extra": {"zone": b"\x05"}}, what="zones")
    notes = tuple(random_note(dice, k) for k in range(dice.randrange(6)))
    return NoteClip(**head, notes=notes, lanes=random_lanes(dice, 0.3))


def random_note(dice: random.Random, id: int) -> Note:
    """A note, now and then an impossible one."""
    return Note(
        id,
        dice.randrange(4) * 240,
        dice.choice([240, 1, 960, 960, 0] if dice.random() < 0.1 else [240, 960]),
        dice.choice([60, 61.0, 0.0, 127.0, 60.5, -12.0, 200.25]),
        dice.choice([0.8, 0.5, 1, 0.0]),
        dice.choice([0.5, 0.25]),
        dice.choice([1.0, 0.5]),
        random_lanes(dice, 0.1),
        dice.choice(EXTRA),
    )


def random_lanes(dice: random.Random, chance: float) -> tuple[Lane, ...]:
    """Lanes, mostly none."""
    if dice.random() > chance:
        return ()
    kinds = dice.sample(["bend", "pressure", "cc1", "cc127", "timbre"], 2)
    return tuple(Lane(kind, random_points(dice, 1.0), dice.choice(EXTRA)) for kind in kinds)


def random_points(dice: random.Random, top: float) -> tuple[Point, ...]:
    """Points in order."""
    times = sorted(dice.randrange(2000) for _ in range(dice.randrange(4)))
    return tuple(
        Point(
            at,
            dice.uniform(0.0, top),
            dice.choice(["line", "hold", "curve", "smooth"]),
            dice.choice([0.0, 0.0, 0.5, -1]),
            dice.choice(EXTRA),
        )
        for at in times
    )


def random_timeline(dice: random.Random) -> Timeline:
    """A timeline, now and then an impossible one."""
    if dice.random() < 0.2:
        return Timeline()
    tempos = [Tempo(0, dice.choice([120, 90.5]), dice.random() < 0.5)]
    tempos += [Tempo(dice.randrange(1, 9) * 480, 60.0) for _ in range(dice.randrange(2))]
    signatures = [Signature(0, dice.choice([3, 4, 7]), dice.choice([4, 8]))]
    signatures += [Signature(signatures[0].bar_ticks * 2, 5, 16)] * dice.randrange(2)
    markers = sorted((dice.randrange(5000), dice.choice(NAMES), dice.choice([0, 960])) for _ in range(2))
    loop = dice.choice([None, Loop(0, 3840), Loop(960, 1920, False), Loop(960, 960)])
    return Timeline(
        tuple(tempos), tuple(signatures), tuple(Marker(*m) for m in markers), loop, dice.choice([None, *EXTRA])
    )


def kinds_held(document: Document) -> set[str]:
    """The kinds of clips in a document."""
    return {kind_of(clip) for node in document.nodes.values() for clip in node.clips}
