"""steps: patterns as text against what they say, worked out by hand."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import graphdaw as gd
from graphdaw.errors import GraphError
from graphdaw.host.offline import Renderer
from graphdaw.nodes.steps import Steps
from tests.events import CC, OFF, ON, PRESSURE, Heard, heard, offs, ons

STEP = 6_000  # frames of a sixteenth at 120 beats a minute and 48 kHz


def player(pattern: str, **values: float | str) -> gd.Graph:
    graph = gd.Graph(sample_rate=48_000)
    graph.add("steps", pattern=pattern, **values) >> graph.add("midi_out")
    graph.add("output")
    return graph


def played(pattern: str, steps: float, **values: float | str) -> list[Heard]:
    events: list[Heard] = []
    with Renderer(player(pattern, **values)) as renderer:
        for frames in np.diff([*range(0, round(steps * STEP), 50 * STEP), round(steps * STEP)]):
            renderer.render(int(frames))
            events += heard(renderer.engine)
    return events


def test_hits_accents_digits_and_rests_lie_on_their_steps() -> None:
    events = played("kick 36: x . X 3 | . 9 x1 .", 8)

    begins = [e for e in events if e.kind == ON]
    assert [(e.frame / STEP, e.key) for e in begins] == [(k, 36.0) for k in (0, 2, 3, 5, 6)]
    np.testing.assert_allclose([e.value for e in begins], [0.8, 1.0, 3 / 9, 1.0, 1 / 9], rtol=1e-6)
    assert [frame / STEP for frame, _ in offs(events)] == [0.5, 2.5, 3.5, 5.5, 6.5]


def test_rows_of_different_lengths_run_against_each_other() -> None:
    events = played("kick: x . .\nhat: x . . . .", 31)

    assert [f / STEP for f, key in ons(events) if key == 36.0] == [k for k in range(31) if k % 3 == 0]
    assert [f / STEP for f, key in ons(events) if key == 42.0] == [k for k in range(31) if k % 5 == 0]


def test_ratchets_ties_shifts_and_turns() -> None:
    events = played("a c4: x*3 . x>25 x<50\nb 61: x - - .\nc 62: x/2 .", 4)

    assert [f for f, key in ons(events) if key == 60.0] == [0, 2_000, 4_000, round(2.25 * STEP), round(2.5 * STEP)]
    assert [f for f, key in offs(events) if key == 60.0][:3] == [1_000, 3_000, 5_000]
    assert [f for f, key in offs(events) if key == 61.0] == [round(2.5 * STEP)]
    assert [f for f, key in ons(events) if key == 62.0] == [0]  # not at step 2
    assert [f for f, key in ons(played("c 62: x/2 .", 9)) if key == 62.0] == [0, 4 * STEP, 8 * STEP]


def test_a_hit_before_the_first_step_comes_at_the_end_of_each_turn() -> None:
    assert [f for f, _ in ons(played("a 60: x<50 . . .", 9))] == [round(3.5 * STEP), round(7.5 * STEP)]


def test_chance_is_as_often_as_it_says_and_one_dice_a_step() -> None:
    begins = ons(played("a 60: x*2?30 x", 2_000, step="1/16"))
    chances = [f for f, _ in begins if f // STEP % 2 == 0]

    assert len(begins) - len(chances) == 1_000
    assert len(chances) % 2 == 0 and abs(len(chances) / 2 - 300) < 4 * np.sqrt(1_000 * 0.3 * 0.7)


def test_swing_step_gate_and_transpose() -> None:
    events = played("a 60: x x x x", 8, step="1/8", swing=0.75, gate=0.25, transpose=-12.0)

    assert ons(events) == [(2 * STEP * k, 48.0) for k in (0, 1.5, 2, 3.5)]
    assert [frame for frame, _ in offs(events)] == [round(2 * STEP * k) for k in (0.375, 1.625, 2.375, 3.625)]


def test_lines_below_a_row_send_values_with_its_steps() -> None:
    events = played("a 60: x>50 . x .\n@cc74: 0.1 . 0.5\n@pressure: 0.25 0.75\n@velocity: 1 . 0.5 .", 4)

    changes = [(e.frame / STEP, e.number, round(e.value, 3)) for e in events if e.kind == CC]
    assert changes == [(0, 74, 0.1), (2, 74, 0.5), (3, 74, 0.1)]
    first = next(e for e in events if e.kind == ON)
    pressures = [(e.frame / STEP, round(e.value, 3)) for e in events if e.kind == PRESSURE and e.note == first.note]
    assert pressures == [(0.5, 0.25)]  # when the note has begun; it has ended where the next one would come
    assert [e.value for e in events if e.kind == ON] == [1.0, 0.5]


def test_another_pattern_while_it_plays_goes_on_in_step() -> None:
    graph = player("a 60: x - - - - - - -\nb 61: x . . .")
    with Renderer(graph) as renderer:
        renderer.render(3 * STEP)
        graph.set("steps1", pattern="a 60: x - - - - - - -\nc 64: x .")
        renderer.render(6 * STEP)
        events = heard(renderer.engine)

    assert [(f / STEP, key) for f, key in ons(events) if key != 60.0] == [(0, 61.0), (4, 64.0), (6, 64.0), (8, 64.0)]
    assert [f / STEP for f, key in offs(events) if key == 60.0] == [7.5]  # untouched


@pytest.mark.parametrize(("pattern", "says"), [
    ("x . . .", "Line 1 of the pattern has no name"),
    ("kick:", "has 0 steps"),
    ("nothing: x", "Row 'nothing' says no key"),
    ("kick: x q", "Step 2 of row 'kick' is 'q'"),
    ("kick: x*99", "99 behind \\* is out of range"),
    ("kick: x*0", "0 behind \\*"),
    ("kick: x*2*3", "says \\* twice"),
    ("kick: x>2<3", "says < twice"),
    ("kick: .*2", "\\. is no hit"),
    ("@cc1: 0.5", "stands above all rows"),
    ("kick: x\n@cc1: 2", "Step 1 of line '@cc1' below row 'kick' is '2'; write 0 to 1"),
    ("kick: x\n@cc200: 1", "of no kind"),
    ("\n".join(f"a 60: {'x ' * n}" for n in (7, 11, 13, 16)), "meet only after 16016"),
    ("a 60: " + "x*16 " * 256 + "\nb 61: " + "x*16 " * 255, "meet only after 65280"),
    (("a 60: " + "x*16 " * 256 + "\n") * 8, "hits; 30000 is the most"),
    ("a 60: x\n" * 65, "65 rows"),
    ("a" * 50_001, "longer than"),
])  # fmt: skip
def test_what_is_no_pattern_is_refused_in_one_sentence(pattern: str, says: str) -> None:
    graph = player("a 60: x")
    with pytest.raises(GraphError, match=says) as caught:
        graph.set("steps1", pattern=pattern)
    assert not re.search(r"\. [A-Z]", str(caught.value)) and str(caught.value).endswith(".")


@given(st.text("x.X-19*?<>/2 0:|@c7\nkick", max_size=60))
def test_any_text_is_a_pattern_or_one_sentence(text: str) -> None:
    fault = Steps.type.texts["pattern"].fault(text)
    assert not fault or fault.endswith(".")


def test_blocks_change_nothing() -> None:
    graph = player("a 60: x*5?50 x>33 -\nb 61: X/3 . 4")
    found = []
    for block in (1_024, 100, 1):
        with Renderer(graph, block_frames=block) as renderer:
            renderer.render(5 * STEP)
            found.append(heard(renderer.engine))
    assert found[0] == found[1] == found[2]
    assert {e.kind for e in found[0]} == {ON, OFF}
