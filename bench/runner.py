"""Runs contestants as programs of their own, one workload at a time, so that none can disturb or stop another."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench import definitions as d

ROOT = Path(__file__).resolve().parent.parent
Found = dict[str, Any]

rows: tuple[str, ...] = (*d.workloads, d.BUILD, d.EDIT, *d.CORES, d.MEMORY)
MIXED = tuple(name for name in d.workloads if name != "W5")  # what is convolved there comes a window late


@dataclass(frozen=True, slots=True)
class Contestant:
    """An engine, the module that measures it, and the rows it can be measured in."""

    name: str
    module: str
    arguments: tuple[str, ...] = ()
    is_peer: bool = True
    rows: tuple[str, ...] = (*d.workloads, d.BUILD, d.EDIT)

    def command(self) -> list[str]:
        """The program and the arguments that are always given."""
        python = peers_python() if self.is_peer else sys.executable
        return [python, "-m", self.module, *self.arguments]


contestants: dict[str, Contestant] = {
    c.name: c
    for c in (
        Contestant("graphdaw", "bench.ours", is_peer=False, rows=rows),
        Contestant("limit", "bench.limit", is_peer=False, rows=tuple(d.workloads)),
        Contestant("scsynth", "bench.peers.scsynth", rows=(*MIXED, d.BUILD, d.EDIT)),
        Contestant("supernova", "bench.peers.scsynth", ("--supernova",), rows=(*MIXED, d.BUILD, d.EDIT)),
        Contestant("csound", "bench.peers.csound", rows=(*d.PLAIN, d.BUILD)),
        Contestant("pyo", "bench.peers.pyo"),
        Contestant("signalflow", "bench.peers.signalflow", rows=(*d.PLAIN, d.BUILD, d.EDIT)),
        Contestant("dawdreamer", "bench.peers.dawdreamer", rows=(*d.PLAIN, d.BUILD, d.EDIT)),
        Contestant("dawdreamer-faust", "bench.peers.dawdreamer", ("--faust",), rows=(*d.PLAIN, d.BUILD, d.EDIT)),
    )
}


def peers_python() -> str:
    """The Python that has the peers: $GRAPHDAW_PEERS_PYTHON, else the environment .venv-peers, else this one."""
    own = ROOT / ".venv-peers" / "bin" / "python"
    return os.environ.get("GRAPHDAW_PEERS_PYTHON") or (str(own) if own.exists() else sys.executable)


def run(
    contestant: Contestant, row: str, seconds: float = d.SECONDS, repeats: int = 3, limit_s: float = 120.0
) -> Found:
    """Measure one row with one contestant; where that cannot be done, `note` says why and there is no figure."""
    command = [*contestant.command(), row, "--seconds", str(seconds), "--repeats", str(repeats)]
    answer: Found = {"peer": contestant.name, "workload": row}
    try:
        done = subprocess.run(
            command, cwd=ROOT, capture_output=True, text=True, errors="replace", timeout=limit_s, check=False
        )
    except subprocess.TimeoutExpired:
        return answer | {"note": f"not done within {limit_s:.0f} s"}
    for line in reversed(done.stdout.splitlines()):
        if line.startswith('{"peer"'):
            return checked(json.loads(line))
    reason = next((x for x in reversed(done.stderr.splitlines()) if x.strip()), f"ended with {done.returncode}")
    return answer | {"note": f"missing: {reason.strip()[:200]}"}


def checked(found: Found) -> Found:
    """The result as it is, or without its figure where the sound it rendered was silent or broken."""
    if "rtf" in found and not (math.isfinite(found.get("rms", math.nan)) and found.get("rms", 0.0) > 1e-6):
        return {k: v for k, v in found.items() if k != "rtf"} | {"note": "rendered silence or broken sound"}
    return found
