"""The soak knows every test that has a long form."""

from __future__ import annotations

from pathlib import Path

from scripts.soak.rows import ROWS

ROOT = Path(__file__).parents[1]


def test_every_test_with_a_long_form_has_a_row() -> None:
    rows = tuple(row.tests[0] for row in ROWS)
    files = [
        path.relative_to(ROOT).as_posix() for path in (ROOT / "tests").rglob("test_*.py") if path != Path(__file__)
    ]
    long = [file for file in files if "long_form: bool" in (ROOT / file).read_text()]

    assert long
    assert [file for file in long if not file.startswith(rows)] == []


def test_every_row_has_its_files() -> None:
    assert all((ROOT / row.tests[0]).exists() for row in ROWS)
