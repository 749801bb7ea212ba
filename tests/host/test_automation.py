"""Curves over the piece: each value against the formula of its shape, at ticks from a table of the tempo's integral."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import graphdaw as gd
from graphdaw.graph.clips import CurveClip, Point
from graphdaw.graph.timeline import Tempo, Timeline
from graphdaw.graph.vocabulary import SetTimeline
from graphdaw.host.offline import Renderer

RATE_HZ = 48_000
LONG_TICKS = 1 << 20


def piece(*points: Point, tempos: tuple[Tempo, ...] = (Tempo(0, 120.0),)) -> gd.Graph:
    """A graph that plays a curve as if it were sound."""
    graph = gd.Graph(sample_rate=RATE_HZ)
    curve, output = graph.add("automation"), graph.add("output")
    graph.put_clip(curve, CurveClip("c1", 0, LONG_TICKS, points=points))
    graph.connect(curve, output)
    graph.apply([SetTimeline(Timeline(tempos=tempos))])
    return graph


def rendered(graph: gd.Graph, frames: int, block: int) -> np.ndarray:
    with Renderer(graph, block_frames=block) as renderer:
        return renderer.render(frames)[0]


def ticks_of_frames(tempos: tuple[Tempo, ...], frames: int) -> np.ndarray:
    """The tick of each frame, from the tempo summed up tick by tick (midpoints)."""
    ticks = np.arange(12_000)
    at = [tempo.at_ticks for tempo in tempos]
    bpm = np.empty(len(ticks))
    for k, tempo in enumerate(tempos):
        end = at[k + 1] if k + 1 < len(tempos) else len(ticks)
        here = ticks[tempo.at_ticks : end] + 0.5 - tempo.at_ticks
        ramp = tempo.ramp and k + 1 < len(tempos)
        slope = (tempos[k + 1].bpm - tempo.bpm) / (end - tempo.at_ticks) if ramp else 0.0
        bpm[tempo.at_ticks : end] = tempo.bpm + slope * here
    seconds = np.concatenate([[0.0], np.cumsum(60.0 / 960.0 / bpm)])
    assert seconds[-1] * RATE_HZ > frames
    return np.interp(np.arange(frames) / RATE_HZ, seconds, np.arange(len(seconds)))


def formula(points: tuple[Point, ...], ticks: np.ndarray) -> np.ndarray:
    values = np.full(len(ticks), points[0].value)
    for point, after in zip(points, [*points[1:], None], strict=True):
        here = ticks >= point.at_ticks
        if after is None or point.shape == "hold":
            values[here] = point.value
            continue
        part = np.clip((ticks[here] - point.at_ticks) / (after.at_ticks - point.at_ticks), 0.0, 1.0)
        if point.shape == "smooth":
            part = 0.5 - 0.5 * np.cos(np.pi * part)
        elif point.shape == "curve" and abs(point.curve) > 1e-3:
            part = np.expm1(8 * point.curve * part) / np.expm1(8 * point.curve)
        values[here] = point.value + (after.value - point.value) * part
    return values


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 4_000),
            st.floats(-1, 1, width=32),
            st.sampled_from(["line", "hold", "curve", "smooth"]),
            st.floats(-1, 1),
        ),
        min_size=1,
        max_size=6,
        unique_by=lambda point: point[0] // 50,
    ),
    st.lists(
        st.tuples(st.integers(100, 3_000), st.floats(40, 300), st.booleans()), max_size=3, unique_by=lambda t: t[0]
    ),
    st.sampled_from([1, 37, 128, 1_000]),
)
def test_curves_are_their_formulas_at_any_tempo_and_block(
    drawn: list[tuple[int, float, str, float]], changes: list[tuple[int, float, bool]], block: int
) -> None:
    points = tuple(Point(at, value, shape, curve) for at, value, shape, curve in sorted(drawn))
    tempos = (Tempo(0, 120.0, True), *(Tempo(*change) for change in sorted(changes)))
    frames = 20_000
    ticks = ticks_of_frames(tempos, frames)

    graph = piece(*points, tempos=tempos)
    sound = rendered(graph, frames, block)

    expected = formula(points, ticks)
    near_a_point = np.min(np.abs(ticks[:, None] - [point.at_ticks for point in points]), axis=1) < 0.2
    assert sound[~near_a_point] == pytest.approx(expected[~near_a_point], abs=1e-3)
    assert np.array_equal(sound, rendered(graph, frames, 512))


def test_points_lie_on_their_frames() -> None:
    sound = rendered(piece(Point(0, 0.25, "hold"), Point(481, 0.75, "hold"), Point(960, -0.5)), 30_000, 128)

    assert list(np.flatnonzero(np.diff(sound)) + 1) == [12_025, 24_000]
    assert set(sound) == {0.25, 0.75, -0.5}


def test_a_standing_piece_holds_the_value_of_its_place_and_goes_on_from_there() -> None:
    graph = piece(Point(0, 0.0), Point(1_920, 1.0))
    with gd.Session(graph, device="hand") as session, session.tap("automation1") as tap:
        session.locate(0.5)
        session.listen()
        session.step(8)
        standing = tap.read()[0]
        session.play()
        session.step(8)
        going = tap.read()[0]

    assert standing[-256:] == pytest.approx(0.5, abs=1e-6)
    assert np.diff(going)[-256:] == pytest.approx(1.0 / RATE_HZ, rel=0.02)
