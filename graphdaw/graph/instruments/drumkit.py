"""Hydrogen's drum kits as text: `drumkit.xml`, with its instruments and their layers, of old versions and new.

Old kits have one recording an instrument, later ones layers by velocity, and the newest layers inside components.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element

from graphdaw.errors import MediaError
from graphdaw.graph.instruments.inside import Surroundings
from graphdaw.graph.xml_files import read_xml

MAX_DRUMS, MAX_LAYERS = 1_000, 16_384
_NUMBER = re.compile(r"[+-]?\d{1,12}(?:\.\d{0,20})?(?:[eE][+-]?\d{1,2})?")


@dataclass(frozen=True, slots=True)
class DrumLayer:
    """One recording of a drum, for velocities from 0 to 1."""

    path: str
    least: float
    most: float
    gain: float
    pitch_semitones: float


@dataclass(frozen=True, slots=True)
class Drum:
    """One drum; envelope times are frames, as the file has them, and `words` its other settings as text."""

    name: str
    layers: tuple[DrumLayer, ...]
    numbers: dict[str, float]
    words: dict[str, str]

    def number(self, name: str, usual: float) -> float:
        """A setting that is a number."""
        return self.numbers.get(name, usual)

    def is_on(self, name: str) -> bool:
        """A setting that is true or false."""
        return self.words.get(name, "") == "true"


@dataclass(slots=True)
class DrumkitFile:
    """A kit: its drums in their order, and names of recordings that are not there."""

    name: str
    drums: list[Drum] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    unsupported: Counter[str] = field(default_factory=Counter)


def read_drumkit(path: str | os.PathLike[str], name: str = "") -> DrumkitFile:
    """A `drumkit.xml`; raises MediaError, and nothing else, for whatever it holds."""
    called = name or os.fspath(path)
    try:
        root = read_xml(path)
        if root.tag != "drumkit_info":
            raise ValueError(f"it holds <{root.tag[:40]}> in place of <drumkit_info>")
        return _kit(root, Surroundings(path))
    except OSError as error:
        raise MediaError(f"{called} cannot be read: {error.strerror or error}; choose a drumkit.xml.") from error
    except ValueError as error:
        raise MediaError(f"{called} is no drum kit that can be read: {error}; choose another.") from error


def _kit(root: Element, around: Surroundings) -> DrumkitFile:
    kit = DrumkitFile(root.findtext("name", "").strip()[:200])
    found = root.findall("instrumentList/instrument")
    if not 1 <= len(found) <= MAX_DRUMS:
        raise ValueError(f"it has {len(found) or 'no'} instruments, and 1 to {MAX_DRUMS} can be read")
    layers = 0
    for element in found:
        drum = _drum(element, around, kit)
        layers += len(drum.layers)
        if layers > MAX_LAYERS:
            raise ValueError(f"it has more than {MAX_LAYERS} layers")
        kit.drums.append(drum)
    return kit


def _drum(element: Element, around: Surroundings, kit: DrumkitFile) -> Drum:
    words = {child.tag: (child.text or "").strip()[:200] for child in element if not len(child)}
    numbers = {tag: float(text) for tag, text in words.items() if _NUMBER.fullmatch(text)}
    layers = list(element.iter("layer"))
    if not layers and words.get("filename"):
        layers = [element]
    if len(element.findall("instrumentComponent")) > 1:
        kit.unsupported["instrumentComponent"] += 1
    made = [_layer(layer, around, kit, layer is element) for layer in layers]
    return Drum(words.get("name", ""), tuple(one for one in made if one.path), numbers, words)


def _layer(element: Element, around: Surroundings, kit: DrumkitFile, whole: bool) -> DrumLayer:
    def number(tag: str, usual: float) -> float:
        text = "" if whole else element.findtext(tag, "").strip()
        return float(text) if _NUMBER.fullmatch(text) else usual

    name = element.findtext("filename", "").strip()
    path = around.find(name) if name else ""
    if name and not path and name not in kit.missing:
        kit.missing.append(name)
    return DrumLayer(path, number("min", 0.0), number("max", 1.0), number("gain", 1.0), number("pitch", 0.0))
