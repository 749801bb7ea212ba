"""Scala's files as settings of a `voices` node."""

from __future__ import annotations

from pathlib import Path

import pytest

import graphdaw as gd
from graphdaw.errors import MediaError, ValueKindError


def test_files_become_settings_that_need_them_no_more(tmp_path: Path) -> None:
    (tmp_path / "a.scl").write_text("! a.scl\nFifths\n2\n3/2\n2/1\n")
    (tmp_path / "a.kbm").write_text("2\n0\n127\n60\n60\n264.0\n2\n0\nx\n")
    graph = gd.Graph()
    voices = graph.add("voices")
    graph.tune(voices, str(tmp_path / "a.scl"), str(tmp_path / "a.kbm"))

    assert voices.params["scale"] == "3/2 2/1"
    assert voices.params["key_map"] == "2 0 127 60 60 264.0 2 0 x"
    graph.save(tmp_path / "a.gdaw")
    (tmp_path / "a.scl").unlink()
    assert gd.load(tmp_path / "a.gdaw")["voices1"].params["scale"] == "3/2 2/1"
    graph.undo()
    assert voices.params["scale"] == voices.params["key_map"] == ""


@pytest.mark.parametrize(
    "scale, keys, sentence",
    [
        ("a\n1\nx\n", None, r"a\.scl is no scale that can be read: 'x' is neither .*; choose another \.scl file\.$"),
        ("a\n1\n2/1\n", "1", r"a\.kbm is no mapping of keys that can be read: .*; choose another \.kbm file\.$"),
        (None, None, r"a\.scl cannot be read: .*; choose a \.scl file\.$"),
    ],
)
def test_files_that_are_none_are_named_and_change_nothing(
    scale: str | None, keys: str | None, sentence: str, tmp_path: Path
) -> None:
    for name, text in (("a.scl", scale), ("a.kbm", keys)):
        if text is not None:
            (tmp_path / name).write_text(text)
    graph = gd.Graph()
    voices = graph.add("voices")
    with pytest.raises(MediaError, match=sentence):
        graph.tune(voices, str(tmp_path / "a.scl"), str(tmp_path / "a.kbm") if keys else None)

    assert voices.params["scale"] == ""


def test_a_scale_can_be_typed_and_a_wrong_one_says_how() -> None:
    graph = gd.Graph()
    voices = graph.add("voices", scale="9/8 386.3 3/2 2/1")

    with pytest.raises(ValueKindError, match=r"'scale' of node 'voices1'.*: 'third' is neither cents nor a ratio"):
        graph.set(voices, scale="9/8 third")
