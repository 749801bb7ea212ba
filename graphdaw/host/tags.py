"""Tags: what a sound file says of itself to players and shops, in each format's own way."""

from __future__ import annotations

import base64
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mutagen
from mutagen.flac import FLAC, Picture
from mutagen.id3 import APIC, COMM, ID3, TALB, TBPM, TDRC, TIT2, TPE1
from mutagen.mp3 import MP3
from mutagen.oggopus import OggOpus
from mutagen.oggvorbis import OggVorbis
from mutagen.wave import WAVE

from graphdaw.errors import MediaError, suggestion
from graphdaw.graph import outside

MAX_TEXT = 64 * 1024  # characters of one tag
MAX_COVER_BYTES = 10 << 20  # a FLAC's block of it ends at 16 MiB
PICTURES = {b"\x89PNG\r\n\x1a\n": "image/png", b"\xff\xd8\xff": "image/jpeg"}
FRONT_COVER = 3  # of the list of picture types that ID3 and FLAC share


@dataclass(frozen=True, slots=True)
class Tags:
    """Texts, and the picture's bytes (PNG or JPEG); what is empty is not written."""

    title: str = ""
    artist: str = ""
    album: str = ""
    date: str = ""
    comment: str = ""
    bpm: str = ""
    cover: bytes = b""

    def __bool__(self) -> bool:
        return self != Tags()


TEXTS = ("title", "artist", "album", "date", "comment", "bpm")


def tags_of(words: dict[str, str]) -> Tags:
    """Tags from names and values, `cover` being a path; raises MediaError.

    >>> tags_of({"title": "Dawn", "bpm": "120"}).title
    'Dawn'
    """
    known = (*TEXTS, "cover")
    for name, value in words.items():
        if name not in known:
            raise MediaError(f"There is no tag {name!r}; {suggestion(name, known, 'tags')}")
        if len(value) > MAX_TEXT or not _is_text(value):
            raise MediaError(f"The tag {name!r} must be a text of at most {MAX_TEXT} characters.")
    texts = {name: words[name] for name in TEXTS if name in words}
    if texts.get("bpm") and not _is_number(texts["bpm"]):
        raise MediaError(f"The tag 'bpm' must be a number of beats a minute, not {texts['bpm']!r}.")
    return Tags(**texts, cover=read_cover(words["cover"]) if words.get("cover") else b"")


def read_cover(path: str | os.PathLike[str]) -> bytes:
    """A picture's bytes from a file; raises MediaError where it is none, or too large."""
    name = os.fspath(path)
    data = outside.read(path, MAX_COVER_BYTES, "a picture")
    if len(data) > MAX_COVER_BYTES:
        raise MediaError(f"{name} is larger than {MAX_COVER_BYTES >> 20} MiB; choose a smaller picture.")
    if not _kind_of(data):
        raise MediaError(f"{name} is no picture that sound files hold; choose a PNG or JPEG.")
    return data


def write_tags(file: Path, path: Path, tags: Tags) -> None:
    """Put tags into a finished sound file, which is to be called `path`, by whose ending its format is known.

    Raises OSError where the disk does not take them, and MediaError where the format does not.
    """
    write = WRITERS.get(path.suffix.lower())
    if write is None:
        raise MediaError(f"{path} cannot hold tags: files of its kind have no place for them.")
    try:
        write(file, tags)
    except mutagen.MutagenError as error:
        if isinstance(error.__cause__ or error.__context__, OSError):
            raise OSError(*getattr(error.__cause__ or error.__context__, "args", ())) from error
        raise MediaError(f"{path} did not take its tags: {' '.join(str(error).split())}; leave them out.") from error


def _id3(file: Any, tags: Tags) -> None:
    """Tags as ID3 has them, in MP3 and WAV."""
    file.add_tags()
    frames: ID3 = file.tags
    for name, frame in (("title", TIT2), ("artist", TPE1), ("album", TALB), ("date", TDRC), ("bpm", TBPM)):
        if text := getattr(tags, name):
            frames.add(frame(encoding=3, text=[str(round(float(text))) if name == "bpm" else text]))
    if tags.comment:
        frames.add(COMM(encoding=3, lang="eng", desc="", text=[tags.comment]))
    if tags.cover:
        frames.add(APIC(encoding=3, mime=_kind_of(tags.cover), type=FRONT_COVER, desc="Cover", data=tags.cover))
    file.save()


def _vorbis_comments(file: Any, tags: Tags) -> None:
    """Tags as Vorbis has them, in FLAC, Ogg Vorbis and Opus."""
    if file.tags is None:
        file.add_tags()
    for name in TEXTS:
        if text := getattr(tags, name):
            file[name] = text
    if tags.cover:
        picture = Picture()
        picture.type, picture.mime, picture.data = FRONT_COVER, _kind_of(tags.cover), tags.cover
        if isinstance(file, FLAC):
            file.add_picture(picture)
        else:
            file["metadata_block_picture"] = base64.b64encode(picture.write()).decode()
    file.save()


WRITERS: dict[str, Callable[[Path, Tags], None]] = {
    ".wav": lambda file, tags: _id3(WAVE(file), tags),
    ".mp3": lambda file, tags: _id3(MP3(file), tags),
    ".flac": lambda file, tags: _vorbis_comments(FLAC(file), tags),
    ".ogg": lambda file, tags: _vorbis_comments(OggVorbis(file), tags),
    ".opus": lambda file, tags: _vorbis_comments(OggOpus(file), tags),
}


def _kind_of(picture: bytes) -> str:
    return next((kind for magic, kind in PICTURES.items() if picture.startswith(magic)), "")


def _is_text(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _is_number(text: str) -> bool:
    try:
        return 0.0 < float(text) < 10_000.0
    except ValueError:
        return False
