"""A DAWproject file as a Song; a zip in, a Song or one MediaError out."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePath, PurePosixPath
from xml.etree.ElementTree import Element

from graphdaw.errors import MediaError, ProjectError, brief
from graphdaw.graph import outside, xml_files
from graphdaw.graph.clips import TICKS_PER_QUARTER, AudioClip, CurveClip
from graphdaw.graph.project import bundle
from graphdaw.graph.song import Automation, Song, SongTrack, changed
from graphdaw.graph.timeline import BPM, Marker, Signature, Tempo, Timeline
from graphdaw.host.songs.dawproject import METADATA, PROJECT
from graphdaw.host.songs.dawproject.arrangement import Arrangement
from graphdaw.host.songs.dawproject.structure import tracks_of
from graphdaw.host.songs.dawproject.values import Project, Scale, number, time

MAX_STATE_BYTES = 32 << 20  # of one plugin, and of all of them twice that
MAX_MEDIA_BYTES = 4 << 30


def read_song(path: str | os.PathLike[str], media_folder: str | os.PathLike[str] | None = None) -> Song:
    """The Song in a .dawproject file; raises MediaError, and nothing else, for whatever it holds.

    Recordings inside it are written to `media_folder`, beside what is there, and named by their paths; without one,
    clips name them as the file does.
    """
    name = os.fspath(path)
    try:
        with outside.opened(path) as file, zipfile.ZipFile(file) as archive:
            bundle.check_members(archive, name)
            song = _song(archive)
            if media_folder is not None:
                song = _with_media(song, archive, Path(media_folder))
    except OSError as error:
        raise MediaError(f"{name} cannot be read: {error.strerror or error}; choose a .dawproject file.") from error
    except ProjectError as error:
        raise MediaError(str(error)) from error
    except bundle.FAULTS as error:
        why = brief(error) or type(error).__name__
        raise MediaError(f"{name} is no DAWproject file that can be read: {why}; choose another.") from error
    return song if song.title else changed(song, title=PurePath(name).stem)


def _song(archive: zipfile.ZipFile) -> Song:
    if PROJECT not in archive.NameToInfo:
        raise ValueError(f"it holds no {PROJECT}")
    root = xml_files.parse_xml(_member(archive, PROJECT, xml_files.MAX_BYTES))
    if root.tag != "Project":
        raise ValueError(f"its {PROJECT} holds no project")
    project = Project(root)
    left = [2 * MAX_STATE_BYTES]

    def state(name: str) -> bytes:
        if name not in archive.NameToInfo:
            return b""
        data = _member(archive, name, min(MAX_STATE_BYTES, left[0]))
        left[0] -= len(data)
        return data

    tracks = tracks_of(project, state)
    project.timeline = _timeline(project)
    arrangement = Arrangement(project, {track.id: track.name for track in tracks})
    holder = root.find("Arrangement")
    for lanes in holder if holder is not None else ():
        if lanes.tag == "Lanes":
            arrangement.read(lanes, Scale(project.timeline), "")
    for scene in root.iter("Scene"):
        if next(scene.iter("Clip"), None) is not None:
            project.report.say(f"The scene {scene.get('name', '')!r} of the launcher was left out.")
    return Song(
        _title(archive),
        project.timeline,
        tuple(_filled(tracks, arrangement, project)),
        tuple(_automation(arrangement)),
        report=project.report.all(),
    )


def _member(archive: zipfile.ZipFile, name: str, max_bytes: int) -> bytes:
    with archive.open(name) as member:
        data = member.read(max_bytes + 1)
    if len(data) > max_bytes:
        raise ValueError(f"its member {brief(name)!r} is larger than {max_bytes >> 20} MiB")
    return data


def _title(archive: zipfile.ZipFile) -> str:
    if METADATA not in archive.NameToInfo:
        return ""
    title = xml_files.parse_xml(_member(archive, METADATA, xml_files.MAX_BYTES)).find("Title")
    return (title.text or "").strip() if title is not None else ""


def _filled(tracks: list[SongTrack], arrangement: Arrangement, project: Project) -> Iterator[SongTrack]:
    """The tracks with their clips."""
    for track in tracks:
        clips = arrangement.clips.pop(track.id, [])
        clips.sort(key=lambda clip: clip.at_ticks)
        kind = track.kind
        if kind == "notes" and track.id in arrangement.drums:
            kind = "drums"
        elif kind == "notes" and clips and all(isinstance(clip, AudioClip) for clip in clips) and not track.instrument:
            kind = "audio"
        yield changed(track, kind=kind, clips=tuple(clips))
    lost = sum(len(clips) for clips in arrangement.clips.values())
    if lost:
        project.report.say(f"{lost} clips lie on no track that is there and were left out.")


def _automation(arrangement: Arrangement) -> Iterator[Automation]:
    for target, clips in arrangement.curves.items():
        yield Automation(target, tuple(sorted(clips, key=_start)))


def _start(clip: CurveClip) -> int:
    return clip.at_ticks


def _timeline(project: Project) -> Timeline:
    root = project.root
    tempo, signature = root.find("Transport/Tempo"), root.find("Transport/TimeSignature")
    tempos = {0: Tempo(0, _possible(number(tempo, "value", 120.0)))}
    points = root.find("Arrangement/TempoAutomation")
    in_seconds = points is not None and points.get("timeUnit") == "seconds"
    tick, last_s = 0.0, 0.0
    for one in sorted(points if points is not None else (), key=lambda one: number(one, "time", 0.0)):
        if one.tag == "RealPoint":
            bpm, at = _possible(number(one, "value", 120.0)), time(one, "time")
            before = tempos[max(tempos)]
            if in_seconds:
                tick += (at - last_s) * (before.bpm + (bpm if before.ramp else before.bpm)) / 120 * TICKS_PER_QUARTER
                last_s = at
            else:
                tick = at * TICKS_PER_QUARTER
            tempos[round(tick)] = Tempo(round(tick), bpm, one.get("interpolation") == "linear")
    signatures = {0: Signature(0, *_beats(project, signature, 4, 4))}
    for one in root.iterfind("Arrangement/TimeSignatureAutomation/TimeSignaturePoint"):
        tick = round(time(one, "time") * TICKS_PER_QUARTER)
        signatures[tick] = Signature(tick, *_beats(project, one, 4, 4))
    markers = [
        Marker(round(time(one, "time") * TICKS_PER_QUARTER), one.get("name", ""))
        for one in root.iterfind("Arrangement/Markers/Marker")
    ]
    markers.sort(key=lambda marker: marker.at_ticks)
    last = tempos[max(tempos)]
    tempos[last.at_ticks] = Tempo(last.at_ticks, last.bpm)
    return Timeline(
        tuple(tempos[tick] for tick in sorted(tempos)),
        tuple(signatures[tick] for tick in sorted(signatures)),
        tuple(markers),
    )


def _beats(project: Project, element: Element | None, beats: int, unit: int) -> tuple[int, int]:
    upper, lower = beats, unit
    if element is not None:
        upper, lower = int(number(element, "numerator", beats, 1, 64)), int(number(element, "denominator", unit, 1, 64))
    if lower & (lower - 1):
        project.report.say(f"The time signature {upper}/{lower} became {upper}/4: its beats are no whole ticks.")
        lower = 4
    return upper, lower


def _possible(bpm: float) -> float:
    return min(max(bpm, BPM[0]), BPM[1])


def _with_media(song: Song, archive: zipfile.ZipFile, folder: Path) -> Song:
    """The song with its recordings on disk."""
    paths: dict[str, str] = {}
    missing: dict[str, None] = {}

    def located(clip: object) -> object:
        if not isinstance(clip, AudioClip) or not clip.media:
            return clip
        if clip.media not in paths and clip.media in archive.NameToInfo:
            paths[clip.media] = str(_extracted(archive, clip.media, folder))
        elif clip.media not in paths:
            missing[f"The recording {brief(clip.media)!r} is not inside the file."] = None
        return changed(clip, media=paths.get(clip.media, clip.media))

    tracks = tuple(changed(track, clips=tuple(map(located, track.clips))) for track in song.tracks)
    return changed(song, tracks=tracks, report=(*song.report, *missing))


def _extracted(archive: zipfile.ZipFile, name: str, folder: Path) -> Path:
    """A member written under its own name, with a number where there is such a file already."""
    plain = PurePosixPath(name).name.lstrip(".")[-100:] or "recording"
    folder.mkdir(parents=True, exist_ok=True)
    with archive.open(name) as member:
        for count in range(1, 10_000):
            path = folder / (plain if count == 1 else f"{count} {plain}")
            if path.exists():
                continue
            with open(path, "xb") as out:
                left = MAX_MEDIA_BYTES
                while piece := member.read(bundle.CHUNK):
                    left -= len(piece)
                    if left < 0:
                        raise ValueError(f"its recording {brief(name)!r} is larger than {MAX_MEDIA_BYTES >> 30} GiB")
                    out.write(piece)
            return path
    raise ValueError(f"{folder} holds too many files of the name {plain!r}")
