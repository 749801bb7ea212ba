"""`graphdaw convert`: a song from one program's file to another's, or into a project that plays it, or out of one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from graphdaw.cli.output import AsJson, remark, say, say_json

if TYPE_CHECKING:
    from graphdaw.graph.song import Song

PROJECT = ".gdaw"
SYSTEM = "gm"


def convert(
    source: Annotated[
        str, typer.Argument(metavar="IN", help="A .mid, an LMMS project (.mmp, .mmpz), a .dawproject or a .gdaw.")
    ],
    target: Annotated[
        str, typer.Argument(metavar="OUT", help="A .mid, a .dawproject or a .gdaw; what is there is replaced.")
    ],
    soundfont: Annotated[
        str, typer.Option(help="Into a .gdaw: the .sf2 that plays General MIDI's sounds, or “gm” for the system's.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Write the song in IN to OUT, for another program or as a project, and tell what could not be carried over.

    Recordings go into OUT from within IN and from its folder.
    """
    import os
    import tempfile

    from graphdaw.host.songs.files import DAWPROJECT, check_writable, read_song, write_song

    into, out_of = target.lower().endswith(PROJECT), source.lower().endswith(PROJECT)
    _check(into, out_of, soundfont)
    if not into:
        check_writable(target)
    keeps_recordings = into or target.lower().endswith(DAWPROJECT)
    with tempfile.TemporaryDirectory() as folder:
        if out_of:
            song = _song_in(source, folder if keeps_recordings else None)
        else:
            song = read_song(source, folder if keeps_recordings else None)
        folders = (folder, os.path.dirname(source) or ".")
        written = _save(song, target, soundfont, folders) if into else write_song(song, target, folders)
    report = (*song.report, *written)
    seconds = song.timeline.seconds(song.end_ticks)
    if as_json:
        say_json(
            {
                "title": song.title,
                "seconds": seconds,
                "tracks": [
                    {"name": track.name, "kind": track.kind, "clips": len(track.clips)} for track in song.tracks
                ],
                "notes": song.note_count,
                "automation": len(song.automation),
                "report": list(report),
            }
        )
        return
    say(f"{target}: {song.title!r}, {len(song.tracks)} tracks, {song.note_count} notes, {seconds:.1f} s")
    for sentence in report:
        remark(sentence)


def _check(into: bool, out_of: bool, soundfont: str) -> None:
    from graphdaw.errors import MediaError

    if into and out_of:
        raise MediaError("Both files are projects, so there is nothing to convert; copy the one to the other.")
    if soundfont and not into:
        raise MediaError(f"A SoundFont plays what a {PROJECT} holds, and no other file can; leave --soundfont out.")


def _song_in(source: str, folder: str | None) -> Song:
    """The song in a project, its recordings in `folder`."""
    from pathlib import PurePath

    from graphdaw.cli.project import load
    from graphdaw.host.songs.document.reading import song_of
    from graphdaw.host.songs.document.unpacked import with_recordings

    document = load(source).document
    song = song_of(document, PurePath(source).stem)
    return song if folder is None else with_recordings(song, document, folder)


def _save(song: Song, target: str, soundfont: str, folders: tuple[str, ...]) -> tuple[str, ...]:
    """Write a project that plays a song."""
    import os

    from graphdaw.cli.project import remark_on
    from graphdaw.errors import MediaError
    from graphdaw.host.instruments import presets
    from graphdaw.host.songs.document.building import document_of, system_soundfont

    font = soundfont
    if font == SYSTEM:
        font = system_soundfont() or ""
        if not font:
            raise MediaError("There is no SoundFont of General MIDI on this system; name the path of one.")
    elif font and not presets(font):
        raise MediaError(f"{font} is no SoundFont; choose an .sf2.")
    graph, report = document_of(song, soundfont=os.path.abspath(font) if font else "", folders=folders)
    remark_on(graph.save(target))
    return report
