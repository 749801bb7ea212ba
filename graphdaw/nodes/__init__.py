"""Node types: one declaration a file, found by listing this folder."""

from __future__ import annotations

import importlib
import pkgutil

from graphdaw.nodes.base import NodeType, registry

__all__ = ["NodeType", "registry", "types"]

for _module in pkgutil.iter_modules(__path__):
    if _module.name != "base":
        importlib.import_module(f"{__name__}.{_module.name}")


def types() -> dict[str, NodeType]:
    """All node types by name, in alphabetical order."""
    return dict(sorted(registry.items()))
