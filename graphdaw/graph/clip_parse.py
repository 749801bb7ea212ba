"""Reading clips and the timeline from the text form: the lines that stand under a node, and those at the top."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from graphdaw.errors import GraphError, TextError, brief
from graphdaw.graph.clip_checks import check_clip, together
from graphdaw.graph.clip_text import FIELDS, HEADS, ROWS
from graphdaw.graph.clips import KINDS, AudioClip, Clip, CurveClip, Lane, Note, NoteClip, OtherClip, Point, WarpMark
from graphdaw.graph.keys import key_of
from graphdaw.graph.timeline import Loop, Marker, Signature, Tempo, Timeline
from graphdaw.graph.timeline_checks import check_timeline
from graphdaw.graph.words import Words


@dataclass(slots=True)
class Part:
    """A clip, a note or a lane that is being read: its fields so far, and the rows that other lines add to."""

    struct: type[Any]
    number: int
    fields: dict[str, Any]
    rows: dict[str, list[Any]] = field(default_factory=dict)

    def made(self) -> Any:
        """The struct with all its rows."""
        rows = {
            name: tuple(one.made() if isinstance(one, Part) else one for one in row) for name, row in self.rows.items()
        }
        return self.struct(**self.fields, **rows)


class MusicLines(Words):
    """Reads the lines of clips and of the timeline; `parents` is what each level of indentation belongs to."""

    def __init__(self) -> None:
        super().__init__()
        self.parents: list[str | Part] = [""]
        self._clips: dict[str, list[Part]] = {}
        self._timeline = Part(Timeline, 0, {})
        self.music: dict[str, Callable[[], None]] = {
            "timeline": self._extra_of_timeline,
            "tempo": self._tempo,
            "signature": self._signature,
            "marker": self._marker,
            "loop": self._loop,
            "clip": self._clip,
            "note": self._note,
            "lane": self._lane,
            "point": self._point,
            "warp": self._warp,
        }

    def enclosing(self) -> str:
        """The node that a line stands under, "" for none."""
        parent = self.parents[-1]
        if isinstance(parent, Part):
            raise self.fault("it stands inside a clip; indent it like the node")
        return parent

    # The timeline

    def _top(self) -> Part:
        if self.parents != [""]:
            raise self.fault("the timeline stands at the top, without indentation")
        self._timeline.number = self.number
        return self._timeline

    def _add(self, name: str, item: object) -> None:
        self._top().rows.setdefault(name, []).append(item)

    def _extra_of_timeline(self) -> None:
        self._top().fields["extra"] = self.extra(Timeline.__struct_fields__)

    def _tempo(self) -> None:
        at, bpm = self.whole(), self.real()
        ramp = self.maybe("ramp")
        self._add("tempos", Tempo(at, bpm, ramp, self.extra(Tempo.__struct_fields__)))

    def _signature(self) -> None:
        at, beats = self.whole(), self.whole()
        self.take("/")
        self._add("signatures", Signature(at, beats, self.whole(), self.extra(Signature.__struct_fields__)))

    def _marker(self) -> None:
        at, name = self.whole(), self.name()
        length = self.whole() if self.peek() == "number" else 0
        self._add("markers", Marker(at, name, length, self.extra(Marker.__struct_fields__)))

    def _loop(self) -> None:
        start, end = self.whole(), self.whole()
        on = not self.maybe("off")
        self._add("loop", Loop(start, end, on, self.extra(Loop.__struct_fields__)))

    def timeline(self) -> Timeline:
        """The timeline that was read; raises TextError."""
        part = self._timeline
        loops = part.rows.pop("loop", [None])
        if len(loops) > 1:
            raise TextError(f"Line {part.number}: there is more than one loop.", line=part.number)
        part.fields["loop"] = loops[0]
        with _at_line(part.number):
            return check_timeline(part.made())

    # Clips

    def _clip(self) -> None:
        node = self.enclosing()
        if not node:
            raise self.fault("a clip stands under the node that holds it, indented by two spaces")
        id, kind = self.name(), self.name()
        struct: type[Clip] = KINDS.get(kind, OtherClip)
        fields: dict[str, Any] = {"id": id, "at_ticks": 0, **self._settings(struct)}
        if struct is OtherClip:
            fields["what"] = kind
        while self.peek() == "@":
            self.at += 1
            mark = self.take("word")
            if mark not in HEADS:
                raise self.fault(f"{mark!r} is none of {', '.join(HEADS)}")
            if mark == "muted":
                fields["muted"] = True
                continue
            self.take("=")
            fields[HEADS[mark]] = self.name() if mark == "name" else self.whole()
        if "length_ticks" not in fields:
            raise self.fault("a clip needs a length in ticks, such as @length=3840")
        fields["extra"] = self.extra(_known(struct))
        part = Part(struct, self.number, fields)
        self._clips.setdefault(node, []).append(part)
        self.parents.append(part)

    def _note(self) -> None:
        clip = self._holder("note", NoteClip)
        id = self.whole() if self.peek() == "number" else None
        fields = {"id": id, "at_ticks": 0, **self._settings(Note)}
        for name in ("length", "key"):
            if FIELDS[Note][name] not in fields:
                raise self.fault(f"a note needs its {name}, such as length=960 key=C4")
        fields["extra"] = self.extra(Note.__struct_fields__)
        part = Part(Note, self.number, fields)
        clip.rows.setdefault("notes", []).append(part)
        self.parents.append(part)

    def _lane(self) -> None:
        holder = self._holder("lane", NoteClip, Note)
        part = Part(Lane, self.number, {"kind": self.name(), "extra": self.extra(Lane.__struct_fields__)})
        holder.rows.setdefault("lanes", []).append(part)
        self.parents.append(part)

    def _point(self) -> None:
        holder = self._holder("point", CurveClip, Lane)
        fields: dict[str, Any] = {"at_ticks": self.whole(), "value": self.real()}
        if self.peek() == "word":
            fields["shape"] = self.take("word")
        if self.peek() == "number":
            fields["curve"] = self.real()
        holder.rows.setdefault("points", []).append(Point(**fields, extra=self.extra(Point.__struct_fields__)))

    def _warp(self) -> None:
        holder = self._holder("warp", AudioClip)
        at, media_s = self.whole(), self.real()
        mark = WarpMark(at, media_s, self.extra(WarpMark.__struct_fields__))
        holder.rows.setdefault("warp", []).append(mark)

    def _holder(self, what: str, *structs: type) -> Part:
        parent = self.parents[-1]
        if not isinstance(parent, Part) or parent.struct not in structs:
            raise self.fault(
                f"a {what} stands under {' or '.join(ROWS[struct] for struct in structs)}, indented by two spaces"
            )
        return parent

    def _settings(self, struct: type) -> dict[str, Any]:
        """What stands as name=value."""
        found: dict[str, Any] = {}
        names = FIELDS.get(struct, {})
        while self.peek() in ("word", "text"):
            name = self.name()
            if name not in names:
                raise self.fault(f"{name!r} is none of {', '.join(names) or 'what such a clip has'}")
            self.take("=")
            found[names[name]] = self._setting(names[name])
        return found

    def _setting(self, name: str) -> Any:
        if name in ("follows_tempo", "reversed"):
            word = self.take("word")
            if word not in ("on", "off"):
                raise self.fault(f"{name!r} is on or off, not {word!r}")
            return word == "on"
        if name == "media":
            return self.take("text", "word")
        if name == "key" and self.peek() != "number":
            try:
                return float(key_of(self.take("key", "word", "text", "number")))
            except ValueError as error:
                raise self.fault(str(error)) from None
        return self.whole() if name.endswith("_ticks") else self.real()

    def clips(self) -> dict[str, tuple[Clip, ...]]:
        """The clips that were read, by node; raises TextError."""
        return {node: self._clips_of(node, parts) for node, parts in self._clips.items()}

    def _clips_of(self, node: str, parts: list[Part]) -> tuple[Clip, ...]:
        clips: list[Clip] = []
        for part in parts:
            _number(part.rows.get("notes", []))
            with _at_line(part.number):
                clips.append(check_clip(part.made(), node))
        with _at_line(parts[-1].number):
            return together(clips, node)


@contextmanager
def _at_line(number: int) -> Iterator[None]:
    """What a check finds is found in this line."""
    try:
        yield
    except GraphError as error:
        raise TextError(f"Line {number}: {brief(error, 500)}", line=number) from None


def _known(struct: type[Clip]) -> tuple[str, ...]:
    names = ("kind", *struct.__struct_fields__)
    return tuple(name for name in names if name != "what")


def _number(notes: list[Part]) -> None:
    """Notes without a number get the next ones."""
    last = max((note.fields["id"] for note in notes if note.fields["id"] is not None), default=0)
    for note in notes:
        if note.fields["id"] is None:
            last += 1
            note.fields["id"] = last
