"""Applying the edits of clips and of the timeline, at a cost that does not grow with what else a clip holds."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from graphdaw.errors import OutOfRangeError, UnknownClipError, UnknownParameterError, suggestion
from graphdaw.graph.clip_checks import (
    MAX_CLIPS,
    MAX_NOTES,
    by_time,
    check_clip,
    check_head,
    check_kind,
    check_notes,
    check_room,
    clip_of,
    note_clip_of,
)
from graphdaw.graph.clips import Clip, Note, NoteClip, weight, weight_of_notes
from graphdaw.graph.model import Document, Node
from graphdaw.graph.ports import node_of, title
from graphdaw.graph.timeline_checks import check_timeline
from graphdaw.graph.vocabulary import EditNotes, PutClip, SetClip, SetTimeline, TakeClip

Step = tuple[Any, Any]

HELD = ("id", "extra", "notes", "lanes", "points", "warp", "what")
"""The fields of clips that `SetClip` leaves alone."""
MAX_INDEXED = 8  # clips of which the notes can be found by their numbers
FEW = 64  # notes that are put in their places one by one; with more, all are sorted

replace = msgspec.structs.replace


def put_clip(document: Document, edit: PutClip, trusted: bool) -> Step:
    """Give a node a clip; its notes and points are put in the order of their times."""
    node, clip = node_of(document, edit.id), edit.clip
    old = next((one for one in node.clips if one.id == clip.id), None)
    if not trusted:
        check_kind(node, clip)
        clip = check_clip(clip, node.id)
        if old is None and len(node.clips) >= MAX_CLIPS:
            raise OutOfRangeError(
                f"Node {title(node)} has {MAX_CLIPS} clips already; take some, or use another node.", node=node.id
            )
    more = weight(clip) - (weight(old) if old is not None else 0)
    if not trusted:
        check_room(document, more, node.id)
    _keep(document, node, old, clip)
    document.weight += more
    document.notes.pop((node.id, clip.id), None)
    inverse = TakeClip(node.id, clip.id) if old is None else PutClip(node.id, old)
    return (edit if clip is edit.clip else PutClip(node.id, clip)), inverse


def take_clip(document: Document, edit: TakeClip, trusted: bool) -> Step:
    """Take a clip from a node."""
    node = node_of(document, edit.id)
    old = clip_of(node, edit.clip)
    _keep(document, node, old, None)
    document.weight -= weight(old)
    document.notes.pop((node.id, edit.clip), None)
    return edit, PutClip(node.id, old)


def set_clip(document: Document, edit: SetClip, trusted: bool) -> Step:
    """Set fields of a clip; the notes that were found in it stay found."""
    node = node_of(document, edit.id)
    old = clip_of(node, edit.clip)
    if not trusted:
        _check_fields(node, old, edit.values)
    new = replace(old, **edit.values)
    if not trusted:
        new = check_head(new, node.id)
    _keep(document, node, old, new)
    known = document.notes.get((node.id, old.id))
    if known is not None and known[0] is old:
        document.notes[node.id, old.id] = new, known[1]
    made = {name: getattr(new, name) for name in edit.values}
    return SetClip(node.id, old.id, made), SetClip(node.id, old.id, {name: getattr(old, name) for name in made})


def _check_fields(node: Node, clip: Clip, values: Iterable[str]) -> None:
    names = [name for name in clip.__struct_fields__ if name not in HELD]
    for name in values:
        if name not in names:
            raise UnknownParameterError(
                f"Clip {clip.id!r} of node {title(node)} has no field {name!r} to set; "
                f"{suggestion(name, names, 'fields')}",
                node=node.id,
                allowed=names,
            )


def _keep(document: Document, node: Node, old: Clip | None, new: Clip | None) -> None:
    """Put a clip in another's place, in the order of time."""
    clips = [clip for clip in node.clips if clip is not old]
    if new is not None:
        insort(clips, new, key=by_time)
    document.nodes[node.id] = replace(node, clips=tuple(clips))


def edit_notes(document: Document, edit: EditNotes, trusted: bool) -> Step:
    """Take notes from a clip and put others in, each at its place."""
    node = node_of(document, edit.id)
    clip = note_clip_of(node, edit.clip)
    known = _notes_of(document, node, clip)
    put = edit.put
    if not trusted:
        put = check_notes(put, f"Clip {clip.id!r} of node {node.id!r}", node.id)
        _check_numbers(node, clip, known, edit.remove)
    fresh = tuple(note.id for note in put if note.id not in known)
    old = {id: known[id] for id in (*edit.remove, *(note.id for note in put)) if id in known}
    kept = len(known) - len(old) + len(put)
    if kept > MAX_NOTES and not trusted:
        raise OutOfRangeError(
            f"Clip {clip.id!r} of node {title(node)} would have {kept} notes, and {MAX_NOTES} are possible; split it.",
            node=node.id,
        )
    more = weight_of_notes(put) - weight_of_notes(old.values())
    if not trusted:
        check_room(document, more, node.id)
    for id in old:
        del known[id]
    known.update((note.id, note) for note in put)
    new = replace(clip, notes=_changed(clip.notes, list(old.values()), put, known))
    document.notes[node.id, clip.id] = new, known
    document.weight += more
    clips = tuple(new if one is clip else one for one in node.clips)
    document.nodes[node.id] = replace(node, clips=clips)
    back = EditNotes(node.id, clip.id, fresh, tuple(old.values()))
    return (edit if put is edit.put else replace(edit, put=put)), back


def _check_numbers(node: Node, clip: NoteClip, known: dict[int, Note], remove: Sequence[int]) -> None:
    for id in remove:
        if id not in known:
            raise UnknownClipError(
                f"Clip {clip.id!r} of node {title(node)} has no note {id}; name one of its {len(known)} notes.",
                node=node.id,
            )


def _notes_of(document: Document, node: Node, clip: NoteClip) -> dict[int, Note]:
    """The notes of a clip by their numbers; made once for the clips that are edited now."""
    key = node.id, clip.id
    found = document.notes.get(key)
    if found is not None and found[0] is clip:
        return found[1]
    if len(document.notes) >= MAX_INDEXED:
        del document.notes[next(iter(document.notes))]
    known = {note.id: note for note in clip.notes}
    document.notes[key] = clip, known
    return known


def _changed(
    notes: tuple[Note, ...], old: Sequence[Note], put: Sequence[Note], known: dict[int, Note]
) -> tuple[Note, ...]:
    """Notes in order, without `old` and with `put`; `known` holds all that stay and come."""
    if len(old) + len(put) > FEW:
        return tuple(sorted(known.values(), key=by_time))
    changed = list(notes)
    for note in old:
        del changed[bisect_left(changed, by_time(note), key=by_time)]
    for note in put:
        insort(changed, note, key=by_time)
    return tuple(changed)


def set_timeline(document: Document, edit: SetTimeline, trusted: bool) -> Step:
    """Put another timeline in place of the one there is."""
    old, new = document.timeline, edit.timeline
    if not trusted:
        new = check_timeline(new)
    document.timeline = new
    return (edit if new is edit.timeline else SetTimeline(new)), SetTimeline(old)
