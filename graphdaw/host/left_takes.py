"""Takes that a crash left behind: found, made whole and named."""

from __future__ import annotations

import os
import re
from pathlib import Path

from graphdaw._core import ffi, lib
from graphdaw.host.files import give_free_name
from graphdaw.host.tape import Take

PART = re.compile(r"\.(?P<name>.+)\.[0-9a-f]{8}-[0-9]+\.part\.wav")


def recover_takes(folder: str | os.PathLike[str]) -> list[Take]:
    """Make takes that were being recorded in a folder when their program ended into files of their own.

    `take.wav` becomes `take-recovered.wav` (or `take-recovered-2.wav`: nothing is written over), and holds all that
    reached the disk. What another program is still recording, what is no take, and a folder that cannot be read are
    left alone. Oldest first; `peak` is not known, and 0.

    >>> recover_takes("no/such/folder")
    []
    """
    try:
        parts = [path for path in Path(folder).iterdir() if PART.fullmatch(path.name)]
        parts.sort(key=lambda path: (path.lstat().st_mtime_ns, path.name))
    except OSError:
        return []
    return [take for part in parts if (take := _recover(part)) is not None]


def _recover(part: Path) -> Take | None:
    core, rate, bits = ffi.new("GdTake *"), ffi.new("uint32_t *"), ffi.new("uint32_t *")
    if lib.gd_tape_repair(ffi.new("char[]", os.fsencode(part)), core, rate, bits):
        return None
    match = PART.fullmatch(part.name)
    assert match is not None
    try:
        if core.frames == 0:
            part.unlink(missing_ok=True)
            return None
        path, _ = give_free_name(part, part.with_name(f"{Path(match['name']).stem}-recovered.wav"))
    finally:
        os.close(core.file)
    return Take(path, core.channels, core.frames, rate[0], core.start, complete=False, recovered=True)
