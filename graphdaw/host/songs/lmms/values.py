"""Numbers, parameters and the ids by which LMMS' automation finds them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple
from xml.etree.ElementTree import Element, tostring

from graphdaw.graph.song import Report, Target

TICK = 20  # of ours in one of theirs
TICKS_PER_WHOLE = 192  # of theirs
MOST_TICKS = 1 << 31  # of theirs; they count in 32 bits
MAX_CLIPS = 100_000

# What 1.3 calls by new names.
_OLD_TAGS = {
    "automationclip": "automationpattern",
    "patternclip": "bbtco",
    "midiclip": "pattern",
    "sampleclip": "sampletco",
    "patterntrack": "bbtrack",
    "mixer": "fxmixer",
    "mixerchannel": "fxchannel",
}
_KEYS_AS_MIDI = 20  # the number of the file's version since which key 69 is A4, as in MIDI


class Moved(NamedTuple):
    """What an automation's values move, and by what they are multiplied for that."""

    target: Target
    factor: float


class Project:
    """The tree with what reading it has found out so far."""

    def __init__(self, root: Element) -> None:
        for element in root.iter():
            element.tag = _OLD_TAGS.get(element.tag, element.tag)
        self.root = root
        self.report = Report()
        self.models: dict[str, Moved] = {}
        self.clips = 0
        version = root.get("version", "")
        self.key_offset = 0 if version.isdigit() and int(version[:9]) >= _KEYS_AS_MIDI else 12
        head = root.find("head")
        self.head = head if head is not None else Element("head")
        self.beats = max(1, round(number(self.head, "timesig_numerator", 4.0, 1, 64)))
        self.unit = max(1, round(number(self.head, "timesig_denominator", 4.0, 1, 64)))
        self.bar = max(1, TICKS_PER_WHOLE * self.beats // self.unit)

    def spend_clip(self) -> None:
        """Count a clip; raises ValueError for more than a piece can have."""
        self.clips += 1
        if self.clips > MAX_CLIPS:
            raise ValueError(f"its patterns are placed more than {MAX_CLIPS} times")

    def model(self, element: Element, name: str, target: Target, factor: float = 1.0) -> None:
        """Remember by which id automation may move a parameter, if it has one."""
        for child in element:
            if child.tag == name and "value" in child.attrib and "id" in child.attrib:
                self.models.setdefault(child.attrib["id"], Moved(target, factor))

    def parameters(self, element: Element, target: Target, prefix: str = "") -> tuple[dict[str, float | str], bytes]:
        """Every parameter below an element, and as XML what is nested deeper than parameters are.

        `target` says of which device; ids of parameters are remembered with their names in its place.
        """
        found: dict[str, float | str] = {prefix + name: _plain(text) for name, text in element.attrib.items() if text}
        states = []
        for child in element:
            name = prefix + child.tag
            if child.tag == "connection":
                self._say_controlled(child, target)
            elif "value" in child.attrib:
                found[name] = _plain(child.attrib["value"])
                self.model(element, child.tag, Target(target.place, name, target.track, target.index))
            elif all(len(below) == 0 for below in child):
                inner, _ = self.parameters(child, target, name + ".")
                found |= inner
            else:
                states.append(tostring(child))
        return found, b"\n".join(states)

    def _say_controlled(self, connection: Element, target: Target) -> None:
        for child in connection:
            self.report.say(f"{target.parameter}: {child.tag!r} is moved by a controller, which was left out.")


def number(element: Element, name: str, default: float, lo: float = -1e9, hi: float = 1e9) -> float:
    """A parameter: an attribute, or an element with a value where it is automated; the default for no number."""
    text = element.get(name)
    if text is None:
        below = element.find(name)
        text = below.get("value") if below is not None else None
    value = _number(text) if text is not None else None
    return default if value is None else min(max(value, lo), hi)


def ticks(element: Element, name: str, default: int = 0) -> int:
    """A time in our ticks, not before the beginning."""
    return TICK * round(number(element, name, float(default), 0, MOST_TICKS))


def flag(element: Element, name: str, default: bool = False) -> bool:
    """A switch."""
    return number(element, name, float(default)) != 0.0


def children(element: Element | None, tag: str) -> Iterator[Element]:
    """The elements of that name directly below."""
    return iter(()) if element is None else (child for child in element if child.tag == tag)


def _plain(text: str) -> float | str:
    value = _number(text)
    return text if value is None else value


def _number(text: str) -> float | None:
    """A finite number; some versions wrote the comma of their user's language."""
    if len(text) > 64:
        return None
    try:
        value = float(text.replace(",", "."))
    except ValueError:
        return None
    return value if math.isfinite(value) else None
