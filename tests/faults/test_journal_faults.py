"""Every system call of editing and opening fails or lies in turn: no edit is refused, none is lost without a word."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.faults.conftest import trials


def tried(interposer: Path, folder: Path, *arguments: str) -> dict[str, Any]:
    return trials("journals", interposer, folder, *arguments)


def test_whatever_call_fails_while_editing_each_edit_is_made_and_kept_or_told_of(
    interposer: Path, folder: Path
) -> None:
    found = tried(interposer, folder, "editing")

    assert found["breaches"] == []
    assert found["outcomes"].keys() == {"kept", "broken"} and min(found["outcomes"].values()) > 20


def test_whatever_call_fails_while_opening_every_edit_is_there_or_still_in_the_journal(
    interposer: Path, folder: Path
) -> None:
    found = tried(interposer, folder, "opening")

    assert found["breaches"] == []
    assert found["outcomes"].keys() == {"opened", "refused"} and min(found["outcomes"].values()) > 20


@pytest.mark.parametrize("seeded", ["errors pass", "no gathering"])
def test_a_journal_with_a_fault_of_its_own_is_found_out(interposer: Path, folder: Path, seeded: str) -> None:
    assert tried(interposer, folder, "editing", seeded)["breaches"]
