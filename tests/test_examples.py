"""Every example patch loads, shows its node, and sounds as a patch should that people hear first."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import graphdaw as gd
from graphdaw.graph import examples, text
from graphdaw.graph.validate import validate
from graphdaw.host.media import load_media
from graphdaw.host.offline import render
from graphdaw.nodes import types

NAMES = examples.names()
SECONDS = 4.0
PEAKS_DBFS = (-12.0, -0.5)
RECORDINGS = sorted(path for path in (examples.FOLDER / "media").iterdir() if path.suffix not in (".md", ".sfz"))


def decibels(level: float) -> float:
    return float(20.0 * np.log10(max(level, 1e-12)))


def test_every_type_has_an_example() -> None:
    assert set(NAMES) == set(types())


@pytest.mark.parametrize("name", NAMES)
def test_example_says_what_to_listen_for_above_a_patch_in_its_usual_form(name: str) -> None:
    source = examples.source(name)
    lines = source.splitlines()
    remarks = [line for line in lines if line.startswith("#")]
    document = text.parse(source)

    assert lines[0].startswith(f"# {name}: ")
    assert lines[: len(remarks)] == remarks
    assert max(map(len, remarks)) <= 120
    assert source == "\n".join(remarks) + "\n" + text.show(document)
    assert document.sample_rate == 48_000


@pytest.mark.parametrize("name", NAMES)
def test_example_is_a_small_patch_of_its_node(name: str) -> None:
    graph = gd.example(name)
    present = [node.type for node in graph.nodes.values()]

    assert not list(validate(graph.document))
    assert name in present
    assert "output" in present
    assert 2 <= len([kind for kind in present if kind != "group"]) <= 20
    for node in graph.nodes.values():
        kind = types().get(node.type)  # none of a group
        for value in (node.values.get(media) for media in (kind.media if kind else ())):
            assert value is None or Path(str(value)).is_relative_to(examples.FOLDER)


@pytest.mark.parametrize("name", NAMES)
def test_example_is_heard_without_clipping_and_always_the_same(name: str) -> None:
    sound = render(gd.example(name), seconds=SECONDS)
    again = render(gd.example(name), seconds=SECONDS, block_frames=331)

    assert np.isfinite(sound).all()
    assert PEAKS_DBFS[0] <= decibels(np.abs(sound).max()) <= PEAKS_DBFS[1]
    assert all(decibels(np.sqrt(np.mean(channel**2))) > -50.0 for channel in sound)
    assert np.abs(sound.mean(axis=1)).max() < 0.03
    np.testing.assert_array_equal(sound, again)


@pytest.mark.parametrize("path", RECORDINGS, ids=lambda path: path.name)
def test_recordings_are_small_and_named_in_their_list(path: Path) -> None:
    sound = load_media(path, 44_100)

    assert path.stat().st_size < 100_000
    assert 0.5 < np.abs(sound).max() <= 1.0
    assert f"`{path.name}`" in (path.parent / "README.md").read_text()
