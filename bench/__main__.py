"""`python -m bench`: measure all contestants and write bench/results.md and bench/results.json.

The peers live in an environment of their own:
    python3 -m venv .venv-peers && .venv-peers/bin/pip install -r bench/peers/requirements.txt
    apt-get install supercollider-server supercollider-supernova csound
The limit of W5 needs FFTW: apt-get install libfftw3-dev
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from bench import definitions as d
from bench.report import machine, markdown
from bench.runner import Found, contestants, rows, run

HERE = Path(__file__).parent


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure GraphDAW, the C limit and the peers.")
    parser.add_argument("--rows", nargs="+", choices=rows, default=list(rows), metavar="ROW")
    parser.add_argument(
        "--contestants", nargs="+", choices=list(contestants), default=list(contestants), metavar="NAME"
    )
    parser.add_argument("--seconds", type=float, default=d.SECONDS, help="audio a run, at most (30)")
    parser.add_argument("--repeats", type=int, default=5, help="runs, of which the median counts (5)")
    parser.add_argument(
        "--limit", type=float, default=120.0, help="seconds after which one measurement is given up (120)"
    )
    parser.add_argument("--out", type=Path, default=HERE, help="folder for results.md and results.json")
    parser.add_argument("--keep", action="store_true", help="keep figures of results.json that are not measured now")
    return parser.parse_args()


def kept(path: Path) -> dict[tuple[str, str], Found]:
    """Figures of an earlier run."""
    if not path.exists():
        return {}
    return {(f["workload"], f["contestant"]): f for f in json.loads(path.read_text())["results"]}


def main() -> None:
    """Measure row by row, all contestants of a row one after the other, and write the report as it grows."""
    asked = arguments()
    results = kept(asked.out / "results.json") if asked.keep else {}
    about = machine()
    for row in asked.rows:
        for name in asked.contestants:
            if row not in contestants[name].rows:
                continue
            found = run(contestants[name], row, asked.seconds, asked.repeats, asked.limit) | {"contestant": name}
            results[row, name] = found
            figures = [f"{found[unit]:,.1f} {unit}" for unit in ("rtf", "ms", "us", "ratio", "bytes") if unit in found]
            print(f"{row:>10} {name:<17} {' '.join(figures)} {found.get('note', '')}", file=sys.stderr, flush=True)
        text = json.dumps({"machine": about, "results": list(results.values())}, indent=1)
        (asked.out / "results.json").write_text(text + "\n")
        (asked.out / "results.md").write_text(markdown(results, about))
    print(markdown(results, about))


if __name__ == "__main__":
    main()
