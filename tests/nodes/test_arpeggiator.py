"""arpeggiator against a walk through its keys, worked out in Python."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import graphdaw as gd
from graphdaw.graph.timeline import Loop, Tempo, Timeline
from graphdaw.graph.vocabulary import PutClip, SetTimeline
from graphdaw.host.offline import Renderer
from tests.event_streams import Put, chain, put_all, struck, through
from tests.events import ALL_OFF, OFF, ON, Heard, clip, heard, offs, ons

STEP = 6_000  # frames of a sixteenth at 120 beats a minute
CHORD = (64.0, 60.0, 67.0)


def arp(**values: Any) -> gd.Graph:
    return chain(("arpeggiator", values))


def held(first: int = 0, until: int = 200_000, keys: tuple[float, ...] = CHORD) -> list[Put]:
    return [put for k, key in enumerate(keys) for put in struck(first, until, k + 1, key, 0.3 + 0.1 * k)]


def walk(order: str, keys: tuple[float, ...], octaves: int, count: int) -> list[float]:
    """The keys of so many steps."""
    each = sorted(keys) if order != "as_played" else list(keys)
    up = [key + 12 * octave for octave in range(octaves) for key in each]
    turn = {
        "up": up,
        "as_played": up,
        "down": up[::-1],
        "up_down": [*up, *up[-2:0:-1]],
        "down_up": [*up[::-1], *up[1:-1]],
    }[order]
    return [turn[k % len(turn)] for k in range(count)]


@pytest.mark.parametrize("octaves", [1, 2, 4])
@pytest.mark.parametrize("order", ["up", "down", "up_down", "down_up", "as_played"])
def test_keys_come_in_order_on_the_grid(order: str, octaves: int) -> None:
    events = through(arp(order=order, octaves=float(octaves)), held(), 30 * STEP)

    assert ons(events) == [(STEP * k, key) for k, key in enumerate(walk(order, CHORD, octaves, 30))]
    assert offs(events) == [(STEP * k + STEP // 2, key) for k, key in enumerate(walk(order, CHORD, octaves, 30))]


@pytest.mark.parametrize("keys", [(60.0,), (60.0, 72.0)])
def test_few_keys(keys: tuple[float, ...]) -> None:
    for order in ("up", "up_down", "down_up"):
        events = through(arp(order=order), held(keys=keys), 8 * STEP)
        assert [key for _, key in ons(events)] == walk(order, keys, 1, 8)


def test_a_chord_is_all_keys_at_once_octave_by_octave() -> None:
    events = through(arp(order="chord", octaves=2.0), held(), 3 * STEP)

    assert ons(events) == [(STEP * k, key + 12 * (k % 2)) for k in range(3) for key in sorted(CHORD)]


def test_random_plays_every_key_about_as_often_and_always_the_same() -> None:
    graph = arp(order="random", sync="1/32", octaves=2.0)
    events = through(graph, held(until=10**7), 300 * STEP)
    counts = [sum(key == one for _, key in ons(events)) for one in (*CHORD, *(k + 12 for k in CHORD))]

    assert sum(counts) == 512 or sum(counts) == 600  # as many as the ring of a midi_out holds
    assert min(counts) > 0.6 * max(counts)
    assert through(graph, held(until=10**7), 300 * STEP) == events


def test_keys_that_are_struck_between_steps_wait_for_the_grid() -> None:
    events = through(arp(), held(first=STEP + 100), 4 * STEP)

    assert [frame for frame, _ in ons(events)] == [2 * STEP, 3 * STEP]


def test_swing_gate_and_velocities() -> None:
    events = through(arp(swing=2 / 3, gate=1.5, velocities="fixed", velocity=0.25), held(), 5 * STEP)

    assert [frame for frame, _ in ons(events)] == [0, round(4 / 3 * STEP), 2 * STEP, round(10 / 3 * STEP), 4 * STEP]
    assert offs(events)[0] == (round(1.5 * STEP), 60.0)
    assert {e.value for e in events if e.kind == ON} == {0.25}
    accents = [e.value for e in through(arp(velocities="accents", velocity=0.5), held(), 6 * STEP) if e.kind == ON]
    np.testing.assert_allclose(accents, [0.4, 0.15, 0.25] * 2, rtol=1e-6)


def test_while_the_piece_stands_the_first_key_begins() -> None:
    events = through(arp(swing=0.6), held(first=777), 5 * STEP, rolls=False)

    assert [frame for frame, _ in ons(events)] == [777 + round(STEP * k) for k in (0, 1.2, 2, 3.2, 4)]


def test_free_steps_go_by_hertz() -> None:
    events = through(arp(sync="free", rate_hz=7.0), held(first=777), 40_000)

    assert [frame for frame, _ in ons(events)] == [round(777 + 48_000 / np.float32(7.0) * k) for k in range(6)]


@pytest.mark.parametrize("sync", ["1/8t", "1/4.", "1/32"])
def test_steps_lie_on_the_grid_through_a_tempo_that_moves(sync: str) -> None:
    graph = arp(sync=sync)
    song = Timeline((Tempo(0, 80.0, True), Tempo(3840, 190.0), Tempo(5000, 120.0)))
    graph.apply([SetTimeline(song)])
    ticks = {"1/8t": 320, "1/4.": 1440, "1/32": 120}[sync]

    found = [frame for frame, _ in ons(through(graph, held(), 150_000))]

    assert found == [song.frame(ticks * k, 48_000) for k in range(len(found))]
    assert song.frame(ticks * len(found), 48_000) >= 150_000


def test_a_loop_and_a_locate_lead_to_the_grid_of_where_they_lead() -> None:
    graph = arp(retrigger="every_bar")
    graph.apply([SetTimeline(Timeline(loop=Loop(0, 1200)))])  # five steps
    events = through(graph, held(), 11 * STEP)

    assert [(frame // STEP, key) for frame, key in ons(events)][:6] == [
        (0, 60.0), (1, 64.0), (2, 67.0), (3, 60.0), (4, 64.0), (5, 60.0),
    ]  # fmt: skip


@pytest.mark.parametrize(("retrigger", "expected"), [
    ("first_key", [60, 64, 60, 64, 67]), ("every_key", [60, 64, 60, 64, 67]), ("never", [60, 64, 67, 60, 64]),
])  # fmt: skip
def test_what_begins_the_order_anew(retrigger: str, expected: list[float]) -> None:
    puts = [*held(until=2 * STEP - 1_000), *[p._replace(note=p.note + 10) for p in held(first=2 * STEP - 500)]]
    events = through(arp(retrigger=retrigger), puts, 5 * STEP)

    assert [key for _, key in ons(events)] == expected


def test_every_key_begins_anew_while_others_are_held() -> None:
    puts = [*held(), *struck(STEP + 10, 10**6, 9, 50.0)]

    assert [k for _, k in ons(through(arp(retrigger="every_key"), puts, 4 * STEP))] == [60.0, 64.0, 50.0, 60.0]
    assert [k for _, k in ons(through(arp(), puts, 4 * STEP))] == [60.0, 64.0, 64.0, 67.0]


def test_without_hold_all_ends_with_the_keys_and_with_it_they_go_on_until_others_come() -> None:
    puts = [*held(until=STEP + 100), *struck(4 * STEP - 10, 5 * STEP, 9, 50.0)]
    plain, on = through(arp(gate=1.0), puts, 6 * STEP), through(arp(gate=1.0, hold="on"), puts, 6 * STEP)

    assert ons(plain) == [(0, 60.0), (STEP, 64.0), (4 * STEP, 50.0)]
    assert offs(plain) == [(STEP, 60.0), (STEP + 100, 64.0), (5 * STEP, 50.0)]
    assert ons(on) == [(STEP * k, key) for k, key in enumerate([60.0, 64.0, 67.0, 60.0, 50.0, 50.0])]
    assert offs(on)[3] == (4 * STEP - 10, 60.0)


def test_what_is_held_on_ends_when_the_piece_stops_or_all_notes_end() -> None:
    for how in ("stop", "all off"):
        graph = arp(hold="on")
        with Renderer(graph) as renderer:
            put_all(renderer, held(until=1_000))
            if how == "all off":
                put_all(renderer, [Put(2 * STEP + 100, ALL_OFF, channel=255)])
            renderer.render(2 * STEP + 100)
            if how == "stop":
                renderer.engine.roll(False)
            renderer.render(5 * STEP)
            events: list[Heard] = heard(renderer.engine)
        assert [e.key for e in events if e.kind == ON] == [60.0, 64.0, 67.0]
        assert len([e for e in events if e.kind == OFF]) == 3
        assert max(e.frame for e in events) <= 2 * STEP + 100 + 128


def test_a_part_of_the_steps_is_left_out() -> None:
    found = ons(through(arp(chance=0.4, sync="1/32"), held(until=10**7), 250 * STEP))

    assert abs(len(found) - 200) < 4 * np.sqrt(500 * 0.4 * 0.6)


def test_the_chords_of_a_track_are_followed_on_their_frames() -> None:
    graph = arp()
    graph.add("notes")
    graph.disconnect("midi_in1", "arpeggiator1")
    graph.connect("notes1", "arpeggiator1")
    graph.apply([PutClip("notes1", clip((0, 960, 60.0), (0, 960, 64.0), (960, 960, 62.0), (960, 960, 65.0)))])
    events = through(graph, [], 8 * STEP, block=333)

    assert ons(events) == [(STEP * k, key) for k, key in enumerate([60.0, 64.0, 60.0, 64.0, 62.0, 65.0, 62.0, 65.0])]
