"""The reference pages say what the declarations say, and show pictures that are there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from graphdaw.graph import examples
from graphdaw.nodes import types
from scripts import reference

PAGES = reference.pages()


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_page_is_as_the_declaration_has_it(path: Path) -> None:
    assert path.read_text() == PAGES[path], "run `make reference`"


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_links_and_pictures_of_the_page_are_there(path: Path) -> None:
    links = re.findall(r"\]\(([^)]+)\)", path.read_text())

    assert links
    assert [link for link in links if not (path.parent / link).is_file()] == []


def test_no_page_and_no_picture_is_left_of_what_is_gone() -> None:
    assert set(reference.FOLDER.glob("*.md")) == set(PAGES)
    assert {path.stem.rpartition("-")[0] for path in reference.PICTURES.iterdir()} <= set(types())
    assert sum(path.stat().st_size for path in reference.FOLDER.rglob("*")) < 7_000_000


@pytest.mark.parametrize("name", examples.names())
def test_each_example_is_shown_as_a_patch_and_as_what_is_heard(name: str) -> None:
    assert (reference.PICTURES / f"{name}-patch.svg").is_file()
    assert (reference.PICTURES / f"{name}-example.png").is_file()
