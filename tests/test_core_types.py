"""The types of the compiled module are those that the compiled module has."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from graphdaw._core import ffi, lib

STUB = ast.parse((Path(__file__).parent.parent / "graphdaw" / "_core.pyi").read_text())
(LIB,) = (node for node in STUB.body if isinstance(node, ast.ClassDef) and node.name == "Lib")
FUNCTIONS = {node.name: node for node in LIB.body if isinstance(node, ast.FunctionDef)}
CONSTANTS = {
    node.target.id for node in LIB.body if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
}
WORDS = {"bool": "bool", "_Bool": "bool", "float": "float", "double": "float", "void": "None"}


def word(kind: ffi.CType) -> str:
    """A type of C as the stub says it."""
    return "CData" if kind.kind == "pointer" else WORDS.get(kind.cname, "int")


def test_every_function_and_constant_is_typed() -> None:
    assert {name for name in dir(lib) if callable(getattr(lib, name))} == set(FUNCTIONS)
    assert {name for name in dir(lib) if not callable(getattr(lib, name))} == CONSTANTS


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_arguments_and_results_have_the_types_of_the_header(name: str) -> None:
    real = ffi.typeof(getattr(lib, name))
    typed = FUNCTIONS[name]

    arguments = [ast.unparse(one.annotation) for one in typed.args.posonlyargs[1:] if one.annotation is not None]
    assert arguments == [word(kind) for kind in real.args]
    assert typed.returns is not None
    assert ast.unparse(typed.returns) == word(real.result)
