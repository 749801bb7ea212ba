"""Instruments from files: SoundFonts, SFZ files and Hydrogen's drum kits, all as one kind of value."""

from __future__ import annotations

import os
import tempfile

from graphdaw.errors import MediaError
from graphdaw.graph import outside
from graphdaw.graph.instruments import packs
from graphdaw.host.chunks import read_chunks
from graphdaw.host.instruments.hydrogen import read_drumkit_zones
from graphdaw.host.instruments.sfz import read_sfz_zones
from graphdaw.host.instruments.soundfont import read_soundfont, soundfont_presets
from graphdaw.host.instruments.soundfont_file import Preset
from graphdaw.host.media import read_recording
from graphdaw.nodes.prepare.zone_map import ZoneMap, of_recording

__all__ = ["Preset", "presets", "read_instrument"]

SOUNDFONT = b"sfbk"


def read_instrument(path: str | os.PathLike[str], preset: str = "", name: str = "") -> ZoneMap:
    """An instrument file, or the pack of one from a project, or a single recording, which is an instrument of one zone.

    `preset` chooses a sound of a SoundFont: "bank:program", a program, or a name. `name` is what the user calls the
    file. Raises `MediaError`.
    """
    called = name or os.fspath(path)
    head = _head(path, called)
    if head.startswith(packs.MAGIC):
        with tempfile.TemporaryDirectory(prefix="graphdaw-") as folder:
            index = packs.unpack(path, folder, called)
            return _read(index, preset, called, _head(index, called))
    return _read(path, preset, called, head)


def presets(path: str | os.PathLike[str], name: str = "") -> list[Preset]:
    """The sounds of a SoundFont, of which a node plays one; other instruments have none. Raises MediaError."""
    is_font = _head(path, name or os.fspath(path))[8:12] == SOUNDFONT
    return soundfont_presets(path, name) if is_font else []


def _read(where: str | os.PathLike[str], preset: str, called: str, head: bytes) -> ZoneMap:
    path = os.fspath(where)
    kind = path.lower()
    if head[8:12] == SOUNDFONT:
        return read_soundfont(path, preset, called)
    if kind.endswith(".sfz"):
        return read_sfz_zones(path, called)
    if kind.endswith(".xml"):
        return read_drumkit_zones(path, called)
    return of_recording(read_recording(path, None, called), float(read_chunks(path).root_key))


def _head(path: str | os.PathLike[str], called: str) -> bytes:
    """The beginning of a file, by which its kind is known."""
    try:
        with outside.opened(path) as file:
            return file.read(len(packs.MAGIC))
    except OSError as error:
        raise MediaError(f"{called} cannot be read: {error.strerror or error}; choose an instrument.") from error
