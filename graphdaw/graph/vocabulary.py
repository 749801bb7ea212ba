"""The closed vocabulary of edits: what mouse, keyboard, command line, AI, undo, journal and clipboard all speak."""

from __future__ import annotations

import msgspec

from graphdaw.graph.clips import Clip, Note
from graphdaw.graph.controls import Control
from graphdaw.graph.model import GroupPort, Medium, Node, Value, Wire
from graphdaw.graph.timeline import Timeline


class _Edit(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, tag_field="op"):
    """Base of the edits that do not carry a whole node or wire."""


class AddNode(Node, frozen=True, gc=False, omit_defaults=True, tag_field="op", tag="add_node"):
    """Add a node; `order` 0 means after everything. A group is added empty and its ports are declared afterwards."""


class RemoveNode(_Edit, frozen=True, tag="remove_node"):
    """Remove a node with its wires (a group with its members); `heal` joins what fed it to what it fed."""

    id: str
    heal: bool = False


class SetValues(_Edit, frozen=True, tag="set_values"):
    """Set parameters, choices, media and texts of one node; None returns one to its default."""

    id: str
    values: dict[str, Value | None]


class Connect(Wire, frozen=True, gc=False, omit_defaults=True, tag_field="op", tag="connect"):
    """Add a wire; `order` 0 means after all others."""


class Disconnect(_Edit, frozen=True, tag="disconnect"):
    """Remove a wire."""

    id: str


class SetDepth(_Edit, frozen=True, tag="set_depth"):
    """Set the factor a wire's signal is multiplied by."""

    id: str
    depth: float


class Move(_Edit, frozen=True, tag="move"):
    """Move nodes, with all wires between them, into another group ("" is the outermost level)."""

    ids: tuple[str, ...]
    parent: str = ""


class DeclarePort(_Edit, frozen=True, tag="declare_port"):
    """Declare a port of a group, or change the one of that name; `index` -1 puts a new one last."""

    group: str
    port: GroupPort
    index: int = -1


class UndeclarePort(_Edit, frozen=True, tag="undeclare_port"):
    """Remove a declared port together with its wires."""

    group: str
    name: str


class SetPlace(_Edit, frozen=True, tag="set_place"):
    """Put a node somewhere on the canvas."""

    id: str
    place: tuple[float, float] | None


class SetLabel(_Edit, frozen=True, tag="set_label"):
    """Give a node a title."""

    id: str
    label: str


class SetComment(_Edit, frozen=True, tag="set_comment"):
    """Write a remark on a node."""

    id: str
    comment: str


class SetFlags(_Edit, frozen=True, tag="set_flags"):
    """Bypass, mute, solo or freeze a node or group, or end that; None leaves a flag alone."""

    id: str
    bypassed: bool | None = None
    muted: bool | None = None
    soloed: bool | None = None
    frozen: bool | None = None


class SetGraph(_Edit, frozen=True, tag="set_graph"):
    """Set the sample rate, in hertz."""

    sample_rate: int


class SetMedia(_Edit, frozen=True, tag="set_media"):
    """Enter a recording in the media table under its SHA-256, or strike it out."""

    hash: str
    medium: Medium | None = None


class PutClip(_Edit, frozen=True, tag="put_clip"):
    """Give a node a clip, in place of the one of that id if there is one."""

    id: str
    clip: Clip


class TakeClip(_Edit, frozen=True, tag="take_clip"):
    """Take a clip from a node."""

    id: str
    clip: str


class SetClip(_Edit, frozen=True, tag="set_clip"):
    """Set fields of a clip, such as where it lies, and leave alone what it holds: notes, points and warp marks."""

    id: str
    clip: str
    values: dict[str, int | float | str | bool]


class EditNotes(_Edit, frozen=True, tag="edit_notes"):
    """Take notes from a clip, by their numbers, and put others in; a note put takes the place of one of its number."""

    id: str
    clip: str
    remove: tuple[int, ...] = ()
    put: tuple[Note, ...] = ()


class SetTimeline(_Edit, frozen=True, tag="set_timeline"):
    """Set tempos, signatures, markers and the loop."""

    timeline: Timeline


class SetControl(_Edit, frozen=True, tag="set_control"):
    """Let something move a target, in place of the control of that id if there is one, or no more."""

    id: str
    control: Control | None = None


class InsertOnWire(_Edit, frozen=True, tag="insert_on_wire"):
    """Put an existing node into a wire; ports left empty are the first that fit."""

    node: str
    wire: str
    inlet: str = ""
    outlet: str = ""


class ReplaceNode(_Edit, frozen=True, tag="replace_node"):
    """Put a node of another type in a node's place, keeping the wires and values both have; `new_id` may be empty."""

    id: str
    type: str
    values: dict[str, Value] = {}
    new_id: str = ""


class Group(_Edit, frozen=True, tag="group"):
    """Put nodes of one level into a new group; wires that cross its wall get declared ports. `new_id` may be empty."""

    ids: tuple[str, ...]
    label: str = ""
    new_id: str = ""


class Ungroup(_Edit, frozen=True, tag="ungroup"):
    """Dissolve a group and keep its members, wired as they sound now."""

    id: str


Primitive = (
    AddNode | RemoveNode | SetValues | Connect | Disconnect | SetDepth | Move | DeclarePort | UndeclarePort
    | SetPlace | SetLabel | SetComment | SetFlags | SetGraph | SetMedia | PutClip | TakeClip | SetClip | EditNotes
    | SetTimeline | SetControl
)  # fmt: skip
Composite = InsertOnWire | ReplaceNode | Group | Ungroup
Edit = Primitive | Composite
