"""Brings the tables of bench/results.md into README.md, with the machine they were measured on."""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
RESULTS = ROOT / "bench" / "results.md"
BEGIN, END = "<!-- speed: begin -->\n", "<!-- speed: end -->"


def excerpt(results: str) -> str:
    """The tables of the report, then its facts about the machine as one paragraph."""
    tables = re.findall(r"(?:^\|.*\n)+", results, re.MULTILINE)
    machine = results.partition("## Machine\n")[2]
    facts = re.findall(r"^- (.*)$", machine, re.MULTILINE)
    return "\n".join(tables) + ("\n" + "; ".join(facts) + ".\n" if facts else "")


def brought_in(readme: str, results: str) -> str:
    """The README with the tables between its two marks."""
    before, _, rest = readme.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{excerpt(results)}\n{END}{after}"


def main() -> int:
    """Returns the exit code."""
    if not RESULTS.exists():
        sys.stderr.write("There is no bench/results.md yet: run `make bench` first.\n")
        return 2
    page = ROOT / "README.md"
    page.write_text(brought_in(page.read_text(), RESULTS.read_text()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
