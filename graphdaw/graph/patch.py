"""Patches: transactions not yet applied, as an AI, a file or the clipboard bring them; tried on a copy first."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec

from graphdaw.errors import GraphdawError, PatchError, suggestion
from graphdaw.graph import checks, clip_codec, structure, text
from graphdaw.graph.clips import Clip, Note, recordings
from graphdaw.graph.controls import OtherSource, node_named
from graphdaw.graph.differences import difference
from graphdaw.graph.edits import perform
from graphdaw.graph.model import GROUP, Document, Opaque, Value
from graphdaw.graph.timeline import Timeline
from graphdaw.graph.vocabulary import (
    AddNode,
    Connect,
    DeclarePort,
    Edit,
    EditNotes,
    Group,
    PutClip,
    ReplaceNode,
    SetClip,
    SetControl,
    SetMedia,
    SetTimeline,
    SetValues,
)
from graphdaw.nodes.base import registry

if TYPE_CHECKING:
    from graphdaw.graph.graph import Graph

FORMAT = "graphdaw.patch/1"
MAX_TITLE = 256  # characters of a label or an author
MAX_FAILED = 20  # findings after which no more edits are tried
LAST_ORDER = 1 << 53  # order numbers beyond are no edit counts, and a project that holds one could not be read again

ID_FIELDS = ("id", "ids", "parent", "source", "target", "group", "node", "wire", "new_id")
NEW = "$"  # an id that begins so is a name inside the patch; applying gives it a fresh one

_CANNOT = "a patch cannot bring or open files"

replace = msgspec.structs.replace


class Expect(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """What edit number `edit` (-1: the whole patch) was made for: a wire, a node, its type, one of its values."""

    edit: int = -1
    wire: str = ""
    node: str = ""
    type: str = ""
    name: str = ""
    value: float | str | None = None


class Patch(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """A labelled list of edits with who made it, from what words, and what it expects to find."""

    edits: tuple[Edit, ...]
    label: str = "patch"
    author: str = "file"
    prompt: str = ""
    expect: tuple[Expect, ...] = ()
    format: str = FORMAT


@dataclass(frozen=True, slots=True)
class Budget:
    """What a patch may do: how many edits and new nodes, how long trying it may take, and whether it brings media."""

    edits: int = 10_000
    nodes: int = 1_000
    seconds: float = 10.0
    media: bool = False


OUTSIDE = Budget()
"""For patches of unknown origin: no recordings but those of the project, no types but those installed."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What stands in the way of one edit: its place (-1: the patch), `failed`, `stale` or `skipped`, and a sentence."""

    edit: int
    state: str
    code: str
    message: str
    allowed: tuple[str, ...] = ()


@dataclass(slots=True)
class Report:
    """What a patch would do: the edits with their ids, what hinders them, and the change as `graphdaw diff` has it."""

    edits: list[Edit] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    changes: str = ""

    @property
    def fits(self) -> bool:
        """Whether the patch can be applied as it is."""
        return not self.findings


def dry_run(document: Document, patch: Patch, budget: Budget = OUTSIDE) -> Report:
    """Try a patch on a copy; every edit that cannot be made is reported, and those that need it are skipped."""
    report = Report()
    report.findings += budget_findings(patch, budget)
    if report.findings:
        return report
    report.findings += stale(document, patch.expect)
    trial = document.copy()
    try:
        report.edits = named(trial, patch.edits)
    except PatchError as error:
        report.findings.append(Finding(error.edit, "failed", error.code, str(error)))
        return report
    _try_edits(trial, report, budget)
    fault = structure.fault(list(trial.nodes.values()), list(trial.wires.values())) if report.fits else ""
    if fault:
        report.findings.append(Finding(-1, "failed", "too_large", f"With the patch, {fault}; make it smaller."))
    report.changes = text.diff(document, trial)
    return report


def apply(graph: Graph, patch: Patch, budget: Budget = OUTSIDE) -> Report:
    """Apply a patch as one undo step, all or nothing; raises PatchError with the first finding.

    >>> import graphdaw as gd
    >>> from graphdaw.graph import patch
    >>> from graphdaw.graph.vocabulary import AddNode, SetValues
    >>> g = gd.Graph()
    >>> p = patch.Patch((AddNode("$tone", "sine"), SetValues("$tone", {"frequency_hz": 220.0})), label="a tone")
    >>> print(patch.apply(g, p).changes, end="")
    + node tone1 sine frequency_hz=220.0 @order=1
    >>> g.undo().label, len(g.nodes)
    ('a tone', 0)
    """
    with graph.history.turn:  # nobody edits between the trial and the patch itself
        report = dry_run(graph.document, patch, budget)
        if not report.fits:
            first = report.findings[0]
            where = f"Edit {first.edit + 1}: " if first.edit >= 0 else ""
            raise PatchError(f"{where}{first.message}", edit=first.edit, allowed=first.allowed)
        edits = named(graph.document, patch.edits)  # the same ids again; here they count as given out
        graph.apply(edits, patch.label, patch.author)
    return report


def between(old: Document, new: Document, label: str = "difference", author: str = "user") -> Patch:
    """The patch that turns `old` into `new`, with what its edits expect to find.

    It brings no recordings; where `new` has others, or ports that groups of `old` use otherwise, a dry run says so.
    """
    edits = tuple(difference(old, new))
    ids = {id: place for place, edit in reversed(list(enumerate(edits))) for id in ids_of(edit)}
    known = {id: place for id, place in ids.items() if id in old.nodes or id in old.wires}
    expect = [
        Expect(place, id) if id in old.wires else Expect(place, "", id, old.nodes[id].type)
        for id, place in known.items()
    ]
    return Patch(edits, label, author, "", tuple(expect))


def _try_edits(trial: Document, report: Report, budget: Budget) -> None:
    """Make the edits one by one; one that needs what a failed one would have made is not tried."""
    missing: set[str] = set()
    end = time.monotonic() + budget.seconds
    for place, edit in enumerate(report.edits):
        if len(report.findings) > MAX_FAILED:
            return
        if time.monotonic() > end:
            message = f"Trying the patch takes longer than {budget.seconds:g} s; make it smaller."
            report.findings.append(Finding(place, "failed", "too_long", message))
            return
        needed = sorted(missing & set(ids_of(edit)))
        if needed:
            message = f"It needs {needed[0]!r}, which an earlier edit could not make."
            report.findings.append(Finding(place, "skipped", "needs", message))
            missing |= set(born(edit))
            continue
        fault = "" if budget.media else _reach(trial, edit)
        try:
            if fault:
                raise PatchError(fault, edit=place)
            perform(trial, [edit])
        except GraphdawError as error:
            allowed = tuple(getattr(error, "allowed", ()))
            report.findings.append(Finding(place, "failed", error.code, str(error), allowed))
            missing |= set(born(edit)) - trial.nodes.keys()


def budget_findings(patch: Patch, budget: Budget) -> Iterator[Finding]:
    """What is too much about a patch as a whole."""
    added = sum(isinstance(edit, AddNode | Group | ReplaceNode) for edit in patch.edits)
    if patch.format != FORMAT:
        yield Finding(-1, "failed", "format", f"The format is {patch.format!r}, and {FORMAT!r} can be read.")
    if len(patch.edits) > budget.edits:
        message = f"The patch has {len(patch.edits)} edits, and {budget.edits} are allowed; split it."
        yield Finding(-1, "failed", "too_large", message)
    if added > budget.nodes:
        message = f"The patch adds {added} nodes, and {budget.nodes} are allowed; split it."
        yield Finding(-1, "failed", "too_large", message)
    titles = {"label": (patch.label, MAX_TITLE), "author": (patch.author, MAX_TITLE)}
    for what, (words, most) in {**titles, "prompt": (patch.prompt, checks.MAX_TEXT)}.items():
        if len(words) > most:
            yield Finding(-1, "failed", "too_large", f"The {what} has more than {most} characters; shorten it.")


def stale(document: Document, expectations: Iterable[Expect]) -> Iterator[Finding]:
    """The expectations that no longer hold."""
    for expect in expectations:
        message = _unmet(document, expect)
        if message:
            yield Finding(expect.edit, "stale", "stale", f"{message} since the patch was made; ask for it again.")


def _unmet(document: Document, expect: Expect) -> str:
    if expect.wire and expect.wire not in document.wires:
        return f"Wire {expect.wire!r} has gone"
    if not expect.node:
        return ""
    node = document.nodes.get(expect.node)
    if node is None:
        return f"Node {expect.node!r} has gone"
    if expect.type and node.type != expect.type:
        return f"Node {expect.node!r} has become {node.type!r}"
    kind = registry.get(node.type)
    wanted = expect.value if expect.value is not None or kind is None else kind.defaults().get(expect.name)
    found = document.settings(node.id).get(expect.name)
    if expect.name and found != wanted:
        return f"{expect.name!r} of node {expect.node!r} has become {found!r}"
    return ""


# Ids


def ids_of(edit: Edit) -> Iterator[str]:
    """Every id an edit speaks of, those it gives among them."""
    if isinstance(edit, SetControl):  # its own id is no node's
        yield from (node_named(edit.control.target),) if edit.control is not None else ()
        return
    for name in ID_FIELDS:
        value = getattr(edit, name, ())
        yield from (value,) if isinstance(value, str) else value
    if isinstance(edit, DeclarePort):
        yield from (id for id, _ in edit.port.inner)


def born(edit: Edit) -> tuple[str, ...]:
    """The ids an edit gives to what it adds."""
    if isinstance(edit, AddNode | Connect):
        return (edit.id,)
    return (edit.new_id,) if isinstance(edit, Group | ReplaceNode) and edit.new_id else ()


def named(document: Document, edits: Iterable[Edit]) -> list[Edit]:
    """The edits with fresh ids of the document where they say `$name`, or nothing; raises PatchError."""
    fresh: dict[str, str] = {}
    found: list[Edit] = []
    for place, edit in enumerate(edits):
        if isinstance(edit, Connect) and not edit.id:
            edit = replace(edit, id=document.issue("w"))
        for id in born(edit):
            if id.startswith(NEW) and id not in fresh:
                fresh[id] = document.issue(_stem(id[1:]))
        unknown = next((id for id in ids_of(edit) if id.startswith(NEW) and id not in fresh), None)
        if unknown:
            raise PatchError(f"Nothing before it adds {unknown!r}; add it first, or name a node there is.", edit=place)
        found.append(renamed(edit, fresh) if fresh else edit)
    return found


def renamed(edit: Edit, names: dict[str, str]) -> Edit:
    """The edit with other ids in place of some."""
    changed: dict[str, Any] = {}
    if isinstance(edit, SetControl):
        return _control_renamed(edit, names)
    for name in ID_FIELDS:
        value = getattr(edit, name, None)
        if isinstance(value, str):
            changed[name] = names.get(value, value)
        elif value:
            changed[name] = tuple(names.get(id, id) for id in value)
    if isinstance(edit, DeclarePort):
        inner = tuple((names.get(id, id), port) for id, port in edit.port.inner)
        changed["port"] = replace(edit.port, inner=inner)
    return replace(edit, **changed)


def _control_renamed(edit: SetControl, names: dict[str, str]) -> SetControl:
    if edit.control is None:
        return edit
    target = edit.control.target
    node = node_named(target)
    return replace(edit, control=replace(edit.control, target=names.get(node, node) + target[len(node) :]))


def _stem(name: str) -> str:
    stem = name.rstrip("0123456789").rstrip("_")[:64]
    return stem if stem.isidentifier() else "node"


# What an edit from outside may reach


def _reach(document: Document, edit: Edit) -> str:
    """Why an edit of unknown origin may not be made, or ""; the edit's own checks come after."""
    if isinstance(edit, SetMedia):
        return "Recordings cannot come with a patch; add the recording to the project and patch it in after."
    if isinstance(edit, SetControl) and edit.control is not None:
        if edit.control.extra or isinstance(edit.control.source, OtherSource):
            return f"Control {edit.id!r} has fields that GraphDAW does not know; leave them out."
        return ""
    if isinstance(edit, AddNode | Connect) and (edit.extra or not 0 <= edit.order <= LAST_ORDER):
        return f"{edit.id!r} has fields or an order that GraphDAW does not know; leave them out."
    fault = _music_reach(document, edit)
    if fault:
        return fault
    if isinstance(edit, AddNode | ReplaceNode):
        if edit.type not in registry and edit.type != GROUP:
            names = [*registry, GROUP]
            return f"There is no node type {edit.type!r}; {suggestion(edit.type, names, 'types')}"
        return _values_reach(document, edit.type, edit.values)
    if isinstance(edit, SetValues) and edit.id in document.nodes:
        return _values_reach(document, document.nodes[edit.id].type, edit.values)
    return ""


def _music_reach(document: Document, edit: Edit) -> str:
    """The same for clips, notes and the timeline an edit brings."""
    brought: tuple[Clip | Note | Timeline, ...] = ()
    media: list[str] = []
    if isinstance(edit, AddNode | PutClip):
        clips = edit.clips if isinstance(edit, AddNode) else (edit.clip,)
        brought, media = clips, [path for _, path in recordings(clips)]
    elif isinstance(edit, EditNotes):
        brought = edit.put
    elif isinstance(edit, SetTimeline):
        brought = (edit.timeline,)
    elif isinstance(edit, SetClip) and edit.values.get("media"):
        media = [str(edit.values["media"])]
    if any(map(clip_codec.is_odd, brought)):
        return "It brings clips or a timeline with fields that GraphDAW does not know; leave them out."
    outside = next((path for path in media if path not in document.media), "")
    return f"A clip names {outside!r}, which is not in the project; {_CANNOT}." if outside else ""


def _values_reach(document: Document, type: str, values: dict[str, Value] | dict[str, Value | None]) -> str:
    kind = registry.get(type)
    for name, value in values.items():
        if isinstance(value, Opaque):
            return f"{name!r} is neither a number nor a text; give it one."
        if kind and name in kind.media and value and value not in document.media:
            return f"{name!r} names {value!r}, which is not in the project; {_CANNOT}."
    return ""
