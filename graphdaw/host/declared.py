"""Node types as one graph of the core knows them: told to it when the first node of each comes."""

from __future__ import annotations

from array import array
from typing import Any, NamedTuple

from graphdaw._core import ffi, lib
from graphdaw.errors import EngineError
from graphdaw.nodes import NodeType
from graphdaw.nodes.base import find


class DeclaredType(NamedTuple):
    """What the core knows of a node type, and how a document's names become its numbers."""

    id: int
    declared: NodeType
    inlets: dict[str, int]
    outlets: dict[str, int]
    params: dict[str, int]
    defaults: array[float]
    choices: dict[str, tuple[int, dict[str, int]]]


class DeclaredTypes:
    """The types of one graph, by their names."""

    def __init__(self, graph: Any) -> None:
        self._graph = graph
        self._known: dict[str, DeclaredType | None] = {}

    def named(self, name: str) -> DeclaredType | None:
        """The type of that name; None where there is none."""
        if name not in self._known:
            declared = find(name)
            self._known[name] = self._declare(declared) if declared is not None else None
        return self._known[name]

    def of(self, declared: NodeType) -> DeclaredType:
        """A type that no document names."""
        known = self._known.get(declared.name)
        if known is None:
            known = self._known[declared.name] = self._declare(declared)
        return known

    def _declare(self, declared: NodeType) -> DeclaredType:
        keep: list[Any] = []

        def text(string: str) -> Any:
            keep.append(ffi.new("char[]", string.encode()) if string else ffi.NULL)
            return keep[-1]

        params = {name: param for name, param in declared.params.items() if not param.fixed}
        ins = ffi.new("GdPortSpec[]", [(text(n), p.channels) for n, p in declared.inputs.items()])
        outs = ffi.new("GdPortSpec[]", [(text(n), p.channels) for n, p in declared.outputs.items()])
        specs = ffi.new("GdParamSpec[]", [(text(n), p.lo, p.hi, p.ramp_s) for n, p in params.items()])
        spec = ffi.new("GdTypeSpec *")
        spec.name, spec.kernel = text(declared.name), text(declared.kernel)
        spec.loop_read, spec.loop_write = text(declared.loop_kernels[0]), text(declared.loop_kernels[1])
        spec.always_loop = declared.always_loop
        spec.ins, spec.outs, spec.params = ins, outs, specs
        spec.in_count, spec.out_count, spec.param_count = len(declared.inputs), len(declared.outputs), len(params)
        id = lib.gd_graph_type(self._graph, spec)
        if id < 0:
            raise EngineError(f"{ffi.string(lib.gd_graph_error(self._graph)).decode()}; build graphdaw again.")
        return DeclaredType(
            id,
            declared,
            {name: i for i, name in enumerate(declared.inputs)},
            {name: i for i, name in enumerate(declared.outputs)},
            {name: i for i, name in enumerate(params)},
            array("f", [param.default for param in params.values()]),
            {
                name: (i, {option: k for k, option in enumerate(choice.options)})
                for i, (name, choice) in enumerate(declared.choices.items())
            },
        )
