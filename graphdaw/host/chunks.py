"""What a WAV file says beside its samples: its key, loops, and the length of a wavetable's cycle. Control threads."""

from __future__ import annotations

import re
import struct
from pathlib import Path
from typing import NamedTuple

from graphdaw.graph import outside

MAX_CHUNKS = 1_000  # a file with more is damaged or means harm
MAX_CYCLE_FRAMES = 1 << 16
SAMPLER_HEADER, SAMPLER_LOOP = 36, 24  # bytes of a `smpl` chunk before its loops, and of each loop
MIDDLE_C = 60
LONGEST = SAMPLER_HEADER + SAMPLER_LOOP  # bytes of a chunk that are looked at


class Chunks(NamedTuple):
    """Loop as first frame and frame after the last, and frames a cycle; zeros where the file says nothing.

    `root_key` is the MIDI key at which it sounds as recorded, middle C where the file says nothing.
    """

    loop: tuple[int, int] = (0, 0)
    cycle_frames: int = 0
    root_key: int = MIDDLE_C


def read_chunks(path: str | Path) -> Chunks:
    """The chunks of a WAV file that speak of loops and cycles; nothing for any other file, or a damaged one.

    `smpl` is the standard's sampler chunk; `clm ` (a text, "<!>2048 ...") and `srge` (two whole numbers, the second
    the length) are how synthesizers mark wavetables.
    """
    loop, cycle, key = (0, 0), 0, MIDDLE_C
    with outside.opened(path) as file:
        head = file.read(12)
        if head[:4] not in (b"RIFF", b"RF64") or head[8:] != b"WAVE":
            return Chunks()
        for _ in range(MAX_CHUNKS):
            header = file.read(8)
            if len(header) < 8:
                break
            name, size = header[:4], struct.unpack("<I", header[4:])[0]
            begin = file.tell()
            if name in (b"smpl", b"clm ", b"srge"):
                data = file.read(min(size, LONGEST))
                if name == b"smpl":
                    loop, key = _loop(data), _key(data)
                elif name == b"clm ":
                    text = re.match(rb"<!>(\d{1,6})", data)
                    cycle = int(text[1]) if text else cycle
                elif len(data) >= 8:
                    cycle = struct.unpack_from("<2I", data)[1]
            file.seek(begin + size + size % 2)
    return Chunks(loop, cycle if 2 <= cycle <= MAX_CYCLE_FRAMES else 0, key)


def _loop(data: bytes) -> tuple[int, int]:
    """The first loop of a `smpl` chunk, whose last frame is part of it."""
    if len(data) < SAMPLER_HEADER + SAMPLER_LOOP or struct.unpack_from("<I", data, 28)[0] < 1:
        return 0, 0
    first, last = struct.unpack_from("<2I", data, SAMPLER_HEADER + 8)
    return (first, last + 1) if first < last else (0, 0)


def _key(data: bytes) -> int:
    """The key that a `smpl` chunk calls the recording's own."""
    key = struct.unpack_from("<I", data, 12)[0] if len(data) >= 16 else MIDDLE_C
    return key if key <= 127 else MIDDLE_C
