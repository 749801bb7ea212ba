"""How a session is doing: its place, its load, and whose fault late blocks were."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Stats:
    """How a session is doing; times are in seconds, counts are since it was made.

    Of every hundred callbacks one worked longer than `work_p99_s` or came later after the one before than `gap_p99_s`.
    A late block is blamed on the piece itself (`own_late`: it worked for more than 80 % of the block's time), on the
    computer (`host_late`: the callback came late although the one before was in time), on the driver (`driver_late`:
    it says so) or on work that is done elsewhere (`foreign_late`: it came too late for its block).
    """

    device: str  # "" while it is stopped
    priority: int | None  # of the thread that calls for sound; 0 is none of real time, None unknown
    position_s: float
    played_s: float
    load: float  # part of the time that the engine's own work takes
    work_p99_s: float
    work_peak_s: float
    gap_p99_s: float
    gap_peak_s: float
    callbacks: int
    own_late: int
    host_late: int
    driver_late: int
    foreign_late: int
    stolen_s: float | None  # processor time that the machine's host gave to others meanwhile; None where unknown
    not_finite: int
    swaps: int
    underruns: int
    events_dropped: int
    problems: dict[str, str]

    def __str__(self) -> str:
        minutes, seconds = divmod(self.position_s, 60.0)
        work, gap = (self.work_p99_s, self.work_peak_s), (self.gap_p99_s, self.gap_peak_s)
        stolen = "" if self.stolen_s is None else f" ({self.stolen_s:.2f} s were stolen from it)"
        late = (
            f"by the piece {self.own_late}, by the computer {self.host_late}{stolen}, by the driver {self.driver_late}"
        )
        lines = [
            f"{self.device or 'stopped'} at {minutes:.0f}:{seconds:06.3f}, {self.played_s:.1f} s played",
            f"load {self.load:.1%}; a callback takes {_ms(work)}, and comes {_ms(gap)} after the one before",
            f"{self.callbacks} callbacks; late {late}, by others {self.foreign_late}",
            f"{self.not_finite} bad samples, {self.underruns} underruns",
        ]
        return "\n".join(lines + [f"{id or 'graph'}: {sentence}" for id, sentence in self.problems.items()])


def _ms(times_s: tuple[float, float]) -> str:
    """The time that 99 of 100 keep to, and the longest."""
    return f"up to {times_s[0] * 1e3:.2f} ms (99 %; longest {times_s[1] * 1e3:.2f} ms)"
