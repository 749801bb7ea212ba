"""Recordings of a project's tracks as files, for programs that cannot look into it."""

from __future__ import annotations

import os
from pathlib import Path, PurePath

from graphdaw.errors import GraphdawError
from graphdaw.graph.clips import AudioClip
from graphdaw.graph.model import Document
from graphdaw.graph.project.media import media_path
from graphdaw.graph.song import Report, Song, changed


def with_recordings(song: Song, document: Document, folder: str) -> Song:
    """The song with the paths of its recordings, those in the project unpacked to `folder`; missing ones are said."""
    report = Report()
    found: dict[str, str] = {}
    tracks = []
    for track in song.tracks:
        clips = []
        for clip in track.clips:
            if isinstance(clip, AudioClip):
                if clip.media not in found:
                    found[clip.media] = _file(document, clip.media, folder, report)
                clip = changed(clip, media=found[clip.media])
            clips.append(clip)
        tracks.append(changed(track, clips=tuple(clips)))
    return changed(song, tracks=tuple(tracks), report=(*song.report, *report.all()))


def _file(document: Document, media: str, folder: str, report: Report) -> str:
    """The path of a recording, under the name that it had where it was unpacked."""
    try:
        path = media_path(document, media, folder)
    except GraphdawError as error:
        report.say(str(error))
        return media
    medium = document.media.get(media)
    if medium is None or path.parent != Path(folder):
        return os.fspath(path)
    named = Path(folder, media[:8], PurePath(medium.name).name or "recording")
    named.parent.mkdir(exist_ok=True)
    os.replace(path, named)
    return os.fspath(named)
