"""An LMMS project as a Song; bytes in, a Song or one MediaError out."""

from __future__ import annotations

import os
import zlib
from collections import defaultdict
from pathlib import PurePath

from graphdaw.errors import MediaError, brief
from graphdaw.graph import outside, xml_files
from graphdaw.graph.clips import CurveClip
from graphdaw.graph.song import Automation, Song, Target, changed, decibels
from graphdaw.graph.timeline import Loop, Signature, Timeline
from graphdaw.host.songs.lmms.curves import curve_clip, tempos_of
from graphdaw.host.songs.lmms.mixer import buses
from graphdaw.host.songs.lmms.tracks import Found, tracks_of
from graphdaw.host.songs.lmms.values import MOST_TICKS, TICK, Project, children, number, ticks

MAX_BYTES = xml_files.MAX_BYTES
_ROOTS = ("lmms-project", "multimedia-project")
_TYPES = ("song", "songtemplate")
_TEMPO, _UPPER, _LOWER = (Target("song", name) for name in ("tempo", "signature beats", "signature unit"))


def read_song(path: str | os.PathLike[str]) -> Song:
    """The Song in an .mmp or .mmpz file; raises MediaError, and nothing else, for whatever it holds."""
    name = os.fspath(path)
    data = outside.read(path, MAX_BYTES, "an LMMS project")
    return changed(parse_song(data, name), title=PurePath(name).stem)


def parse_song(data: bytes, where: str) -> Song:
    """The same from bytes; `where` names them in a MediaError."""
    try:
        root = xml_files.parse_xml(_unpacked(data))
        if root.tag not in _ROOTS or root.find("song") is None or root.get("type", "song") not in _TYPES:
            raise ValueError("it holds no song")
        return _song(Project(root))
    except ValueError as error:
        raise MediaError(f"{where} is no LMMS project that can be read: {brief(error)}; choose another.") from error


def _unpacked(data: bytes) -> bytes:
    """The XML of either kind of file: packed ones have the length of it in four bytes, then zlib's."""
    if len(data) > MAX_BYTES:
        raise ValueError(f"it holds more than {MAX_BYTES >> 20} MiB")
    if data.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"<":
        return data
    unpacker = zlib.decompressobj()
    try:
        text = unpacker.decompress(data[4:], MAX_BYTES + 1)
    except zlib.error as error:
        raise ValueError("what is packed in it is damaged") from error
    if not unpacker.eof and len(text) <= MAX_BYTES:
        raise ValueError("it ends early")
    return text


def _song(project: Project) -> Song:
    head = project.head
    project.model(head, "bpm", _TEMPO)
    project.model(head, "timesig_numerator", _UPPER)
    project.model(head, "timesig_denominator", _LOWER)
    project.model(head, "mastervol", Target("song", "level"), 0.01)
    project.model(head, "masterpitch", Target("song", "transposition"))
    mixer = buses(project)
    found = tracks_of(project, {bus.id for bus in mixer})
    curves = _curves(project, found)
    automation = tuple(
        Automation(target, tuple(sorted(clips, key=lambda clip: clip.at_ticks)), clips[0].name)
        for target, clips in curves.items()
        if target not in (_TEMPO, _UPPER, _LOWER)
    )
    for controllers in children(project.root.find("song"), "controllers"):
        for controller in controllers:
            project.report.say(f"The controller {controller.get('name') or controller.tag!r} was left out.")
    return Song(
        "",
        _timeline(project, curves),
        (*found.tracks, *mixer),
        automation,
        gain_db=decibels(number(head, "mastervol", 100.0, 0, 200) / 100),
        report=project.report.all(),
    )


def _curves(project: Project, found: Found) -> dict[Target, list[CurveClip]]:
    """The automation by what it moves."""
    curves: dict[Target, list[CurveClip]] = defaultdict(list)
    for k, (pattern, at, length, loop) in enumerate(found.automation, 1):
        named = pattern.get("name") or "an automation pattern"
        ids = dict.fromkeys(element.get("id", "") for element in children(pattern, "object"))
        for j, id in enumerate(ids):
            moved = project.models.get(id)
            if moved is None:
                project.report.say(f"{named}: what it moves is not in the project, so it was left out.")
                continue
            project.spend_clip()
            clip = curve_clip(pattern, f"a{k}.{j + 1}", moved.factor, at, loop)
            curves[moved.target].append(changed(clip, length_ticks=length) if length else clip)
    return curves


def _timeline(project: Project, curves: dict[Target, list[CurveClip]]) -> Timeline:
    tempos = tempos_of(number(project.head, "bpm", 140.0), curves.get(_TEMPO, ()))
    changes: dict[int, dict[str, int]] = defaultdict(dict)
    for target in (_UPPER, _LOWER):
        for clip in curves.get(target, ()):
            for point in clip.points:
                changes[clip.at_ticks + point.at_ticks][target.parameter] = max(1, min(64, round(point.value)))
    beats, unit = project.beats, project.unit
    signatures = {0: Signature(0, beats, _power(unit))}
    for tick in sorted(changes):
        beats = changes[tick].get(_UPPER.parameter, beats)
        unit = changes[tick].get(_LOWER.parameter, unit)
        signatures[tick] = Signature(tick, beats, _power(unit))
    loop = None
    for element in children(project.root.find("song"), "timeline"):
        start, end = ticks(element, "lp0pos"), TICK * round(number(element, "lp1pos", 0.0, 0, MOST_TICKS))
        if end > start:
            loop = Loop(start, end, number(element, "lpstate", 0.0) != 0.0)
    return Timeline(tempos, tuple(signatures.values()), loop=loop)


def _power(unit: int) -> int:
    """The nearest power of two below: bars of other units are no whole ticks."""
    return 1 << (unit.bit_length() - 1)
