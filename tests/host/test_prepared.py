"""Prepared media in running engines: made once, shared, faded when they change, let go when nobody plays them."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

import graphdaw as gd
from graphdaw.errors import MediaError
from graphdaw.host.chunks import Chunks, read_chunks
from graphdaw.host.offline import Renderer
from graphdaw.nodes.base import Choice, In, Media, Node, Out, Param, Prepared, Recording, registry
from graphdaw.nodes.prepare.recording import prepare

RATE_HZ = 48_000


class Backwards(Node, kernel="sampler"):
    """A sampler whose recordings are turned round and scaled before they are played."""

    trigger = In()
    out = Out()
    file = Media()
    mode = Choice(("one_shot", "loop", "gated", "gated_loop"))
    auto_start = Choice(("off", "on"))
    direction = Choice(("forward", "backward"))
    velocity = Param(1.0, lo=0.0, hi=1.0)
    scale = Param(1.0, lo=0.0, hi=2.0, fixed=True)

    @staticmethod
    def media_memory(recording: Recording | None, values: Mapping[str, Any], sample_rate_hz: int) -> Prepared:
        """Every call is counted."""
        calls.append(recording.name if recording else "")
        if recording is None:
            constant = np.full((1, 4_000), values["scale"], np.float32)
            return prepare(Recording("", constant, sample_rate_hz))
        if recording.samples.shape[1] < 10:
            raise MediaError(f"{recording.name} is too short; choose a recording of at least 10 frames.")
        return prepare(replace(recording, samples=recording.samples[:, ::-1] * values["scale"]))


calls: list[str] = []
del registry["backwards"]


@pytest.fixture(autouse=True)
def backwards_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """The type is registered for the length of one test."""
    monkeypatch.setitem(registry, "backwards", Backwards.type)
    calls.clear()


def recording(folder: Path, frames: int = 20_000, channels: int = 1, name: str = "a.wav") -> tuple[Path, np.ndarray]:
    path, samples = folder / name, np.random.default_rng(4).uniform(-0.5, 0.5, (frames, channels)).astype(np.float32)
    soundfile.write(path, samples, RATE_HZ, subtype="FLOAT")
    return path, samples.T


def player(path: Path | str, **values: Any) -> gd.Graph:
    graph = gd.Graph(sample_rate=RATE_HZ)
    graph.add("backwards", file=str(path), auto_start="on", **values) >> graph.add("output")
    return graph


def test_a_kernel_reads_what_was_prepared(tmp_path: Path) -> None:
    path, samples = recording(tmp_path, channels=2)

    audio = gd.render(player(path, scale=0.5), seconds=0.25)

    np.testing.assert_allclose(audio, samples[:, ::-1][:, : audio.shape[1]] * 0.5, atol=1e-7)


def test_a_node_without_a_recording_may_have_something_prepared() -> None:
    np.testing.assert_array_equal(gd.render(player("", scale=0.25), seconds=0.05), 0.25)


def test_nodes_that_want_the_same_share_it_and_others_do_not(tmp_path: Path) -> None:
    path, _ = recording(tmp_path)
    graph = player(path)
    for scale in (1.0, 1.0, 0.5):
        graph.add("backwards", file=str(path), auto_start="on", scale=scale) >> graph["output1"]
    with Renderer(graph) as renderer:
        renderer.render(100)

    assert calls == [str(path)] * 2


def test_another_fixed_value_fades_in_while_it_plays(tmp_path: Path) -> None:
    graph = player("", scale=1.0)
    with Renderer(graph) as renderer:
        renderer.render(1_280)
        graph.set("backwards1", scale=0.25)
        audio = renderer.render(1_280)[0]

    assert audio[0] > 0.99 and audio[-1] == 0.25
    assert np.abs(np.diff(audio)).max() < 0.75 * np.pi / 2 / 256 * 1.01  # a raised cosine of 256 frames


def test_what_nobody_plays_is_let_go(tmp_path: Path) -> None:
    first, second = recording(tmp_path)[0], recording(tmp_path, name="b.wav")[0]
    graph = player(first)
    with Renderer(graph) as renderer:
        held = renderer.engine._recordings.prepared._held
        renderer.render(1_280)
        for path in (second, first, second, first):
            graph.set("backwards1", file=str(path))
            renderer.render(2_560)
            renderer.engine.settled()
        assert len(held) <= 2
    assert not held


def test_a_recording_that_changed_on_disk_is_read_again(tmp_path: Path) -> None:
    path, _ = recording(tmp_path)
    graph = player(path)
    with Renderer(graph) as renderer:
        renderer.render(1_280)
        recording(tmp_path, frames=9_000)
        graph.add("backwards", file=str(path)) >> graph["output1"]
        renderer.render(1_280)

    assert len(calls) == 2


def test_what_cannot_be_prepared_is_named_and_sounds_as_none(tmp_path: Path) -> None:
    path, _ = recording(tmp_path, frames=5)

    with pytest.raises(MediaError, match=r"a\.wav is too short; choose"):
        gd.render(player(path), seconds=0.1)
    with gd.Session(player(path), device="hand") as session:
        session.play()
        np.testing.assert_array_equal(session.step(4), 1.0)  # what it makes of no recording
        assert "too short" in session.engine.problems["backwards1"]


def test_a_mono_recording_sounds_in_every_channel_of_its_trigger(tmp_path: Path) -> None:
    path, samples = recording(tmp_path)
    graph = player(path)
    graph.add("pan") >> graph["backwards1"]

    audio = gd.render(graph, seconds=0.1)

    assert audio.shape[0] == 2
    np.testing.assert_allclose(audio, np.repeat(samples[:, ::-1][:, : audio.shape[1]], 2, axis=0), atol=1e-7)


def with_chunk(path: Path, name: bytes, data: bytes) -> Path:
    """The file with one more chunk before its samples."""
    whole = path.read_bytes()
    chunk = name + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)
    path.write_bytes(whole[:4] + struct.pack("<I", len(whole) - 8 + len(chunk)) + whole[8:12] + chunk + whole[12:])
    return path


def test_loops_and_cycles_are_read_from_the_file(tmp_path: Path) -> None:
    loop = struct.pack("<9I", 0, 0, 0, 60, 0, 0, 0, 1, 0) + struct.pack("<6I", 0, 0, 100, 999, 0, 0)
    texts = {
        b"smpl": (loop, Chunks((100, 1_000), 0)),
        b"clm ": (b"<!>1024 10000000 wavetable", Chunks((0, 0), 1_024)),
        b"srge": (struct.pack("<2I", 1, 512), Chunks((0, 0), 512)),
    }
    for name, (data, expected) in texts.items():
        path = with_chunk(recording(tmp_path, name=f"{name.decode().strip()}.wav")[0], name, data)
        assert read_chunks(path) == expected


@pytest.mark.parametrize("data", [b"", b"<!>", b"<!>99999999", b"\xff" * 80])
@pytest.mark.parametrize("name", [b"smpl", b"clm ", b"srge"])
def test_damaged_chunks_say_nothing(tmp_path: Path, name: bytes, data: bytes) -> None:
    assert read_chunks(with_chunk(recording(tmp_path)[0], name, data)) == Chunks()


def test_a_file_that_is_no_wav_has_no_chunks(tmp_path: Path) -> None:
    for name, content in {"a": b"\0", "b": b"RIFF", "c": b"RIFF\0\0\0\0WAVEdata\xff\xff\xff\xff"}.items():
        (tmp_path / name).write_bytes(content)
        assert read_chunks(tmp_path / name) == Chunks()
