"""The measured figures as tables: each workload, each contestant, and how far GraphDAW is ahead of the best peer."""

from __future__ import annotations

import os
import platform
import shlex
import subprocess
import sys
from datetime import date
from pathlib import Path

from bench import definitions as d
from bench.runner import Found, contestants

PEERS = [c.name for c in contestants.values() if c.is_peer]


def machine() -> dict[str, str]:
    """What the figures were measured on."""
    cpu = "unknown processor"
    info = Path("/proc/cpuinfo")
    if info.exists():
        fields = [line.split(":", 1) for line in info.read_text().splitlines() if ":" in line]
        seen = {key.strip(): value.strip() for key, value in fields}
        cpu = f"{seen.get('model name', cpu)} (family {seen.get('cpu family', '?')}, model {seen.get('model', '?')})"
    gcc = subprocess.run(["gcc", "--version"], capture_output=True, text=True, check=False).stdout.splitlines()[:1]
    return {
        "processor": cpu,
        "cores": str(os.cpu_count()),
        "system": platform.system() + " " + platform.release().split("-")[0],
        "python": platform.python_version(),
        "compiler": gcc[0] if gcc else "none",
        "date": date.today().isoformat(),
        "command": shlex.join(["python", "-m", "bench", *sys.argv[1:]]),
    }


def figure(found: Found | None, unit: str = "rtf") -> float | None:
    """One contestant's figure, if it has one."""
    return None if found is None else found.get(unit)


def cell(found: Found | None, unit: str) -> str:
    """A figure as text; a dash where there is none, its reason standing below the table."""
    value = figure(found, unit)
    if value is None:
        return "" if found is None else "-"
    return f"{value:,.0f}" if value >= 100 else f"{value:,.1f}"


def verdict(name: str, results: dict[tuple[str, str], Found]) -> list[str]:
    """Best peer, our ratio to it, the target, whether it is reached, and our share of the limit."""
    peers = {p: value for p in PEERS if (value := figure(results.get((name, p)))) is not None}
    ours, limit = figure(results.get((name, "graphdaw"))), figure(results.get((name, "limit")))
    best = max(peers, key=lambda p: peers[p], default="")
    wanted = d.workloads[name].factor
    ratio = ours / peers[best] if ours and best else None
    return [
        best or "-",
        f"{ratio:.2f}x" if ratio else "-",
        f"{wanted:g}x",
        "-" if ratio is None else "yes" if ratio >= wanted else "no",
        f"{100 * ours / limit:.0f} %" if ours and limit else "-",
    ]


def table(head: list[str], body: list[list[str]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *body]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def speeds(results: dict[tuple[str, str], Found]) -> str:
    """Seconds of audio per second."""
    head = ["workload", "GraphDAW", "C limit", *PEERS, "best peer", "ratio", "target", "reached", "of the limit"]
    body = []
    for name, workload in d.workloads.items():
        cells = [cell(results.get((name, c)), "rtf") for c in ("graphdaw", "limit", *PEERS)]
        body.append([f"**{name}** {workload.text}", *cells, *verdict(name, results)])
    return table(head, body)


def durations(results: dict[tuple[str, str], Found]) -> str:
    """Building, editing, cores and memory."""
    head = ["row", "target", "GraphDAW", *PEERS]
    specials = [
        ("build and compile 1,000 nodes from Python, ms", d.BUILD, "ms", "40"),
        ("W7 edit of a playing 1,000-node graph, us", d.EDIT, "us", "2,000"),
        *((f"two cores over one, {workload}", name, "ratio", "1.6") for name, workload in d.CORES.items()),
        ("memory a node, bytes", d.MEMORY, "bytes", ""),
    ]
    body = [
        [text, target, *(cell(results.get((name, c)), unit) for c in ("graphdaw", *PEERS))]
        for text, name, unit, target in specials
    ]
    ours = figure(results.get(("W2", "graphdaw")))
    if ours:
        blocks_a_second = ours * d.SAMPLE_RATE_HZ / d.BLOCK_FRAMES
        each_ns = 1e9 / blocks_a_second / d.workloads["W2"].count
        body.append(["a node in a chain of 1,000, ns a block", "", f"{each_ns:.1f}", *([""] * len(PEERS))])
    return table(head, body)


def remarks(results: dict[tuple[str, str], Found]) -> str:
    """Every note, so that nothing missing is silent."""
    noted = [f"- {row}, {name}: {found['note']}" for (row, name), found in results.items() if found.get("note")]
    return "\n".join(noted) + "\n" if noted else "None.\n"


def markdown(results: dict[tuple[str, str], Found], about: dict[str, str]) -> str:
    """The whole report."""
    versions = sorted({f"{f['peer']} {f['version']}" for f in results.values() if f.get("version")})
    facts = "\n".join(f"- {key}: {value}" for key, value in about.items())
    return (
        "# Speed\n\n48 kHz, blocks of 128 frames, one thread, offline; seconds of audio per second of processor time, "
        "median of several runs.\nContestants ran one after the other on the same machine; rows kept from an earlier "
        "run of that day were not repeated.\n\n"
        f"{speeds(results)}\n{durations(results)}\n## Remarks\n\n{remarks(results)}\n"
        f"## Machine\n\n{facts}\n- contestants: {', '.join(versions)}\n"
    )
