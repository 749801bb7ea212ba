"""Instruments in real graphs and projects: chosen, played, taken along, and named where they are missing."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile

import graphdaw as gd
from graphdaw.errors import MediaError
from graphdaw.graph.instruments import packs
from graphdaw.graph.project.media import hash_file
from graphdaw.host.instruments import read_instrument
from graphdaw.host.offline import Renderer
from tests.instruments import INSTRUMENT, SAMPLE, Wave, soundfont

RATE_HZ = 48_000
STEADY = Wave(np.full(480, 0.5), loop=(0, 480))


def sfz(folder: Path) -> Path:
    """An instrument of a program, an included file and two recordings, in folders side by side."""
    for name, level in (("soft.wav", 0.1), ("loud one.wav", 0.4)):
        path = folder / "Samples" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, np.full((30_000, 2), level, np.float32), RATE_HZ, subtype="FLOAT")
    path = folder / "Programs" / "x.sfz"
    path.parent.mkdir()
    (folder / "Programs" / "head.inc").write_text("<global> amp_veltrack=0 ampeg_release=0.1")
    path.write_text(
        '#include "head.inc"\n<control> default_path=../samples/\n<region> sample=soft.wav hivel=63\n'
        "<region> sample=loud one.wav lovel=64"
    )
    return path


def player(path: Path | str, **values: object) -> gd.Graph:
    """The instrument, struck by a gate that opens after half a beat of an LFO."""
    graph = gd.Graph(sample_rate=RATE_HZ)
    gate = graph.add("lfo", shape="square", rate_hz=1.0, phase=0.5)
    node = graph.add("zones", **({"file": str(path), "key": 60.0, "velocity": 1.0} | values))
    graph.connect(gate, node["gate"])
    node >> graph.add("output")
    return graph


def test_a_soundfont_plays_its_chosen_preset(tmp_path: Path) -> None:
    path = tmp_path / "a.sf2"
    over = [[{INSTRUMENT: 0, 17: pan, 8: 0}] for pan in (-500, 500)]
    path.write_bytes(soundfont([STEADY], [{SAMPLE: 0, 54: 1}], over))

    left, right = (gd.render(player(path, preset=preset), seconds=0.9)[:, 40_000] for preset in ("", "0:1"))

    assert left == pytest.approx([0.5, 0.0], abs=1e-3) and right == pytest.approx([0.0, 0.5], abs=1e-3)


def test_another_preset_fades_in_while_it_plays(tmp_path: Path) -> None:
    path = tmp_path / "a.sf2"
    path.write_bytes(soundfont([STEADY], [{SAMPLE: 0, 54: 1}], [[{INSTRUMENT: 0, 51: k}] for k in range(2)]))
    graph = player(path, velocity=1.0)
    with Renderer(graph) as renderer:
        renderer.render(30_000)
        graph.set("zones1", preset="preset 1")
        renderer.render(4_800)
        with pytest.raises(MediaError, match=r"a\.sf2 has no preset 'nothing'"):
            graph.set("zones1", preset="nothing")


def test_velocity_and_key_come_by_wire(tmp_path: Path) -> None:
    graph = player(sfz(tmp_path), key=0.0, velocity=0.0)
    steady = graph.add("lfo", shape="square", rate_hz=0.01)
    graph.connect(steady, graph["zones1"]["velocity"], depth=0.25)
    graph.connect(steady, graph["zones1"]["key"], depth=60.0)

    sound = gd.render(graph, seconds=0.9)

    assert sound[:, 40_000] == pytest.approx([0.1, 0.1], abs=1e-4)


def test_voices_in_many_nodes_share_one_preparation(tmp_path: Path) -> None:
    graph = player(sfz(tmp_path))
    for _ in range(5):
        graph.add("zones", file=graph["zones1"].params["file"]) >> graph["output1"]
    with Renderer(graph) as renderer:
        renderer.render(100)
        assert len(renderer.engine._recordings.prepared._held) == 1


def test_a_project_takes_an_instrument_along_with_all_it_names(tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir(), there.mkdir()
    graph = player(sfz(here))
    expected = gd.render(graph, seconds=0.9)
    assert expected[:, 40_000] == pytest.approx([0.4, 0.4], abs=1e-4)
    graph.save(here / "song.gdaw")
    graph.save(here / "song.gdaw")
    shutil.move(here / "song.gdaw", there / "song.gdaw")
    shutil.rmtree(here)

    again = gd.load(str(there / "song.gdaw"))

    assert np.array_equal(gd.render(again, seconds=0.9), expected)
    again.save(there / "copy.gdaw")
    (there / "song.gdaw").unlink()
    assert np.array_equal(gd.render(gd.load(str(there / "copy.gdaw")), seconds=0.9), expected)


def test_an_instrument_without_its_recordings_is_named_with_them(tmp_path: Path) -> None:
    path = sfz(tmp_path)
    shutil.rmtree(tmp_path / "Samples")

    with pytest.raises(MediaError, match=r"x\.sfz names 2 samples that are missing: \.\./samples/soft\.wav"):
        gd.render(player(path), seconds=0.1)


def test_a_pack_is_the_same_for_the_same_files_wherever_they_lie(tmp_path: Path) -> None:
    packed = []
    for place in (tmp_path / "one", tmp_path / "deep" / "two"):
        place.mkdir(parents=True)
        reader = packs.PackReader(sfz(place))
        packed.append(b"".join(iter(lambda reader=reader: reader.read(1_000), b"")))
        assert len(packed[-1]) == reader.size

    assert packed[0] == packed[1]


@pytest.mark.parametrize(
    "listed, rest",
    [
        (b'[["../x.sfz",3]]', b"abc"), (b'[["/x.sfz",3]]', b"abc"), (b'[["a//x.sfz",3]]', b"abc"), (b"[]", b""),
        (b'[["x.sfz",4]]', b"abc"), (b'[["x.sfz",-1],["y",4]]', b"abc"), (b'[["x.sfz",3],["x.sfz",0]]', b"abc"),
        (b"{}", b""), (b'[["x.sfz",3]', b"abc"), (b'[["x.sfz/y",1],["x.sfz",2]]', b"abc"),
    ],
)  # fmt: skip
def test_damaged_packs_are_refused_and_write_nothing_elsewhere(tmp_path: Path, listed: bytes, rest: bytes) -> None:
    path = tmp_path / "kit" / "pack"
    path.parent.mkdir()
    path.write_bytes(packs.MAGIC + listed + b"\n" + rest)

    with pytest.raises(MediaError, match=r"^Instrument .*pack is damaged: .*choose it again\.$"):
        read_instrument(path)
    assert [one.name for one in tmp_path.rglob("*")] == ["kit", "pack"]


def test_an_instrument_that_cannot_be_read_is_kept_as_the_file_it_is(tmp_path: Path) -> None:
    path = tmp_path / "broken.sfz"
    path.write_text("no region")
    graph = player(path)

    graph.save(tmp_path / "song.gdaw")
    path.unlink()

    with pytest.raises(MediaError, match="has no <region>"):
        gd.render(gd.load(str(tmp_path / "song.gdaw")), seconds=0.1)


def test_a_recording_by_itself_is_an_instrument(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, np.full((40_000, 1), 0.5, np.float32), RATE_HZ, subtype="FLOAT")

    sound = gd.render(player(path), seconds=0.9)

    assert sound[:, 40_000] == pytest.approx([0.5 * 0.5**0.5] * 2, abs=1e-4)


def test_a_sample_that_changes_makes_another_pack(tmp_path: Path) -> None:
    path = sfz(tmp_path)
    for one in tmp_path.rglob("*.*"):
        os.utime(one, (1e9, 1e9))
    first = hash_file(str(path))

    assert hash_file(str(path)) == first
    sample = tmp_path / "Samples" / "soft.wav"
    sample.write_bytes(sample.read_bytes()[:-1] + b"\1")
    assert hash_file(str(path))[0] != first[0]
