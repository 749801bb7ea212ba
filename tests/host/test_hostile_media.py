"""Recordings from strangers: what a header claims is checked before it costs anything, and only files are opened."""

from __future__ import annotations

import io
import os
import resource
import struct
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile

import graphdaw as gd
from graphdaw._core import ffi, lib
from graphdaw.errors import MediaError, ProjectError
from graphdaw.graph import examples, project, text
from graphdaw.graph.edits import replay
from graphdaw.graph.model import Document
from graphdaw.graph.vocabulary import AddNode, Connect
from graphdaw.host.chunks import read_chunks
from graphdaw.host.engine import Engine
from graphdaw.host.media import MediaStream, load_media
from graphdaw.nodes import types


def wav(
    channels: int = 1, rate_hz: int = 48_000, bits: int = 16, claimed: int | None = None, data: bytes = bytes(20_000)
) -> bytes:
    size = len(data) if claimed is None else claimed
    form = struct.pack("<HHIIHH", 1, channels, rate_hz, rate_hz * channels * 2 % 2**32, channels * 2 % 2**16, bits)
    head = b"RIFF" + struct.pack("<I", min(size + 36, 2**32 - 1)) + b"WAVEfmt \x10\0\0\0" + form
    return head + b"data" + struct.pack("<I", size) + data


def sound(form: str, subtype: str, frames: int = 4_000) -> bytes:
    out = io.BytesIO()
    soundfile.write(out, np.sin(np.arange(frames) * 0.05), 48_000, format=form, subtype=subtype)
    return out.getvalue()


def endless_flac() -> bytes:
    """A file whose header claims 2^36 - 1 frames, sixteen days."""
    data = bytearray(sound("FLAC", "PCM_16"))
    data[21] |= 0x0F
    data[22:26] = b"\xff" * 4
    return bytes(data)


def rf64(frames: int) -> bytes:
    """A 64-bit WAV file that claims so many frames."""
    size = struct.pack("<QQQI", frames * 2 + 36, frames * 2, frames, 0)
    return b"RF64\xff\xff\xff\xffWAVEds64\x1c\0\0\0" + size + wav(claimed=2**32 - 1)[12:]


REFUSED = {
    "4096 channels": wav(4096),
    "65535 channels": wav(65_535),
    "65 channels": wav(65),
    "no channels": wav(0),
    "1 GHz": wav(rate_hz=1_000_000_000),
    "4 GHz": wav(rate_hz=2**32 - 1),
    "1 Hz, which would make 48,000 frames of one": wav(rate_hz=1),
    "no rate": wav(rate_hz=0),
    "no bits": wav(bits=0),
    "255 bits": wav(bits=255),
    "no samples": wav(data=b""),
    "an old format": b"Creative Voice File\x1a" + bytes(5_000),
    "a format that opens another file": bytes(5_000),
    "a matrix": sound("MAT5", "PCM_16"),
    "text": b"Dear Sir or Madam, " * 100,
    "one byte": b"R",
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_header_out_of_bounds_is_one_sentence_at_once(tmp_path: Path, name: str) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(REFUSED[name])
    began, before = time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    with pytest.raises(MediaError) as refusal:
        load_media(path, 48_000)

    sentence = str(refusal.value)
    assert str(path) in sentence and len(sentence) < 300 + len(str(path)) and "\n" not in sentence
    assert time.process_time() - began < 0.5
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 32 * 1024


@pytest.mark.parametrize("data", [wav(claimed=2**32 - 1), rf64(1 << 40), wav(claimed=2**31)])
def test_a_length_past_the_end_of_the_file_is_not_believed(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "a.wav").write_bytes(data)

    assert load_media(tmp_path / "a.wav", 48_000).shape == (1, 10_000)


def test_a_length_that_cannot_be_checked_is_not_loaded_but_can_be_streamed(tmp_path: Path) -> None:
    (tmp_path / "a.flac").write_bytes(endless_flac())

    with pytest.raises(MediaError, match="too long to load"):
        load_media(tmp_path / "a.flac", 48_000)
    with MediaStream(tmp_path / "a.flac", 48_000) as stream:
        assert stream.read(10_000).shape[1] <= 4_096


def test_a_low_rate_makes_no_giant_of_a_chunk(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(wav(64, 1_000, data=bytes(64 * 2 * 20_000)))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    with MediaStream(tmp_path / "a.wav", 192_000) as stream:
        assert stream.read(1_000).shape == (64, 1_000)

    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 256 * 1024  # what soxr keeps of 64 channels


@pytest.mark.parametrize("kind", ["pipe", "link to a pipe", "link to a device", "link to itself", "folder", "proc"])
def test_what_is_no_file_is_refused_everywhere_and_nothing_waits(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "a.wav"
    os.mkfifo(tmp_path / "pipe")
    target = {
        "link to a pipe": "pipe",
        "link to a device": "/dev/zero",
        "link to itself": "a.wav",
        "proc": "/proc/kmsg",
    }
    if kind == "pipe":
        path = tmp_path / "pipe"
    elif kind == "folder":
        path.mkdir()
    else:
        path.symlink_to(target[kind])

    with pytest.raises(MediaError):
        load_media(path, 48_000)
    with pytest.raises(OSError):
        read_chunks(path)
    with pytest.raises(ProjectError):
        project.load(path)
    with pytest.raises(ProjectError):
        examples.read(path)
    with pytest.raises(MediaError):
        project.media.hash_file(str(path))


WATCHED = """
import os, sys
folder = os.path.realpath(sys.argv[1])
import graphdaw as gd
from graphdaw.cli.app import run
from graphdaw.graph import project, text
from graphdaw.errors import MediaError
own = {sys.prefix, sys.base_prefix, os.path.dirname(gd.__path__[0]), *sys.path[1:]}
allowed = [folder, "/proc/stat", *map(os.path.realpath, own)]
touched = []
def hear(event, arguments):
    if event in ("open", "os.remove", "os.rename", "os.mkdir", "os.listdir", "os.scandir", "os.chmod", "os.link"):
        path = arguments[0]
        if isinstance(path, (str, bytes)):
            real = os.path.realpath(os.fsdecode(path))
            if not any(real == place or real.startswith(place + os.sep) for place in allowed):
                touched.append((event, real))
sys.addaudithook(hear)
os.chdir(folder)
for name in ("evil.gdaw", "evil.txt"):
    graph = gd.load(name)
    try:
        gd.render(graph, seconds=0.05)
    except MediaError as error:
        print(error)
    else:
        raise AssertionError("what lies outside must not be heard")
    with gd.Session(graph, device="null") as session:
        session.play()
        assert len(session.engine.problems) == 7
    graph.save("saved.gdaw")
    part = gd.Graph()
    part.apply(project.insert_group(part.document, "saved.gdaw"))
    part.apply(text.paste(part.document, text.show(graph.document)))
    part.save("part.gdaw")
    for one in ("saved.gdaw", "part.gdaw"):
        run(["check", one])
        run(["show", one])
        run(["render", one, "-o", "out.wav", "--seconds", "0.05"])
        run(["apply", one, "saved.gdaw", "--dry-run"])
print("touched:", touched)
"""


@pytest.mark.parametrize("type", [type for type, kind in types().items() if kind.media])
def test_a_recording_that_cannot_be_read_is_silent_or_none_and_never_a_crash(tmp_path: Path, type: str) -> None:
    (tmp_path / "bad.wav").write_bytes(b"RIFF" + bytes(100))
    for name in ("bad.wav", "none.wav"):
        graph = gd.Graph()
        graph.connect(graph.add(type, file=str(tmp_path / name)), graph.add("output"))
        engine = Engine(graph, missing="silence")
        out = np.ones((1, 1_000), np.float32)
        lib.gd_engine_render(engine.pointer, ffi.from_buffer("float[]", out), 1, 1_000, 128)
        engine.close()
        assert name in " ".join(engine.problems.values())
        assert np.isfinite(out).all() and (type == "wavetable" or not out.any())


def test_a_hostile_project_makes_nothing_outside_its_folder_be_touched(tmp_path: Path) -> None:
    """Every path that Python opens, lists or changes while the project is loaded, played, saved and taken apart."""
    outside, inside = tmp_path / "outside", tmp_path / "inside"
    outside.mkdir()
    inside.mkdir()
    (outside / "secret.wav").write_bytes(wav(data=bytes(range(256)) * 100))
    (inside / "link.wav").symlink_to(outside / "secret.wav")
    (inside / "loop").symlink_to(inside)
    evil = Document()
    secret = str(outside / "secret.wav")
    paths = [secret, "../outside/secret.wav", "link.wav", "loop/../link.wav", "/dev/zero", "~", "\0"]
    replay(evil, [AddNode("out", "output", order=1)])
    for k, path in enumerate(paths):
        node = AddNode(f"n{k}", ("sampler", "audio_file", "convolver")[k % 3], {"file": path}, order=2 + k)
        replay(evil, [node, Connect(f"w{k}", f"n{k}", "out", "out", "in", order=50 + k)])
    evil.foreign = set(paths)
    project.save(evil, inside / "evil.gdaw")
    (inside / "evil.txt").write_text(text.show(evil))

    run = subprocess.run(
        [sys.executable, "-c", WATCHED, str(inside)], capture_output=True, text=True, timeout=120, check=False,
        env={**os.environ, "XDG_STATE_HOME": str(inside), "TMPDIR": str(inside)},
    )  # fmt: skip

    assert run.returncode == 0, run.stderr
    assert run.stdout.splitlines()[-1] == "touched: []"
    for saved in ("saved.gdaw", "part.gdaw"):
        assert gd.load(str(inside / saved)).document.media == {}
