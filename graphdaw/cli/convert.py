"""`graphdaw convert`: a song from one program's file to another's."""

from __future__ import annotations

from typing import Annotated

import typer

from graphdaw.cli.output import AsJson, remark, say, say_json


def convert(
    source: Annotated[
        str, typer.Argument(metavar="IN", help="A .mid, an LMMS project (.mmp, .mmpz) or a .dawproject.")
    ],
    target: Annotated[str, typer.Argument(metavar="OUT", help="A .mid or a .dawproject; what is there is replaced.")],
    as_json: AsJson = False,
) -> None:
    """Write the song in IN to OUT, for another program, and tell what could not be carried over.

    Recordings go into OUT from within IN and from its folder.
    """
    import os
    import tempfile

    from graphdaw.host.songs.files import DAWPROJECT, check_writable, read_song, write_song

    check_writable(target)
    with tempfile.TemporaryDirectory() as folder:
        keeps_recordings = target.lower().endswith(DAWPROJECT)
        song = read_song(source, folder if keeps_recordings else None)
        report = (*song.report, *write_song(song, target, (folder, os.path.dirname(source) or ".")))
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
