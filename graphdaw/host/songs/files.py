"""Songs by the names of their files: which format one has is what its name ends with."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from graphdaw.errors import MediaError
from graphdaw.graph.project import disk, publish
from graphdaw.graph.song import Song
from graphdaw.host.songs import midi, midi_write
from graphdaw.host.songs.dawproject import reading as dawproject
from graphdaw.host.songs.dawproject import writing as dawproject_write
from graphdaw.host.songs.lmms import reading as lmms

MIDI, LMMS, DAWPROJECT = (".mid", ".midi", ".rmi", ".kar"), (".mmp", ".mmpz", ".mpt"), (".dawproject",)
READABLE = (*MIDI, *LMMS, *DAWPROJECT)
WRITABLE = (*MIDI[:2], *DAWPROJECT)


def read_song(path: str | os.PathLike[str], media_folder: str | os.PathLike[str] | None = None) -> Song:
    """The Song in a file of another program; raises MediaError.

    Recordings that are inside the file are written to `media_folder`, if one is given.
    """
    ending = Path(path).suffix.lower()
    if ending in MIDI:
        return midi.read_song(path)
    if ending in LMMS:
        return lmms.read_song(path)
    if ending in DAWPROJECT:
        return dawproject.read_song(path, media_folder)
    raise MediaError(f"{os.fspath(path)} ends with none of {', '.join(READABLE)}, which are what songs are read from.")


def check_writable(path: str | os.PathLike[str]) -> None:
    """Raise MediaError unless songs can be written to files of that name."""
    if Path(path).suffix.lower() not in WRITABLE:
        raise MediaError(
            f"{os.fspath(path)} ends with none of {', '.join(WRITABLE)}, which are what songs are written to."
        )


def write_song(
    song: Song, path: str | os.PathLike[str], folders: Sequence[str | os.PathLike[str]] = ()
) -> tuple[str, ...]:
    """Write a file that another program reads, and return what it could not hold; raises MediaError.

    Recordings that lie in one of `folders` go into it. What stood at `path` stays there until the new file is whole.
    """
    check_writable(path)
    place = os.fspath(path)
    where, name = os.path.split(place)
    try:
        with disk.temporary(where, name) as (temporary, handle):
            with os.fdopen(os.dup(handle), "w+b") as file:
                if Path(path).suffix.lower() in DAWPROJECT:
                    report = dawproject_write.write_song(song, file, folders)
                else:
                    data, report = midi_write.write_song(song)
                    file.write(data)
                file.flush()
                disk.keep_rights(place, handle)
                os.fsync(handle)
            os.replace(temporary, place)
    except OSError as error:
        raise MediaError(publish.why_not_written(place, error)) from error
    return report
