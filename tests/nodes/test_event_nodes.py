"""Nodes that change events on their way, against what their descriptions say, worked out in Python."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest

from graphdaw.errors import GraphError
from graphdaw.graph.timeline import Tempo, Timeline
from graphdaw.graph.vocabulary import PutClip, SetTimeline
from graphdaw.host.offline import Renderer
from graphdaw.nodes.prepare.chords import CHORDS
from graphdaw.nodes.prepare.filters import KINDS
from graphdaw.nodes.prepare.scales import ROOTS, SCALES
from tests.event_streams import Put, chain, put_all, struck, through
from tests.events import ALL_OFF, BEND, CC, OFF, ON, PRESSURE, Heard, clip, heard, offs, ons


def keys_of(type: str, keys: list[float], **values: Any) -> list[float | None]:
    """What becomes of each key; None for what is left out."""
    puts = [put for k, key in enumerate(keys) for put in struck(100 * k, 100 * k + 50, k + 1, key)]
    events = through(chain((type, values)), puts, 100 * len(keys) + 100)
    found = {e.note: e.key for e in events if e.kind == ON}
    assert {e.note: e.key for e in events if e.kind == OFF} == found
    return [found.get(k + 1) for k in range(len(keys))]


# transpose


def test_keys_are_moved_and_notes_keep_all_else() -> None:
    puts = [
        *struck(10, 200, 7, 60.25, 0.3),
        *struck(20, 90, 8, 100.0, 0.9, channel=3),
        Put(50, CC, 0, value=0.5, number=1),
    ]
    plain, moved = (
        through(chain(), puts, 300),
        through(chain(("transpose", {"semitones": 7.5, "octaves": -1.0})), puts, 300),
    )

    assert [e._replace(key=e.key - 4.5 if e.kind in (ON, OFF) else e.key) for e in plain] == moved


def test_a_note_ends_with_the_key_it_began_with() -> None:
    graph = chain(("transpose", {"semitones": 3.0}))
    with Renderer(graph) as renderer:
        put_all(renderer, [*struck(0, 3_000, 1, 60.0), *struck(1_500, 4_000, 2, 60.0)])
        renderer.render(1_024)
        graph.set("transpose1", semitones=-5.0)
        renderer.render(4_096)
        events = heard(renderer.engine)

    assert [(e.kind, e.key) for e in events] == [(ON, 63.0), (ON, 55.0), (OFF, 63.0), (OFF, 55.0)]


def test_a_wire_transposes_on_the_frame() -> None:
    graph = chain(("transpose", {}))
    graph.connect(graph.add("lfo", shape="square", rate_hz=1.0), graph["transpose1"]["semitones"], 12.0)
    events = through(
        graph, [put for k in range(4) for put in struck(12_000 * k + 500, 12_000 * k + 900, k + 1, 60.0)], 48_000
    )

    assert [e.key for e in events if e.kind == ON] == [72.0, 72.0, 48.0, 48.0]


# scale


def brought(key: float, members: set[int], how: str) -> float | None:
    """The definition, by looking at all keys."""
    inside = [k for k in range(-24, 160) if k % 12 in members]
    if how == "drop":
        return key if np.floor(key + 0.5) % 12 in members else None
    above, below = min(k for k in inside if k >= key), max(k for k in inside if k <= key)
    return float({"up": above, "down": below}.get(how, above if above - key < key - below else below))


@pytest.mark.parametrize("how", ["nearest", "up", "down", "drop"])
def test_keys_are_brought_into_any_scale(how: str) -> None:
    chance = random.Random(how)
    for name, steps in SCALES.items():
        root = chance.choice(ROOTS)
        keys = [*map(float, range(30, 60)), *(round(chance.uniform(0, 127), 2) for _ in range(10))]
        keys = [float(np.float32(key)) for key in keys]
        members = {(ROOTS.index(root) + step) % 12 for step in steps}
        assert keys_of("scale", keys, root=root, scale=name, how=how) == [brought(k, members, how) for k in keys]


def test_a_scale_of_ones_own_and_one_that_changes_while_a_note_is_on() -> None:
    assert keys_of("scale", [60.0, 61.0, 63.0], scale="custom", custom="0 3", how="down") == [60.0, 60.0, 63.0]
    graph = chain(("scale", {"how": "drop"}))
    with Renderer(graph) as renderer:
        put_all(renderer, struck(0, 3_000, 1, 64.0))
        renderer.render(1_024)
        graph.set("scale1", scale="minor")
        renderer.render(4_096)
        events = heard(renderer.engine)

    assert [(e.frame, e.kind, e.key) for e in events] == [(0, ON, 64.0), (3_000, OFF, 64.0)]


def test_church_modes_are_the_white_keys_from_each_degree() -> None:
    major = SCALES["major"]
    for degree, mode in enumerate(("major", "dorian", "phrygian", "lydian", "mixolydian", "minor", "locrian")):
        assert SCALES[mode] == tuple(sorted((step - major[degree]) % 12 for step in major))


@pytest.mark.parametrize("text", ["", "0 12", "a", "0 -1", "1.5", "0" * 100])
def test_what_is_no_scale_is_refused(text: str) -> None:
    with pytest.raises(GraphError, match="is no scale; write semitones"):
        chain(("scale", {"custom": text}))


# velocity


@pytest.mark.parametrize("values", [
    {}, {"curve": 1.0}, {"curve": -0.5}, {"scale": 1.5, "offset": -0.2}, {"fix": 0.75, "fixed": 0.6},
    {"low": 0.3, "high": 0.7}, {"low": 0.8, "high": 0.2},
    {"curve": 0.3, "scale": 0.5, "offset": 0.3, "fix": 0.2, "low": 0.2},
])  # fmt: skip
def test_velocities_are_the_formula(values: dict[str, float]) -> None:
    played = np.linspace(0.0, 1.0, 21)
    puts = [p for k, v in enumerate(played) for p in struck(100 * k, 100 * k + 50, k + 1, 60.0, float(v))]
    events = through(chain(("velocity", values)), puts, 2_200)

    set_to = {"curve": 0.0, "scale": 1.0, "offset": 0.0, "fix": 0.0, "fixed": 0.8, "low": 0.0, "high": 1.0, **values}
    shaped = played ** (4.0 ** -set_to["curve"]) * set_to["scale"] + set_to["offset"]
    mixed = shaped + set_to["fix"] * (set_to["fixed"] - shaped)
    expected = np.clip(mixed, set_to["low"], max(set_to["low"], set_to["high"]))
    np.testing.assert_allclose([e.value for e in events if e.kind == ON], expected, atol=2e-6)


def test_scatter_is_even_and_goes_by_its_seed() -> None:
    puts = [p for k in range(450) for p in struck(10 * k, 10 * k + 5, k + 1, 60.0, 0.5)]

    def values(**more: float) -> list[float]:
        return [e.value for e in through(chain(("velocity", {"random": 0.4, **more})), puts, 5_000) if e.kind == ON]

    off = np.array(values(seed=3.0)) - 0.5
    assert np.abs(off).max() <= 0.4 and abs(off.mean()) < 0.05 and abs(off.var() - 0.16 / 3) < 0.01
    assert values(seed=3.0) == values(seed=3.0) != values(seed=4.0)


# event_filter


def test_a_filter_and_its_inverse_share_everything_between_them() -> None:
    chance = random.Random(5)
    puts: list[Put] = []
    for k in range(120):
        channel = chance.randrange(6)
        puts += struck(40 * k, 40 * k + 100, k + 1, chance.randint(30, 90), chance.random(), channel=channel)
        puts.append(
            Put(
                40 * k + 20,
                chance.choice([BEND, PRESSURE, CC]),
                value=0.1,
                number=chance.randrange(128),
                channel=channel,
            )
        )
    values = {
        "kinds": "notes cc",
        "channels": "1 3-4",
        "controllers": "0-63, 100",
        "low_key": 40.0,
        "high_velocity": 0.5,
    }

    def is_meant(e: Heard) -> bool:
        if e.kind not in (KINDS["notes"], KINDS["cc"]) or e.channel not in (0, 2, 3):
            return False
        return e.number in (*range(64), 100) if e.kind == CC else e.key >= 40 and e.value <= 0.5

    everything = through(chain(), puts, 5_000)
    these = through(chain(("event_filter", values)), puts, 5_000)
    others = through(chain(("event_filter", {**values, "passes": "others"})), puts, 5_000)
    meant = {e.note for e in everything if e.kind == ON and is_meant(e)}
    assert these == [e for e in everything if (e.note in meant if e.note else is_meant(e))]
    assert others == [e for e in everything if (e.note not in meant if e.note else not is_meant(e))]


@pytest.mark.parametrize(("name", "text", "says"), [
    ("kinds", "notes sysex", "'sysex' is no kind of event"),
    ("channels", "0", "'0' says no channels; write numbers from 1 to 16"),
    ("channels", "3-1", "says no channels"),
    ("controllers", "1 x", "'x' says no controllers"),
    ("controllers", "128", "says no controllers"),
])  # fmt: skip
def test_what_says_nothing_is_refused(name: str, text: str, says: str) -> None:
    with pytest.raises(GraphError, match=says):
        chain(("event_filter", {name: text}))


def test_a_filter_that_shuts_lets_what_has_begun_end() -> None:
    graph = chain(("event_filter", {}))
    with Renderer(graph) as renderer:
        put_all(renderer, [*struck(0, 3_000, 1, 64.0), *struck(2_000, 2_500, 2, 64.0)])
        renderer.render(1_024)
        graph.set("event_filter1", kinds="cc")
        renderer.render(4_096)
        events = heard(renderer.engine)

    assert [(e.frame, e.kind) for e in events] == [(0, ON), (3_000, OFF)]


def test_a_track_plays_through_a_chain() -> None:
    graph = chain(("transpose", {"semitones": 1.0}), ("scale", {}), ("velocity", {}))
    graph.add("notes")
    graph.disconnect("midi_in1", "transpose1")
    graph.connect("notes1", "transpose1")
    graph.apply([PutClip("notes1", clip((0, 480, 60.0), (960, 480, 63.0)))])
    events = through(graph, [], 60_000)

    assert ons(events) == [(0, 60.0), (24_000, 64.0)]
    assert offs(events) == [(12_000, 60.0), (36_000, 64.0)]


# chord


@pytest.mark.parametrize(("name", "intervals"), [(n, c) for n, c in CHORDS.items() if n != "own"])
def test_chords_by_name(name: str, intervals: tuple[int, ...]) -> None:
    events = through(chain(("chord", {"chord": name, "level": 0.5})), struck(30, 900, 5, 60.0), 1_000)

    assert ons(events) == [(30, 60.0 + k) for k in sorted((0, *intervals))]
    assert sorted(offs(events)) == [(900, 60.0 + k) for k in sorted((0, *intervals))]
    assert {e.key: round(e.value, 6) for e in events if e.kind == ON} == {
        60.0 + k: 0.4 if k else 0.8 for k in (0, *intervals)
    }
    assert [e.note for e in events if e.kind == ON and e.key == 60.0] == [5]


@pytest.mark.parametrize("turns", range(-6, 7))
def test_inversions_move_the_lowest_up_or_the_highest_down(turns: int) -> None:
    values = {"chord": "own", "add1": 10.0, "add3": 3.0, "add4": 7.0, "inversion": float(turns)}
    expected = [0.0, 3.0, 7.0, 10.0]
    for _ in range(abs(turns)):
        expected = sorted([*expected[1:], expected[0] + 12] if turns > 0 else [*expected[:-1], expected[-1] - 12])

    events = through(chain(("chord", values)), struck(0, 100, 1, 60.0), 200)

    assert [key - 60.0 for _, key in ons(events)] == expected


@pytest.mark.parametrize("strum_ms", [10.0, -2.5])
def test_a_strum_plucks_string_after_string_and_ends_at_once(strum_ms: float) -> None:
    values = {"chord": "seventh", "strum_ms": strum_ms}
    whole = through(chain(("chord", values)), struck(40, 5_000, 1, 60.0), 6_000)
    short = through(chain(("chord", values)), struck(40, 200, 1, 60.0), 6_000)

    apart = round(abs(strum_ms) * 48)
    keys = [60.0, 64.0, 67.0, 70.0][:: 1 if strum_ms > 0 else -1]
    assert ons(whole) == [(40 + apart * k, key) for k, key in enumerate(keys)]
    assert {frame for frame, _ in offs(whole)} == {5_000}
    assert ons(short) == [(frame, key) for frame, key in ons(whole) if frame < 200]
    assert {frame for frame, _ in offs(short)} == {200}


def test_a_chord_bends_as_one() -> None:
    puts = [
        *struck(0, 900, 9, 60.0),
        Put(0, PRESSURE, 9, value=0.25),
        Put(500, BEND, 9, value=0.5),
        Put(600, BEND, 0, value=1.0),
    ]
    events = through(chain(("chord", {"chord": "minor"})), puts, 1_000)

    notes = {e.note for e in events if e.kind == ON}
    assert len(notes) == 3
    assert {e.note for e in events if e.kind == PRESSURE} == notes
    assert [e.note for e in events if e.kind == BEND and e.frame == 600] == [0]
    assert {e.note for e in events if e.kind == BEND and e.frame == 500} == notes


# event_delay


def test_echoes_are_later_softer_higher_and_as_long() -> None:
    values = {"time_s": 0.1, "repeats": 3.0, "decay": 0.5, "semitones": 12.0}
    events = through(chain(("event_delay", values)), struck(100, 12_100, 1, 60.0, 0.8), 40_000)

    assert ons(events) == [(100 + 4_800 * k, 60.0 + 12 * k) for k in range(4)]
    assert offs(events) == [(12_100 + 4_800 * k, 60.0 + 12 * k) for k in range(4)]
    np.testing.assert_allclose([e.value for e in events if e.kind == ON], [0.8, 0.4, 0.2, 0.1], rtol=1e-6)
    wet = through(chain(("event_delay", {**values, "dry": "off"})), struck(100, 12_100, 1, 60.0, 0.8), 40_000)
    assert ons(wet) == ons(events)[1:]


@pytest.mark.parametrize("rolls", [True, False])
def test_echoes_in_time_go_by_the_tempo_of_the_piece(rolls: bool) -> None:
    graph = chain(("event_delay", {"sync": "1/8", "repeats": 4.0}))
    song = Timeline((Tempo(0, 60.0, True), Tempo(3840, 180.0)))
    graph.apply([SetTimeline(song)])
    events = through(graph, struck(48_000, 48_100, 1, 60.0), 160_000, rolls=rolls)

    if rolls:
        tick = song.ticks(1.0)
        expected = [round(song.seconds(tick + 480 * k) * 48_000) for k in range(5)]
    else:
        expected = [48_000 + 24_000 * k for k in range(5)]
    np.testing.assert_allclose([frame for frame, _ in ons(events)], expected, atol=1)


def test_the_end_of_all_notes_is_the_end_of_echoes() -> None:
    puts = [*struck(0, 100, 1, 60.0), Put(5_000, ALL_OFF, channel=255)]
    events = through(chain(("event_delay", {"time_s": 0.1})), puts, 40_000)

    assert ons(events) == [(0, 60.0), (4_800, 60.0)]
    assert offs(events) == [(100, 60.0), (4_900, 60.0)]


def test_as_many_echoes_as_chance_says() -> None:
    puts = [put for k in range(60) for put in struck(1_000 * k, 1_000 * k + 10, k + 1, 60.0)]
    events = through(chain(("event_delay", {"time_s": 0.004, "repeats": 4.0, "chance": 0.4})), puts, 70_000)

    assert abs(len(ons(events)) - 60 - 96) < 4 * np.sqrt(240 * 0.4 * 0.6)


# humanize


def test_notes_are_late_uneven_and_out_of_tune_by_chance_and_as_long_as_before() -> None:
    puts = [put for k in range(200) for put in struck(10_000 * k, 10_000 * k + 3_000, k + 1, 60.0, 0.5)]
    values = {"late_ms": 50.0, "velocity": 0.25, "detune_cents": 20.0, "seed": 5.0}
    events = through(chain(("humanize", values)), puts, 2_000_000)

    begins, ends = [e for e in events if e.kind == ON], {e.note: e for e in events if e.kind == OFF}
    late = np.array([e.frame - 10_000 * (e.note - 1) for e in begins]) / 2_400
    louder = np.array([e.value - 0.5 for e in begins]) / 0.25
    higher = np.array([e.key - 60.0 for e in begins]) / 0.2
    for part, centre in ((2 * late - 1, 0.0), (louder, 0.0), (higher, 0.0)):
        assert len(part) == 200 and np.abs(part).max() <= 1.0 + 1e-3
        assert abs(part.mean() - centre) < 4 / np.sqrt(3 * 200) and abs(part.var() - 1 / 3) < 0.1
    assert {ends[e.note].frame - e.frame for e in begins} == {3_000}
    assert {ends[e.note].key - e.key for e in begins} == {0.0}
