"""What README.md and CONTRIBUTING.md show is what happens and what is there."""

from __future__ import annotations

import doctest
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text()


def steady(output: str) -> str:
    """Without the one line that tells how fast it was."""
    return re.sub(r"^\d+ times faster than real time\n", "", output, flags=re.MULTILINE)


def test_the_tour_gives_the_results_it_shows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "out").mkdir()
    monkeypatch.chdir(tmp_path)
    tour = doctest.DocTestParser().get_doctest(README, {}, "README.md", "README.md", 0)
    report: list[str] = []

    results = doctest.DocTestRunner().run(tour, out=report.append)

    assert results.attempted > 15
    assert not results.failed, "".join(report)

    shown = re.findall(r"^\$ graphdaw ([^#\n]*).*\n((?:(?!\$ |```).*\n)*)", README, re.MULTILINE)
    assert len(shown) > 4
    for arguments, output in shown:
        command = [sys.executable, "-m", "graphdaw.cli", *shlex.split(arguments)]
        run = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        assert steady(run.stdout) == steady(output)


def test_the_page_on_instruments_gives_the_results_it_shows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    page = (ROOT / "docs/instruments.md").read_text()
    report: list[str] = []

    results = doctest.DocTestRunner().run(
        doctest.DocTestParser().get_doctest(page, {}, "instruments.md", "instruments.md", 0), out=report.append
    )

    assert results.attempted > 10
    assert not results.failed, "".join(report)


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "DESIGN.md"])
def test_links_lead_somewhere(page: str) -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)\)", (ROOT / page).read_text())

    assert [link for link in links if not (ROOT / link).exists()] == []


@pytest.mark.parametrize(("language", "source"), [("python", "graphdaw/nodes/gain.py"), ("c", "csrc/nodes/gain.c")])
def test_the_guide_shows_the_real_gain_node(language: str, source: str) -> None:
    shown = re.findall(rf"```{language}\n(.*?)```", CONTRIBUTING, re.DOTALL)

    assert shown == [(ROOT / source).read_text()]


def test_every_make_target_that_the_pages_name_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):.*##", (ROOT / "Makefile").read_text(), re.MULTILINE))

    assert {"run", "test", "lint", "bench", "soak", "help"} <= targets
    assert set(re.findall(r"^make ([a-z]+)", README + CONTRIBUTING, re.MULTILINE)) <= targets


def test_measured_speeds_find_their_place() -> None:
    from scripts.speed import BEGIN, END, brought_in

    results = "# Speed\n\ntext\n\n| a | b |\n| --- | --- |\n| 1 | 2 |\n\n## Machine\n\n- cores: 2\n- date: today\n"
    once = brought_in(README, results)

    assert "| 1 | 2 |\n\ncores: 2; date: today.\n" in once
    assert once.split(BEGIN)[0] == README.split(BEGIN)[0]
    assert once.split(END)[1] == README.split(END)[1]
    assert brought_in(once, results) == once
