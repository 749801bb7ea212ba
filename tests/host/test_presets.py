"""Every instrument of the library: in tune, in level, alive under the finger, and silent when nobody plays it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

import graphdaw as gd
from graphdaw.graph import library, text
from graphdaw.graph.library import Preset
from graphdaw.graph.validate import validate
from tests import presets_played as instruments
from tests.presets_played import RATE, decibels, home, played

SHIPPED = list(library._inside(library.FOLDER))
FAMILIES = {
    "leads": 8, "pads": 8, "keys": 8, "basses": 8, "bells_brass": 6, "wavetable": 4, "plucked": 8, "textures": 4,
    "drums": 17, "ensembles": 4, "sequences": 4,
}  # fmt: skip
PITCHLESS = {"unpitched", "noise", "granular"}


def some(long_form: bool) -> Iterator[Preset]:
    """All of them, or one of each family."""
    seen = set()
    for preset in SHIPPED:
        if long_form or preset.family not in seen:
            seen.add(preset.family)
            yield preset


def named(preset: Preset) -> str:
    return preset.name


def test_there_are_enough_of_each_family_and_no_two_of_a_name() -> None:
    counted = {family: sum(p.family == family for p in SHIPPED) for family in FAMILIES}

    assert all(counted[family] >= wanted for family, wanted in FAMILIES.items())
    assert {preset.family for preset in SHIPPED} == set(FAMILIES)
    assert len({preset.name.casefold() for preset in SHIPPED}) == len(SHIPPED) >= 64
    assert all(preset.tags and preset.description.endswith(".") for preset in SHIPPED)


@pytest.mark.parametrize("preset", SHIPPED, ids=named)
def test_it_is_an_instrument_in_its_usual_form(preset: Preset) -> None:
    source = library.source(preset)
    remarks = [line for line in source.splitlines() if line.startswith("#")]
    graph = gd.Graph(document=library.read(preset))
    group = graph.document.inside("")[0]
    knobs = gd.macros(graph, group.id)

    assert not list(validate(graph.document))
    assert source == "\n".join(remarks) + "\n" + text.show(text.parse(source))
    assert group.label == preset.name
    assert {(p.name, p.direction, p.type) for p in group.ports} == {("events", "in", "event"), ("out", "out", "audio")}
    assert 3 <= len(knobs) <= 8
    assert all(graph.document.wires_from(id) and graph.nodes[id].comment.endswith(".") for id in knobs.values())


@pytest.mark.parametrize("preset", SHIPPED, ids=named)
def test_it_sounds_when_it_is_played_and_not_before(preset: Preset) -> None:
    sound = played(preset, 0.6, (0.05, 0.5, home(preset), 0.8))

    assert np.isfinite(sound).all()
    assert np.abs(sound[:, : RATE // 20]).max() == 0.0
    assert decibels(np.abs(sound).max()) > -50.0


def test_levels_match_and_nothing_clips_or_hums(long_form: bool) -> None:
    """-18 LUFS, two either way; true peaks below -1 dB; no DC; silence within nine seconds of the last note."""
    faults = {}
    for preset in some(long_form):
        sound = played(preset, 13.0, *instruments.phrase(preset))
        loud, peak = instruments.loudness_lufs(sound[:, : 9 * RATE // 2]), instruments.true_peak_db(sound)
        hum, rest = (
            float(np.abs(sound[:, : 4 * RATE].mean(axis=1)).max()),
            decibels(np.abs(sound[:, -RATE // 20 :]).max()),
        )
        if not (-20.0 < loud < -16.0 and peak < -1.0 and hum < 0.003 and rest < -90.0):
            faults[preset.name] = (loud, peak, hum, rest)
    assert faults == {}


def test_they_are_in_tune_over_three_octaves(long_form: bool) -> None:
    faults = {}
    for preset in some(long_form):
        if preset.family == "drums" or PITCHLESS & set(preset.tags):
            continue
        for key in (24.0, 36.0, 48.0) if "bass" in preset.tags else (48.0, 60.0, 72.0):
            sound = played(preset, 3.4, (0.0, 3.4, key, 0.8), steady=True)
            off = instruments.cents_off(sound[:, RATE // 8 :], key)
            if not abs(off) < 5.0:
                faults[preset.name, key] = off
    assert faults == {}


def test_a_harder_touch_is_louder_and_brighter(long_form: bool) -> None:
    faults = {}
    for preset in some(long_form):
        soft, hard = (played(preset, 1.6, (0.0, 1.6, home(preset), velocity)) for velocity in (0.3, 1.0))
        louder = instruments.level_db(hard) - instruments.level_db(soft)
        brighter = instruments.brightness_hz(hard) / instruments.brightness_hz(soft)
        if not (louder > 1.2 and brighter > 1.02):
            faults[preset.name] = (louder, brighter)
    assert faults == {}


def test_every_knob_is_heard(long_form: bool) -> None:
    faults = {}
    for preset in some(long_form):
        notes = ((0.0, 0.5, home(preset), 0.8), (0.4, 0.3, home(preset) + 7.0, 0.8))
        if "kit" in preset.tags:
            notes += tuple((0.1, 0.5, key, 0.8) for key in (36.0, 42.0, 49.0))
        plain = played(preset, 1.4, *notes)
        graph = gd.Graph(document=library.read(preset))
        for label, id in gd.macros(graph, graph.document.inside("")[0].id).items():
            value = -1.0 if float(str(graph[id].params["value"])) > 0.0 else 1.0
            turned = played(preset, 1.4, *notes, **{label: value})
            change = instruments.level_db(turned - plain) - instruments.level_db(plain)
            if not (np.isfinite(turned).all() and change > -40.0):
                faults[preset.name, label] = change
    assert faults == {}


def test_a_note_whose_voice_is_taken_fades_and_does_not_click(long_form: bool) -> None:
    """What the last note adds, less the note by itself, is the voice it took; it goes gently.

    Where notes begin with noise, each voice has its own, and the two cannot be told apart.
    """
    faults, counted = {}, 0
    for preset in some(long_form):
        graph = gd.Graph(document=library.read(preset))
        voices = next(graph[id].params for id, node in graph.nodes.items() if node.type == "voices")
        if voices["mode"] != "poly" or {"noise", "pluck", "granular", "random"} & {
            n.type for n in graph.nodes.values()
        }:
            continue
        counted += 1
        held = [(0.02 * k, 2.0, 48.0 + 5 * k % 23, 0.8) for k in range(round(float(voices["voices"])))]
        last = (0.7, 2.0, 55.5, 0.8)
        without, full, alone = (played(preset, 0.8, *notes, linear=True) for notes in (held, [*held, last], [last]))
        taken, at = np.abs(full - without - alone).max(axis=0), round(0.7 * RATE)
        early, later = float(taken[at : at + 24].max()), float(taken[at : at + 2000].max())
        if not (taken[:at].max() == 0.0 and early <= 0.2 * later):
            faults[preset.name] = (taken[:at].max(), early, later)
    assert faults == {} and counted >= (20 if long_form else 2)
