"""Voices: the flat view with every voice spelt out, kept up to date at the cost of what each edit touches.

A group that holds a `voices` node is there once for all voices and once for each: nodes with event ports stay single,
all others are copied, "osc1" as "osc1~0", "osc1~1" and so on. The `voices` node itself becomes a hand, which keeps its
id and gives notes out, and one `~voice` a voice, which makes signals of them. Where sound leaves the group it passes a
`~voice_level`, so that a voice can fade whose place is needed, and then the voices are summed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from graphdaw.graph.flatten import Delta, Flat, FlatWire
from graphdaw.graph.model import Document, Node, settings
from graphdaw.graph.ports import source_of
from graphdaw.graph.routes import Routes
from graphdaw.graph.timeline import Timeline
from graphdaw.graph.vocabulary import Edit, Move
from graphdaw.nodes.base import find
from graphdaw.nodes.through import THROUGH
from graphdaw.nodes.voices import HAND, LEVEL, VOICE, spares_of

VOICES = "voices"
MARK = "~"  # no id holds it

replace = msgspec.structs.replace


class VoiceNode(Node, frozen=True, gc=False, omit_defaults=True):
    """A node that is there once a voice: of which voice, and whose hand gives it its notes."""

    voice: int = 0
    hand: str = ""


def voice_of(key: str) -> int:
    """The voice that a copied node's id or wire's key is of; 0 for any other."""
    _, mark, voice = key.rpartition(MARK)
    return int(voice) if mark else 0


class Voiced:
    """Plain nodes and wires as an engine plays them; it follows a document."""

    def __init__(self, flat: Flat | Routes) -> None:
        self.flat = flat
        self.document: Document = flat.document
        self.nodes: dict[str, Node] = {}
        self.wires: dict[str, FlatWire] = {}
        self._copies: dict[str, list[str]] = {}  # plain node -> what it became
        self._wire_copies: dict[str, list[str]] = {}  # plain wire -> what it became
        self._touching: dict[str, set[str]] = {}  # plain node -> plain wires at it
        self._levels: dict[tuple[str, str], set[str]] = {}  # an outlet whose sound leaves its group -> by which wires
        self._hands: dict[str, None] = {id: None for id, node in flat.nodes.items() if node.type == VOICES}
        self._choirs = self._find_choirs()
        delta = Delta()
        for id in flat.nodes:
            self._renew_node(id, delta)
        for wire in flat.wires.values():
            self._touch(wire)
            self._renew_wire(wire.key, delta)

    @property
    def timeline(self) -> Timeline:
        """The document's."""
        return self.flat.timeline

    def apply(self, edits: Iterable[Edit]) -> Delta:
        """Follow primitive edits that the document has just been through; returns the net change."""
        edits = list(edits)
        plain = self.flat.apply(edits)
        delta = Delta(sample_rate=plain.sample_rate, timeline=plain.timeline)
        retyped = {node.id for node in plain.nodes_removed} & {node.id for node in plain.nodes_added}
        for id in retyped:
            self._drop_node(id, delta)
        dirty = dict.fromkeys(node.id for node in (*plain.nodes_removed, *plain.nodes_added))
        for id in dirty:
            self._hands.pop(id, None)
            if id in self.flat.nodes and self.flat.nodes[id].type == VOICES:
                self._hands[id] = None
        dirty.update(dict.fromkeys(self._moved(edits)))
        if self._hands or self._choirs:
            dirty.update(dict.fromkeys(self._rehearse()))
        wires = dict.fromkeys(wire.key for wire in (*plain.wires_removed, *plain.wires_added))
        for wire in plain.wires_removed:
            self._untouch(wire)
        for wire in plain.wires_added:
            self._touch(wire)
        for id in dirty:
            wires.update(dict.fromkeys(self._touching.get(id, ())))
        for key in wires:
            self._drop_wire(key, delta)
        for id in dirty:
            self._renew_node(id, delta)
        for key in wires:
            self._renew_wire(key, delta)
        self._set(plain, delta)
        return _net(delta)

    def ends(self, id: str, port: str) -> list[tuple[str, str]]:
        """The outlets whose sum an outlet of a plain node has become."""
        copies = self._copies.get(id, [])
        if len(copies) > 1 and self.nodes[copies[0]].type == HAND:
            copies = copies[1:]
        return [(copy, port) for copy in copies]

    def heard_at(self, id: str, port: str) -> tuple[str, str] | None:
        """The outlet of a plain node that is heard at an outlet, also of a group; None where there is nothing."""
        if isinstance(self.flat, Routes):
            stand_in = self.flat.heard_at(id, port)
            if stand_in is not None:
                return stand_in
        return source_of(self.document, id, port) if id in self.document.nodes else None

    def is_passed(self, id: str) -> bool:
        """Whether a pass-through stands in for a node."""
        return any(self.nodes[copy].type == THROUGH for copy in self._copies.get(id, ()))

    def copies(self, id: str) -> list[str]:
        """What a plain node has become: itself, or one node a voice."""
        return self._copies.get(id, [])

    # Which group has which voices

    def _find_choirs(self) -> dict[str, tuple[str, int, int]]:
        """Groups with voices: the node in charge, how many may sound, and how many there are."""
        found: dict[str, tuple[str, int, int]] = {}
        for id in self._hands:
            node = self.flat.nodes[id]
            if node.parent and node.parent not in found:
                count = round(float(settings(node)["voices"]))
                found[node.parent] = (id, count, count + spares_of(count))
        return found

    def _rehearse(self) -> Iterator[str]:
        """The nodes of groups whose voices are others now."""
        before, self._choirs = self._choirs, self._find_choirs()
        for group in before.keys() | self._choirs.keys():
            if before.get(group) != self._choirs.get(group) and group in self.document.nodes:
                yield from (node.id for node in self.document.below(group) if node.id in self.flat.nodes)

    def _moved(self, edits: Iterable[Edit]) -> Iterator[str]:
        for edit in edits:
            if isinstance(edit, Move):
                for id in edit.ids:
                    if id in self.flat.nodes:
                        yield id
                    if id in self.document.nodes:
                        yield from (node.id for node in self.document.below(id) if node.id in self.flat.nodes)

    def _choir(self, node: Node) -> tuple[str, int, int] | None:
        """The voices of the innermost group with voices that a node stands in."""
        group = node.parent
        while group:
            if group in self._choirs:
                return self._choirs[group]
            group = self.document.nodes[group].parent
        return None

    def _hand(self, id: str) -> str:
        """Whose voices a node is copied for; "" for one that is single."""
        node = self.flat.nodes[id]
        if node.type == VOICES:
            return id
        choir = self._choir(node)
        return "" if choir is None or has_events(node.type) else choir[0]

    def _count(self, hand: str) -> int:
        """How many voices a hand has: one outside a group."""
        choir = self._choirs.get(self.flat.nodes[hand].parent)
        return choir[2] if choir is not None and choir[0] == hand else 1

    # Nodes

    def _copies_of(self, node: Node) -> Iterator[Node]:
        hand = self._hand(node.id)
        if node.type == VOICES:
            yield replace(node, type=HAND)
            for voice in range(self._count(node.id)):
                values = {name: value for name, value in node.values.items() if name == "glide_s"}
                yield _copy(node, voice, hand, type=VOICE, values={**values, "voice": float(voice)})
        elif hand:
            for voice in range(self._count(hand)):
                yield _copy(node, voice, hand)
        else:
            yield node

    def _renew_node(self, id: str, delta: Delta) -> None:
        node = self.flat.nodes.get(id)
        new = {copy.id: copy for copy in self._copies_of(node)} if node is not None else {}
        old = self._copies.pop(id, [])
        if new:
            self._copies[id] = list(new)
        for copy in old:
            if copy not in new:
                self._take(copy, delta)
        for copy, made in new.items():
            if copy not in self.nodes:
                self._give(made, delta)
            self.nodes[copy] = made

    def _drop_node(self, id: str, delta: Delta) -> None:
        for copy in self._copies.pop(id, []):
            self._take(copy, delta)

    def _give(self, node: Node, delta: Delta) -> None:
        """Add a node; a voice hears its hand."""
        self.nodes[node.id] = node
        delta.nodes_added.append(node)
        if isinstance(node, VoiceNode) and node.type == VOICE:
            self._put_wire(FlatWire(_hearing(node.id), node.hand, "voiced", node.id, "voiced", 1.0, node.order), delta)

    def _take(self, id: str, delta: Delta) -> None:
        node = self.nodes.pop(id)
        delta.nodes_removed.append(node)
        if node.type == VOICE:
            delta.wires_removed.append(self.wires.pop(_hearing(id)))

    # Wires

    def _touch(self, wire: FlatWire) -> None:
        for id in (wire.source, wire.target):
            self._touching.setdefault(id, set()).add(wire.key)

    def _untouch(self, wire: FlatWire) -> None:
        for id in (wire.source, wire.target):
            keys = self._touching.get(id)
            if keys is not None:
                keys.discard(wire.key)
                if not keys:
                    del self._touching[id]

    def _drop_wire(self, key: str, delta: Delta) -> None:
        for copy in self._wire_copies.pop(key, []):
            delta.wires_removed.append(self.wires.pop(copy))
        for end in [end for end, keys in self._levels.items() if key in keys]:
            self._levels[end].discard(key)
            if not self._levels[end]:
                del self._levels[end]
                self._drop_levels(end, delta)

    def _renew_wire(self, key: str, delta: Delta) -> None:
        wire = self.flat.wires.get(key)
        if wire is None:
            return
        made = list(self._wires_of(wire, delta))
        self._wire_copies[key] = [copy.key for copy in made]
        for copy in made:
            self._put_wire(copy, delta)

    def _put_wire(self, wire: FlatWire, delta: Delta) -> None:
        self.wires[wire.key] = wire
        delta.wires_added.append(wire)

    def _wires_of(self, wire: FlatWire, delta: Delta) -> Iterator[FlatWire]:
        source, target = self._hand(wire.source), self._hand(wire.target)
        if self.flat.nodes[wire.target].type == VOICES and wire.target_port != "glide_s":
            target = ""
        if not source and not target:
            yield wire
        elif source == target or not source:
            for voice in range(self._count(target)):
                begin = wire.source if not source else _of(wire.source, voice)
                yield replace(wire, key=_of(wire.key, voice), source=begin, target=_of(wire.target, voice))
        else:
            levelled = self._level(wire, source, delta)
            ends = [_of(wire.target, v) for v in range(self._count(target))] if target else [wire.target]
            for k, end in enumerate(ends):
                for voice in range(self._count(source)):
                    begin, port = (
                        (_level_id(wire, voice), "out") if levelled else (_of(wire.source, voice), wire.source_port)
                    )
                    key = _of(f"{wire.key}{MARK}{k}" if k else wire.key, voice)
                    yield replace(wire, key=key, source=begin, source_port=port, target=end)

    # Where sound leaves its group

    def _level(self, wire: FlatWire, hand: str, delta: Delta) -> bool:
        """Let what leaves a group by this outlet pass a level a voice; False for what is no sound."""
        kind = find(self.flat.nodes[wire.source].type)
        if kind is None or wire.source_port not in kind.outputs or kind.outputs[wire.source_port].type != "audio":
            return False
        end = (wire.source, wire.source_port)
        known = end in self._levels
        self._levels.setdefault(end, set()).add(wire.key)
        if known:
            return True
        node = self.flat.nodes[wire.source]
        for voice in range(self._count(hand)):
            id = _level_id(wire, voice)
            self._give(VoiceNode(id, LEVEL, {}, node.parent, node.order, voice=voice, hand=hand), delta)
            sound = FlatWire(id, _of(wire.source, voice), wire.source_port, id, "in", 1.0, node.order)
            self._put_wire(sound, delta)
            fade = FlatWire(_hearing(id), _of(hand, voice), "level", id, "level", 1.0, node.order)
            self._put_wire(fade, delta)
        return True

    def _drop_levels(self, end: tuple[str, str], delta: Delta) -> None:
        stem = f"{end[0]}.{end[1]}{MARK}"
        voice = 0
        while (id := f"{stem}{voice}") in self.nodes:
            self._take(id, delta)
            delta.wires_removed += [self.wires.pop(id), self.wires.pop(_hearing(id))]
            voice += 1

    # Values

    def _set(self, plain: Delta, delta: Delta) -> None:
        for id, name, value in plain.values_set:
            for copy in self._copies.get(id, ()):
                kind = find(self.nodes[copy].type)
                if kind is None or name in kind.defaults():
                    delta.values_set.append((copy, name, value))
        for id in dict.fromkeys([*(id for id, _, _ in plain.values_set), *plain.clips_set]):
            if id in self.flat.nodes:
                self._renew_node(id, delta)
        delta.clips_set = [copy for id in plain.clips_set for copy in self._copies.get(id, ())]


def has_events(type: str) -> bool:
    """Whether a type has an event port, and is there once for all voices."""
    kind = find(type)
    ports = (*kind.inputs.values(), *kind.outputs.values()) if kind is not None else ()
    return any(port.type == "event" for port in ports)


def _of(id: str, voice: int) -> str:
    return f"{id}{MARK}{voice}"


def _hearing(id: str) -> str:
    """The key of the wire by which a voice, or its level, hears its hand."""
    stem, _, voice = id.rpartition(MARK)
    return f"{stem}{MARK}{MARK}{voice}"


def _level_id(wire: FlatWire, voice: int) -> str:
    return f"{wire.source}.{wire.source_port}{MARK}{voice}"


def _copy(node: Node, voice: int, hand: str, **changed: object) -> VoiceNode:
    fields = {name: getattr(node, name) for name in Node.__struct_fields__}
    return VoiceNode(**{**fields, "id": _of(node.id, voice), **changed}, voice=voice, hand=hand)


def _net(delta: Delta) -> Delta:
    """Without wires and nodes that were taken out and put back as they were."""
    gone = {wire.key: wire for wire in delta.wires_removed}
    back = {wire.key for wire in delta.wires_added if gone.get(wire.key) == wire}
    moved = {node.id for node in delta.nodes_removed} & {node.id for node in delta.nodes_added}
    if back:
        touched = {wire.key for wire in delta.wires_added if {wire.source, wire.target} & moved}
        back -= touched
        delta.wires_removed = [wire for wire in delta.wires_removed if wire.key not in back]
        delta.wires_added = [wire for wire in delta.wires_added if wire.key not in back]
    return delta
