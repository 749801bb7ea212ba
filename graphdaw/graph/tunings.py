"""Tunings from Scala's files, as the settings of a `voices` node that hold them."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from graphdaw.errors import MediaError
from graphdaw.graph import outside
from graphdaw.nodes.prepare.tuning import key_map_in_file, scale_in_file

MAX_BYTES = 1 << 20


def settings_of(scale: str | os.PathLike[str], key_map: str | os.PathLike[str] | None = None) -> dict[str, str]:
    """The texts `scale` and `key_map` of a .scl file and, if there is one, a .kbm file; raises MediaError."""
    _, degrees = _read(scale, scale_in_file, "scale", ".scl")
    keys = "" if key_map is None else _read(key_map, key_map_in_file, "mapping of keys", ".kbm")[1]
    return {"scale": degrees, "key_map": keys}


def _read(path: str | os.PathLike[str], parse: Callable[[str], tuple[Any, str]], what: str, ending: str) -> Any:
    where = os.fspath(path)
    data = outside.read(path, MAX_BYTES, f"a {ending} file")
    if len(data) > MAX_BYTES:
        raise MediaError(f"{where} holds more than {MAX_BYTES >> 20} MiB; choose a {ending} file.")
    try:
        return parse(data.decode("utf-8", errors="replace"))
    except ValueError as error:
        raise MediaError(f"{where} is no {what} that can be read: {error}; choose another {ending} file.") from error
