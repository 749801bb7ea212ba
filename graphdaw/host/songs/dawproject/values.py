"""Numbers and units of DAWproject files, and the parameters that their automation can name."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple
from xml.etree.ElementTree import Element

from graphdaw.graph.clips import TICKS_PER_QUARTER
from graphdaw.graph.song import Report, Target, level
from graphdaw.graph.timeline import Timeline

MOST_BEATS = 1e7
MAX_CLIPS = 100_000
MAX_NOTES = 1_000_000
MAX_NESTED = 8  # clips within clips


class Moved(NamedTuple):
    """What the points for a parameter move, the unit they are in if they do not say, and what makes them ours."""

    target: Target
    unit: str
    scale: Callable[[float, str], float]

    def ours(self, unit: str | None) -> Callable[[float], float]:
        """What makes a value ours of points that say this unit, or none."""
        said = self.unit if unit is None or self.target.parameter == "pan" else unit
        return lambda value: self.scale(value, said)


class Project:
    """The tree with what reading it has found out so far."""

    def __init__(self, root: Element) -> None:
        self.root = root
        self.report = Report()
        self.by_id = {element.attrib["id"]: element for element in root.iter() if "id" in element.attrib}
        self.models: dict[str, Moved] = {}
        self.track_ids: dict[str, str] = {}  # of tracks and channels in the file -> of tracks here
        self.timeline = Timeline()
        self._clips = self._notes = 0

    def spend_clip(self) -> None:
        """Count a clip that is made or looked at; raises ValueError for more than a piece can have."""
        self._clips += 1
        if self._clips > MAX_CLIPS:
            raise ValueError(f"it places more than {MAX_CLIPS} clips")

    def spend_notes(self, count: int) -> None:
        """Count notes and points that are made; raises ValueError for more than a piece can have."""
        self._notes += count
        if self._notes > MAX_NOTES:
            raise ValueError(f"it has more than {MAX_NOTES} notes and points")


class Scale(NamedTuple):
    """How a stretch of a file counts time: beats, or seconds that begin at a moment of the piece."""

    timeline: Timeline
    seconds: bool = False
    origin_s: float = 0.0

    def ticks(self, time: float) -> int:
        """Ticks from where the stretch begins."""
        if not self.seconds:
            return round(time * TICKS_PER_QUARTER)
        begin = self.timeline.ticks(self.origin_s)
        return round(self.timeline.ticks(self.origin_s + time) - begin)

    def within(self, element: Element, at_ticks: int, attribute: str = "timeUnit") -> Scale:
        """The scale inside an element that lies at a tick of the piece: its own, or this one's unit."""
        unit = element.get(attribute)
        seconds = self.seconds if unit is None else unit == "seconds"
        return Scale(self.timeline, seconds, self.timeline.seconds(at_ticks) if seconds else 0.0)


def number(element: Element | None, name: str, default: float, lo: float = -1e9, hi: float = 1e9) -> float:
    """A number within bounds; the default for what is none."""
    text = element.get(name) if element is not None else None
    if text is None or len(text) > 64:
        return default
    try:
        value = float(text)
    except ValueError:
        return default
    return default if math.isnan(value) else min(max(value, lo), hi)


def time(element: Element, name: str, default: float = 0.0) -> float:
    """A time, not before the beginning."""
    return number(element, name, default, 0.0, MOST_BEATS)


def flag(element: Element | None, name: str, default: bool = False) -> bool:
    """A switch."""
    text = element.get(name) if element is not None else None
    return default if text is None else text in ("true", "1")


def factor(value: float, unit: str) -> float:
    """A level as a factor."""
    return level(value) if unit == "decibel" else value / 100 if unit == "percent" else value


def place(value: float, unit: str) -> float:
    """A pan from -1 to 1."""
    found = 2 * value - 1 if unit == "normalized" else value / 100 if unit == "percent" else value
    return min(max(found, -1.0), 1.0)


def plain(value: float, _unit: str) -> float:
    """What is taken as it is."""
    return value


def fraction(value: float, unit: str) -> float:
    """A value from 0 to 1."""
    return min(max(value / 100 if unit == "percent" else value, 0.0), 1.0)
