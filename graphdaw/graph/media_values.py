"""Which recordings nodes and their clips name, and naming others."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from graphdaw.graph.clips import AudioClip, recordings
from graphdaw.graph.model import Node
from graphdaw.nodes.base import registry

CLIPS = "clips."
"""What the place of a recording begins with that a clip names."""

replace = msgspec.structs.replace


def media_values(node: Node) -> list[tuple[str, str]]:
    """What names a recording in a node: the parameter, or `clips.` and the id of a clip, and the hash or path."""
    kind = registry.get(node.type)
    found = ((name, node.values.get(name)) for name in (kind.media if kind else ()))
    named = [(name, value) for name, value in found if isinstance(value, str) and value]
    return named + [(CLIPS + id, value) for id, value in recordings(node.clips)]


def with_media(node: Node, others: Mapping[str, str]) -> Node:
    """The node with other paths or hashes in place of some."""
    changed = {name: others[v] for name, v in media_values(node) if v in others and not name.startswith(CLIPS)}
    clips = tuple(
        replace(clip, media=others[clip.media]) if isinstance(clip, AudioClip) and clip.media in others else clip
        for clip in node.clips
    )
    return replace(node, values={**node.values, **changed}, clips=clips)
