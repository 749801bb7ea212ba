"""Signals to notes, notes to signals, and a melody from sound to notes."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest
from scipy import signal

import graphdaw as gd
from graphdaw.graph.vocabulary import PutClip
from graphdaw.host.offline import Renderer
from graphdaw.nodes import types
from tests.event_streams import RATE, Put, put_all, struck, tidy
from tests.events import BEND, CC, ON, PRESSURE, Heard, clip, heard, offs, ons

# gate_to_notes


def listening(formulas: dict[str, str], **values: Any) -> gd.Graph:
    """`gate_to_notes1` whose inlets and parameters hear formulas of the time, into `midi_out1`."""
    graph = gd.Graph(sample_rate=RATE)
    node = graph.add("gate_to_notes", **values)
    for port, formula in formulas.items():
        graph.connect(graph.add("expression", formula=formula), node[port])
    node >> graph.add("midi_out")
    graph.add("output")
    return graph


def notes_of(graph: gd.Graph, frames: int, block: int = 1024) -> list[Heard]:
    with Renderer(graph, block_frames=block) as renderer:
        renderer.render(frames)
        return heard(renderer.engine)


GATE = "mod(t, 0.1) < 0.05"
LEVELS = "0.25 + 0.5 * (mod(t, 0.2) < 0.1)"


def test_a_gate_is_a_note_of_the_pitch_and_velocity_that_are_wired_in() -> None:
    graph = listening({"gate": GATE, "frequency_hz": "hz(60 + floor(t / 0.1) + 0.3)"}, velocity=0.3)
    events = notes_of(graph, 19_200)

    np.testing.assert_allclose(
        ons(events), [(4_800 * k, 60.0 + k) for k in range(4)], atol=1
    )  # a frame, for mod in floats
    np.testing.assert_allclose(offs(events), [(4_800 * k + 2_400, 60.0 + k) for k in range(4)], atol=1)
    assert [key for _, key in ons(events)] == [60.0, 61.0, 62.0, 63.0]
    assert {round(e.value, 6) for e in events if e.kind == ON} == {0.3}
    exact = notes_of(listening({"gate": GATE, "frequency_hz": "hz(60.3)"}, keys="exact"), 100)
    assert exact[0].key == pytest.approx(60.3, abs=1e-4)


def test_without_a_pitch_the_key_says_it_and_velocity_is_as_it_is_when_the_note_begins() -> None:
    graph = listening({"gate": GATE, "velocity": LEVELS}, key=48.0, velocity=0.0)
    events = [e for e in notes_of(graph, 19_200) if e.kind == ON]

    assert [(e.key, round(e.value, 6)) for e in events] == [(48.0, 0.75), (48.0, 0.25)] * 2


def test_another_key_begins_another_note_where_that_is_asked_for() -> None:
    formulas = {"gate": "t < 0.3", "frequency_hz": "hz(60 + 2 * floor(t / 0.1) + 0.55 * sin(t * 100 * pi))"}
    one, more = notes_of(listening(formulas), 19_200), notes_of(listening(formulas, on_change="on"), 19_200)

    assert [k for _, k in ons(one)] == [60.0]
    assert [k for _, k in ons(more)] == [60.0, 62.0, 64.0]
    tidy(more)


def test_triggers_begin_notes_that_last_until_the_gate_shuts() -> None:
    formulas = {"gate": "t < 0.25", "trigger": "mod(t, 0.1) < 0.001"}
    events = notes_of(listening(formulas, begins="trigger"), 30_000)

    assert [f for f, _ in ons(events)] == [0, 4_800, 9_600]  # later ones have no gate
    assert [f for f, _ in offs(events)] == [4_800, 9_600, 12_000]


def test_with_a_wait_all_is_so_much_later_and_the_pitch_of_then() -> None:
    formulas = {
        "gate": "(t > 0.01) * (t < 0.015) + (t > 0.1) * (t < 0.2)",
        "frequency_hz": "hz(60 + 10 * floor(t / 0.04))",
    }
    events = notes_of(listening(formulas, wait_s=0.05), 19_200)

    assert [(f, k) for f, k in ons(events)] == [(481 + 2_400, 70.0), (4_801 + 2_400, 90.0)]
    assert [f for f, _ in offs(events)] == [720 + 2_400, 9_600 + 2_400]


@pytest.mark.parametrize("seed", range(6))
def test_no_note_hangs_and_blocks_change_nothing(seed: int) -> None:
    found = []
    for block in (1024, 100, 1):
        chance = random.Random(seed)
        graph = listening(
            {
                "gate": f"sin(t * {chance.uniform(50, 900)}) > {chance.uniform(-0.5, 0.9)}",
                "trigger": f"sin(t * {chance.uniform(50, 900)}) > 0.7",
                "frequency_hz": f"hz(60 + 9 * sin(t * {chance.uniform(10, 90)}))",
            },
            wait_s=chance.choice([0.0, 0.013]),
        )
        events: list[Heard] = []
        with Renderer(graph, block_frames=block) as renderer:
            for _ in range(4):
                renderer.render(1_280)
                what = chance.choice(["begins", "keys", "on_change"])
                graph.set("gate_to_notes1", **{what: chance.choice(types()["gate_to_notes"].choices[what].options)})
                if chance.random() < 0.3:
                    graph.set("gate_to_notes1", wait_s=chance.uniform(0.0, 0.05))
            renderer.render(1_280)  # until the last change has settled
            graph.disconnect("expression1", "gate_to_notes1")
            renderer.render(10_000)
            events = heard(renderer.engine)
        tidy(events)
        found.append(events)
    assert found[0] == found[1] == found[2] and found[0]


# events_to_control


def signal_of(what: str, puts: list[Put], frames: int, block: int = 1024, **values: Any) -> np.ndarray:
    graph = gd.Graph(sample_rate=RATE)
    graph.add("midi_in") >> graph.add("events_to_control", what=what, **values) >> graph.add("output")
    with Renderer(graph, block_frames=block) as renderer:
        put_all(renderer, puts)
        return renderer.render(frames)[0]


def steps(values: list[tuple[int, float]], frames: int) -> np.ndarray:
    """What holds from each frame on."""
    out = np.zeros(frames)
    for frame, value in values:
        out[frame:] = value
    return out


NOTES = [
    *struck(100, 900, 1, 60.0, 0.5),
    *struck(300, 500, 2, 67.0, 0.75),
    *struck(1_200, 1_300, 3, 50.0, 1.0, channel=4),
]
OTHERS = [
    Put(150, CC, number=1, value=0.25), Put(160, CC, number=2, value=0.9), Put(200, PRESSURE, 1, value=0.4),
    Put(400, PRESSURE, 1, value=0.6), Put(450, BEND, 0, value=-1.5), Put(600, 5, 1, value=0.3), Put(700, 7, number=12),
]  # fmt: skip


@pytest.mark.parametrize(("what", "expected"), [
    ("cc", [(150, 0.25)]), ("pressure", [(200, 0.4)]), ("bend", [(450, -1.5)]), ("timbre", [(600, 0.3)]),
    ("program", [(700, 12.0)]), ("gate", [(100, 1.0), (900, 0.0), (1_200, 1.0), (1_300, 0.0)]),
    ("key", [(100, 60.0), (300, 67.0), (500, 60.0), (1_200, 50.0)]),
    ("velocity", [(100, 0.5), (300, 0.75), (500, 0.5), (1_200, 1.0)]),
])  # fmt: skip
def test_each_kind_is_a_signal_on_its_frames(what: str, expected: list[tuple[int, float]]) -> None:
    for block in (1024, 100, 1):
        found = signal_of(what, [*NOTES, *OTHERS], 2_000, block, smooth_s=0.0, lo=1.0, hi=3.0)
        np.testing.assert_allclose(found, 1.0 + 2.0 * steps(expected, 2_000), rtol=1e-6)


def test_channels_and_numbers_are_told_apart() -> None:
    found = signal_of("key", NOTES, 2_000, channel="5", smooth_s=0.0)
    np.testing.assert_array_equal(found, steps([(1_200, 50.0)], 2_000))
    found = signal_of("cc", OTHERS, 2_000, number=2.0, smooth_s=0.0)
    np.testing.assert_allclose(found, steps([(160, 0.9)], 2_000), rtol=1e-6)


def test_smoothing_is_a_one_pole_low_pass() -> None:
    part = 1.0 - np.exp(-1.0 / (0.003 * RATE))
    expected = signal.lfilter(
        [part], [1.0, part - 1.0], steps([(100, 1.0), (900, 0.0), (1_200, 1.0), (1_300, 0.0)], 2_000)
    )

    np.testing.assert_allclose(signal_of("gate", NOTES, 2_000, smooth_s=0.003), expected, atol=1e-5)


# From sound to notes


def transcriber(release_s: float = 0.05) -> gd.Graph:
    """A track plays a saw; what is heard of it becomes notes again."""
    graph = gd.Graph(sample_rate=RATE)
    track, group = graph.add("notes"), graph.group([graph.add("voices")], "synth")
    saw, env = (
        graph.add_inside(group, "saw"),
        graph.add_inside(group, "adsr", attack_s=0.003, sustain=0.7, release_s=release_s),
    )
    level = graph.add_inside(group, "gain", level=0.0, gain_db=-9.0)
    graph.connect("voices1.frequency_hz", saw["frequency_hz"])
    graph.connect("voices1.gate", env["gate"])
    graph.connect(saw, level["in"])
    graph.connect(env, level["level"])
    graph.declare(group, "events", "in", "voices1.events", type="event")
    graph.declare(group, "out", "out", f"{level.id}.out")
    graph.connect(track, group["events"])
    sound = group["out"]
    pitch = graph.add("pitch_track", glide_s=0.0)
    hits = graph.add("onset")
    notes = graph.add("gate_to_notes", begins="trigger", wait_s=0.09)
    loud, gate = graph.add("follower"), graph.add("expression", formula="a > 0.02")
    for ear in (pitch, hits, loud):
        graph.connect(sound, ear["in"])
    graph.connect(pitch["frequency_hz"], notes["frequency_hz"])
    graph.connect(hits["out"], notes["trigger"])
    graph.connect(loud["out"], gate["a"])
    graph.connect(gate["out"], notes["gate"])
    notes >> graph.add("midi_out")
    graph.connect(sound, graph.add("output"))
    return graph


@pytest.mark.parametrize("seed", range(3))
def test_a_melody_comes_back_with_its_keys_and_onsets(seed: int) -> None:
    chance = random.Random(seed)
    melody, tick = [], 240
    for _ in range(16):
        length = chance.choice([240, 360, 480])
        key = float(chance.choice([k for k in range(48, 80) if not melody or k != melody[-1][2]]))
        melody.append((tick, length - 60, key))
        tick += length
    graph = transcriber()
    graph.apply([PutClip("notes1", clip(*melody))])

    events = notes_of(graph, round((tick / 960 * 0.5 + 1.0) * RATE))

    tidy(events)
    late = round(0.09 * RATE)
    assert [key for _, key in ons(events)] == [key for _, _, key in melody]
    begun = [(frame - late - tick * 25) / RATE for (frame, _), (tick, _, _) in zip(ons(events), melody, strict=True)]
    assert max(map(abs, begun)) < 0.02
