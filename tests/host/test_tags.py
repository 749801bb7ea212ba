"""Tags read back by mutagen from every format, with the sound untouched; and what is no tag is refused."""

from __future__ import annotations

import base64
import struct
import zlib
from pathlib import Path

import mutagen
import numpy as np
import pytest
import soundfile
from mutagen.flac import Picture

from graphdaw.errors import MediaError
from graphdaw.host.files import AudioWriter, write_audio
from graphdaw.host.tags import Tags, read_cover, tags_of

RATE_HZ = 48_000
WORDS = {
    "title": "Dämmerung 夜",
    "artist": "A, B & C",
    "album": "One",
    "date": "2026-11-28",
    "comment": "x\ny",
    "bpm": "128",
}
ID3 = {"title": "TIT2", "artist": "TPE1", "album": "TALB", "date": "TDRC", "bpm": "TBPM"}
SOUND = (0.3 * np.sin(2 * np.pi * 440 * np.arange(RATE_HZ) / RATE_HZ)).astype(np.float32)[None]


def png() -> bytes:
    """The smallest picture: one grey pixel."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">L", len(data)) + kind + data + struct.pack(">L", zlib.crc32(kind + data))

    head = struct.pack(">LLBBBBB", 1, 1, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0\0")) + chunk(b"IEND", b"")


def tagged(path: Path, tags: Tags) -> None:
    with AudioWriter(path, sample_rate_hz=RATE_HZ, channels=1, tags=tags) as writer:
        writer.write(SOUND)


def pictures(file: mutagen.FileType) -> list[bytes]:
    if hasattr(file, "pictures"):
        return [picture.data for picture in file.pictures]
    if "metadata_block_picture" in file:
        return [Picture(base64.b64decode(text)).data for text in file["metadata_block_picture"]]
    return [frame.data for frame in file.tags.getall("APIC")]


@pytest.mark.parametrize("ending", ["wav", "flac", "ogg", "opus", "mp3"])
def test_every_format_says_what_it_was_told_and_sounds_as_without(tmp_path: Path, ending: str) -> None:
    (tmp_path / "cover.png").write_bytes(png())
    path, bare = tmp_path / f"a.{ending}", tmp_path / f"bare.{ending}"

    tagged(path, tags_of({**WORDS, "cover": str(tmp_path / "cover.png")}))

    file = mutagen.File(path)
    if ending in ("wav", "mp3"):
        read = {name: str(file.tags[frame].text[0]) for name, frame in ID3.items()}
        read["comment"] = str(file.tags.getall("COMM")[0].text[0])
    else:
        read = {name: file[name][0] for name in WORDS}
    assert read == WORDS
    assert pictures(file) == [png()]
    write_audio(bare, SOUND, RATE_HZ)
    assert np.array_equal(soundfile.read(path)[0], soundfile.read(bare)[0])


def test_what_is_not_said_is_not_written(tmp_path: Path) -> None:
    tagged(tmp_path / "a.flac", Tags(title="Alone"))

    assert dict(mutagen.File(tmp_path / "a.flac").tags) == {"title": ["Alone"]}


def test_without_tags_a_file_has_none(tmp_path: Path) -> None:
    tagged(tmp_path / "a.wav", Tags())

    assert mutagen.File(tmp_path / "a.wav").tags is None
    assert not Tags()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ({"titel": "x"}, "'title'"),
        ({"title": "x" * 70_000}, "at most 65536"),
        ({"title": "\ud800"}, "must be a text"),
        ({"bpm": "fast"}, "'fast'"),
        ({"bpm": "nan"}, "'nan'"),
        ({"cover": "nowhere.png"}, "nowhere.png cannot be read"),
    ],
)
def test_what_is_no_tag_is_one_sentence(words: dict[str, str], says: str) -> None:
    with pytest.raises(MediaError) as refusal:
        tags_of(words)

    assert says in str(refusal.value)


def test_a_cover_is_a_picture_of_sane_size(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("no picture")
    (tmp_path / "huge.png").write_bytes(png() + bytes(11 << 20))
    (tmp_path / "empty.png").touch()

    for name, says in (("a.txt", "PNG or JPEG"), ("huge.png", "10 MiB"), ("empty.png", "empty"), (".", "not a file")):
        with pytest.raises(MediaError, match=says):
            read_cover(tmp_path / name)


def test_a_file_of_more_than_four_gigabytes_has_no_room_for_tags(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match="FLAC"):
        AudioWriter(
            tmp_path / "a.wav", sample_rate_hz=RATE_HZ, channels=2, expected_frames=1 << 30, tags=Tags(title="Long")
        )
    assert list(tmp_path.iterdir()) == []
