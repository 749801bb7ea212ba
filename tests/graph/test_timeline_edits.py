"""The timeline of a document: what it may be, and the calls that set its parts."""

from __future__ import annotations

import pytest

from graphdaw.errors import GraphError, NameFormError, OutOfRangeError, TimelineError, ValueKindError
from graphdaw.graph.graph import Graph
from graphdaw.graph.model import Document
from graphdaw.graph.timeline import Loop, Marker, Signature, Tempo, Timeline

FOURS = (Signature(0, 4, 4),)
ONE = (Tempo(0, 120.0),)


@pytest.mark.parametrize(
    ("timeline", "error", "words"),
    [
        (Timeline(()), TimelineError, "tempos of a timeline begin at tick 0"),
        (Timeline((Tempo(5, 120.0),)), TimelineError, "tempos of a timeline begin at tick 0"),
        (Timeline(ONE, (Signature(3840, 4, 4),)), TimelineError, "signatures of a timeline begin at tick 0"),
        (Timeline((Tempo(0, 4.9),)), OutOfRangeError, "bpm cannot be 4.9; its range is 5 to 999"),
        (Timeline((Tempo(0, "fast"),)), ValueKindError, "needs a number"),  # type: ignore[arg-type]
        (Timeline((*ONE, Tempo(960, 90.0), Tempo(960, 80.0))), TimelineError, "one at each"),
        (Timeline((*ONE, Tempo(960, 90.0), Tempo(480, 80.0))), TimelineError, "order of their times"),
        (Timeline(ONE, (Signature(0, 4, 3),)), TimelineError, "cannot be 4/3"),
        (Timeline(ONE, (Signature(0, 65, 4),)), TimelineError, "1 to 64 beats"),
        (Timeline(ONE, (*FOURS, Signature(5000, 3, 4))), TimelineError, "bars begin at tick 3840 and 7680 there"),
        (Timeline(ONE, (*FOURS, Signature(100, 3, 4))), TimelineError, "bars begin at tick 3840 there"),
        (Timeline(markers=(Marker(5, "a"), Marker(4, "b"))), TimelineError, "order of their times"),
        (Timeline(markers=(Marker(5, "x" * 257),)), NameFormError, "256 characters"),
        (Timeline(loop=Loop(960, 960)), TimelineError, "let it end later"),
        (Timeline(loop=Loop(0, 1 << 40)), OutOfRangeError, "ends at"),
        (Timeline(extra={"tempos": b"\x01"}), NameFormError, "field of its own"),
    ],
)
def test_a_timeline_that_cannot_be_is_refused_in_a_sentence(
    timeline: Timeline, error: type[GraphError], words: str
) -> None:
    graph = Graph()
    with pytest.raises(error, match=words):
        graph.set_timeline(timeline)
    assert graph.document == Document() and not graph.history.past


def test_tempos_signatures_markers_and_the_loop_are_set_one_by_one() -> None:
    graph = Graph()
    graph.set_tempo(60)
    graph.set_tempo(90.0, at_ticks=3840)
    graph.set_tempo(100.0, at_ticks=3840, ramp=True)
    graph.set_signature(3, 4)
    graph.set_signature(7, 8, at_ticks=2880 * 4)
    graph.add_marker("Verse", 3840, 3840)
    graph.add_marker("Intro", 0)
    graph.set_loop(0, 7680, on=False)
    assert graph.timeline == Timeline(
        (Tempo(0, 60.0), Tempo(3840, 100.0, True)),
        (Signature(0, 3, 4), Signature(11520, 7, 8)),
        (Marker(0, "Intro"), Marker(3840, "Verse", 3840)),
        Loop(0, 7680, False),
    )
    assert [step.label for step in graph.history.past] == [
        *["set tempo"] * 3, *["set signature"] * 2, *["add marker"] * 2, "set loop",
    ]  # fmt: skip
    while graph.history.past:
        graph.undo()
    assert graph.timeline == Timeline()


def test_a_signature_moves_the_bars_after_it_only_where_they_still_begin_bars() -> None:
    graph = Graph()
    graph.set_signature(3, 4, at_ticks=7680)
    with pytest.raises(TimelineError, match="inside a bar of 5/4"):
        graph.set_signature(5, 4)
