"""Tempo as nodes declare it: a choice of note lengths and a parameter for the beats a minute."""

from __future__ import annotations

from graphdaw.nodes.base import Choice, Param

SYNC = (
    "free", "4/1", "2/1", "1/1", "1/2", "1/2.", "1/2t", "1/4", "1/4.", "1/4t",
    "1/8", "1/8.", "1/8t", "1/16", "1/16.", "1/16t", "1/32",
)  # fmt: skip
"""Note lengths; a dot makes one half as long again, three of a t fit into two. `csrc/dsp/tempo.h` has their beats."""


TEMPO_HELP = "Quarter notes a minute; 0, or anything below 1, goes with the piece at its tempo."


def sync(what: str, default: str = "free") -> Choice:
    """The choice `sync`; `what` ends the sentence "Note length of ...", and says what "free" goes by."""
    return Choice(SYNC, default, help=f"Note length of {what}; a dot is half as long again, t a triplet.")


def tempo_bpm() -> Param:
    """The parameter `tempo_bpm`."""
    return Param(0.0, lo=0.0, hi=400.0, unit="bpm", curve="log", ramp_s=0.0, help=TEMPO_HELP)
