"""Points of DAWproject files: automation, and what notes and channels are told."""

from __future__ import annotations

from collections.abc import Callable
from xml.etree.ElementTree import Element

from graphdaw.graph.clips import Lane, Point, Shape
from graphdaw.host.songs.dawproject.values import Scale, fraction, number, time

LANES = {  # expressions that are lanes of a clip or a note; pan is the controller of that meaning
    "transpose": "bend", "pitchBend": "bend", "pressure": "pressure", "channelPressure": "pressure",
    "polyPressure": "pressure", "timbre": "timbre", "programChange": "program", "pan": "cc10",
}  # fmt: skip
BEND_SEMITONES = 2.0  # what a bend of 1 is where it does not count in semitones


def expression_of(points: Element) -> str:
    """Which expression points are for; "" where they move a parameter."""
    target = points.find("Target")
    return target.get("expression", "") if target is not None else ""


def values_of(points: Element, scale: Scale, ours: Callable[[float], float]) -> tuple[Point, ...]:
    """Points by their times, the last of two at the same; they hold their value unless they say that they do not."""
    scale = scale.within(points, 0) if "timeUnit" in points.attrib else scale
    found: dict[int, Point] = {}
    for one in points:
        if one.tag not in ("Target", "TimeSignaturePoint"):
            shape: Shape = "line" if one.get("interpolation") == "linear" else "hold"
            text = one.get("value", "")
            value = float(text == "true") if text in ("true", "false") else number(one, "value", 0.0)
            tick = scale.ticks(time(one, "time"))
            found[tick] = Point(tick, ours(value), shape)
    return tuple(found[tick] for tick in sorted(found))


def lane_of(points: Element, scale: Scale) -> Lane | None:
    """Points for an expression as a lane; None for an expression that is no lane of ours."""
    target = points.find("Target")
    expression = expression_of(points)
    kind = LANES.get(expression, "")
    if expression == "channelController":
        kind = f"cc{int(number(target, 'controller', 0, 0, 127))}"
    if not kind:
        return None
    unit = points.get("unit", "semitones" if expression == "transpose" else "normalized")
    return Lane(kind, values_of(points, scale, lambda value: _lane_value(value, kind, expression, unit)))


def _lane_value(value: float, kind: str, expression: str, unit: str) -> float:
    """A value of an expression in the unit of a lane."""
    if kind == "bend":
        if unit == "semitones" or expression == "transpose":
            return value
        return (2 * value - 1 if unit == "normalized" else value) * BEND_SEMITONES
    if kind == "program":
        return min(max(value, 0.0), 127.0)
    if expression == "pan" and unit == "linear":
        value = (value + 1) / 2
    return fraction(value, unit)
