"""A Song as a DAWproject file, with the recordings that can be found inside; what it cannot hold is said."""

from __future__ import annotations

import contextlib
import os
import re
import zipfile
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import PurePath
from typing import IO
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from graphdaw.errors import MediaError
from graphdaw.graph import outside
from graphdaw.graph.clips import TICKS_PER_QUARTER
from graphdaw.graph.project.bundle import Writer
from graphdaw.graph.song import MASTER, Report, Song, SongTrack, changed, joined
from graphdaw.host.media import MediaStream
from graphdaw.host.songs.dawproject import METADATA, PROJECT
from graphdaw.host.songs.dawproject.write_clips import Clips, Recording, points_to
from graphdaw.host.songs.dawproject.write_structure import Ids, Structure

_UNWRITABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # what XML cannot hold


def write_song(song: Song, out: IO[bytes], folders: Sequence[str | os.PathLike[str]] = ()) -> tuple[str, ...]:
    """Write a DAWproject file to `out` and return what it could not hold.

    Recordings that lie in one of `folders`, links followed, go into the file, and no others: a song that comes from a
    stranger may name any file of its reader's.
    """
    report = Report()
    if not any(track.kind == "master" for track in song.tracks):
        song = changed(song, tracks=(*song.tracks, SongTrack(MASTER, "Master", "master", bus="")))
    media = _Media([os.path.realpath(folder) for folder in folders], report)
    root, structure = _project(song, media, report)
    with zipfile.ZipFile(out, "w") as archive:
        writer = Writer(archive)
        writer.add(METADATA, _bytes(_metadata(song)))
        writer.add(PROJECT, _bytes(root))
        for name, data in structure.states.items():
            writer.add(name, data)
        media.write(writer)
    return report.all()


def _bytes(root: Element) -> bytes:
    """XML as text, without what XML cannot hold."""
    for element in root.iter():
        for name, text in element.attrib.items():
            element.attrib[name] = _UNWRITABLE.sub("", text)
        element.text = _UNWRITABLE.sub("", element.text) if element.text else element.text
    indent(root)
    data: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return data


def _metadata(song: Song) -> Element:
    root = Element("MetaData")
    SubElement(root, "Title").text = song.title
    return root


def _project(song: Song, media: _Media, report: Report) -> tuple[Element, Structure]:
    ids = Ids()
    root = Element("Project", version="1.0")
    SubElement(root, "Application", name="GraphDAW", version=version("graphdaw"))
    transport = SubElement(root, "Transport")
    tempo = ids.given(
        SubElement(
            transport, "Tempo", unit="bpm", value=repr(song.timeline.tempos[0].bpm), min="5", max="999", name="Tempo"
        )
    )
    first = song.timeline.signatures[0]
    signature = ids.given(
        SubElement(transport, "TimeSignature", numerator=str(first.beats), denominator=str(first.unit))
    )
    structure = Structure(song, ids, report)
    root.append(structure.element())
    arrangement = ids.given(SubElement(root, "Arrangement"))
    lanes = ids.given(SubElement(arrangement, "Lanes", timeUnit="beats"))
    clips = Clips(song.timeline, ids, media.found, report)
    for track in song.tracks:
        own = ids.given(SubElement(lanes, "Lanes", track=structure.tracks[track.id]))
        own.append(clips.element(track))
        _automation(song, track, own, structure, report)
    for one in song.automation:
        if song.track(one.target.track) is None:
            report.say(f"Automation of {one.target.parameter!r} of the whole was left out.")
    _markers(song, arrangement, ids, report)
    _tempo_map(song, arrangement, ids, tempo.attrib["id"], signature.attrib["id"])
    return root, structure


def _automation(song: Song, track: SongTrack, lanes: Element, structure: Structure, report: Report) -> None:
    for one in song.automation:
        if one.target.track == track.id:
            to = structure.parameters.get(one.target)
            points = joined(one.clips)
            if to is None:
                report.say(f"{track.name}: automation of {one.target.parameter!r} moves nothing in the file: left out.")
            elif points:
                found = points_to(lanes, structure.ids, {"parameter": to.id}, to.unit, points, to.scale)
                if to.switch:
                    for point in found.iter("RealPoint"):
                        point.tag = "BoolPoint"
                        point.attrib = {
                            "time": point.attrib["time"],
                            "value": str(float(point.attrib["value"]) != 0).lower(),
                        }


def _markers(song: Song, arrangement: Element, ids: Ids, report: Report) -> None:
    if song.timeline.markers:
        markers = ids.given(SubElement(arrangement, "Markers", timeUnit="beats"))
        for marker in song.timeline.markers:
            SubElement(markers, "Marker", time=beats(marker.at_ticks), name=marker.name)
            if marker.length_ticks:
                report.say(f"The section {marker.name!r} became a marker where it begins.")
    if song.timeline.loop:
        report.say("The loop was left out.")


def _tempo_map(song: Song, arrangement: Element, ids: Ids, tempo: str, signature: str) -> None:
    timeline = song.timeline
    if len(timeline.tempos) > 1:
        points = ids.given(SubElement(arrangement, "TempoAutomation", timeUnit="beats", unit="bpm"))
        SubElement(points, "Target", parameter=tempo)
        for one in timeline.tempos:
            shape = "linear" if one.ramp else "hold"
            SubElement(points, "RealPoint", time=beats(one.at_ticks), value=repr(one.bpm), interpolation=shape)
    if len(timeline.signatures) > 1:
        points = ids.given(SubElement(arrangement, "TimeSignatureAutomation", timeUnit="beats"))
        SubElement(points, "Target", parameter=signature)
        for two in timeline.signatures:
            at = beats(two.at_ticks)
            SubElement(points, "TimeSignaturePoint", time=at, numerator=str(two.beats), denominator=str(two.unit))


def beats(ticks: int) -> str:
    """Ticks as quarters."""
    return repr(ticks / TICKS_PER_QUARTER)


class _Media:
    """The recordings of the song: which can be read goes into the file."""

    def __init__(self, folders: Sequence[str], report: Report) -> None:
        self._folders, self._report = folders, report
        self._found: dict[str, Recording] = {}
        self._inside: dict[str, str] = {}  # name in the archive -> path

    def found(self, media: str) -> Recording | None:
        """What is known of a recording; None for one that cannot be read, which is named where it is."""
        if media not in self._found:
            path = self._path(media)
            try:
                if path is None:
                    raise MediaError("it lies nowhere that recordings are taken from")
                with MediaStream(path, 48_000) as stream:
                    seconds = (stream.frames or 0) / 48_000
                    name = self._name(media)
                    self._found[media] = Recording(name, stream.channels, stream.file_rate_hz, seconds)
                    self._inside[name] = path
            except MediaError:
                self._report.say(f"The recording {media!r} is not at hand, so the file names it without holding it.")
                return None
        return self._found.get(media)

    def _path(self, media: str) -> str | None:
        """Where a recording lies in one of the folders."""
        for folder in self._folders:
            with contextlib.suppress(ValueError, OSError):  # a name that no path can have
                path = os.path.realpath(os.path.join(folder, media))
                if os.path.commonpath((folder, path)) == folder and os.path.isfile(path):
                    return path
        return None

    def _name(self, media: str) -> str:
        plain = PurePath(media).name
        names: Sequence[str] = [
            f"audio/{plain}",
            *(f"audio/{count} {plain}" for count in range(2, len(self._inside) + 3)),
        ]
        return next(name for name in names if name not in self._inside)

    def write(self, writer: Writer) -> None:
        """Put them into the archive."""
        for name, path in self._inside.items():
            with outside.opened(path) as file:
                writer.copy(name, file)
