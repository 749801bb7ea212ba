"""Edits of a playing graph: what they touch fades, what they do not touch stays bit for bit as it was."""

from __future__ import annotations

import numpy as np
from scipy import signal

import graphdaw as gd
from graphdaw.host.offline import Renderer
from tests.drawing import draw
from tests.reference import CELL

FADE_FRAMES = 256


def play(graph: gd.Graph, *edits, gap: int = 960) -> np.ndarray:
    """Render with an edit every `gap` frames."""
    with Renderer(graph) as renderer:
        pieces = [renderer.render(gap)]
        for edit in edits:
            edit()
            pieces.append(renderer.render(gap))
        pieces.append(renderer.render(4 * gap))
        width = max(p.shape[0] for p in pieces)
        return np.concatenate([np.broadcast_to(p, (width, p.shape[1])) for p in pieces], axis=1)


def residue_dbfs(audio: np.ndarray, after: int = 64) -> float:
    """Level above 6 kHz, where a click has much and the tones of these tests nothing; from a frame on."""
    sos = signal.butter(10, 6_000, "highpass", fs=48_000, output="sos")
    return 20 * np.log10(np.abs(signal.sosfilt(sos, audio))[..., after:].max() + 1e-12)


UNTOUCHED = "sine s(frequency_hz=200) -> filter f(cutoff_hz=900, q=3) -> delay d(time_s=0.02, feedback=0.6) -> output o"


def test_an_edit_elsewhere_leaves_every_bit_as_it_was() -> None:
    quiet, _ = draw(UNTOUCHED)
    expected = play(quiet, lambda: None, lambda: None, lambda: None)
    graph, n = draw(UNTOUCHED)

    def add_more() -> None:
        for k in range(20):
            graph.add("sine", frequency_hz=90.0 + k) >> graph.add("filter") >> graph.add("gain", gain_db=-50.0)

    def drop_some() -> None:
        graph.remove("sine3", "filter5")

    audio = play(graph, add_more, drop_some, lambda: graph.undo())

    assert np.array_equal(audio, expected)


def test_a_loop_that_comes_and_goes_elsewhere_leaves_every_bit_as_it_was() -> None:
    """Plans with a loop run in shorter slices, which the other chain must not hear."""
    graph, _ = draw(UNTOUCHED + "\nlfo slow(rate=block, rate_hz=5) -> f.cutoff_hz * 400")
    expected = play(graph, lambda: None, lambda: None)

    def add_loop() -> None:
        noise, sum_, back = graph.add("noise"), graph.add("gain", gain_db=-6.0), graph.add("feedback")
        noise >> sum_ >> back >> sum_

    audio = play(graph, add_loop, lambda: graph.remove("feedback1"))

    assert np.array_equal(audio, expected)


def many_sines(count: int) -> tuple[gd.Graph, list]:
    graph = gd.Graph()
    out = graph.add("output")
    sines = [graph.add("sine", frequency_hz=100.0 + 7 * k) for k in range(count)]
    for sine in sines:
        sine >> graph.add("gain", gain_db=-30.0) >> out
    return graph, sines


def test_the_seventeenth_oscillator_joins_without_a_click() -> None:
    graph, _ = many_sines(16)

    def edit() -> None:
        graph.add("sine", frequency_hz=333.0) >> graph.add("gain", gain_db=-30.0) >> graph["output1"]

    audio = play(graph, edit)

    assert residue_dbfs(audio) < -90
    t = np.arange(audio.shape[1]) / 48_000
    before = sum(np.sin(2 * np.pi * (100.0 + 7 * k) * t) for k in range(16)) * 10 ** (-30 / 20)
    np.testing.assert_allclose(audio[0, :960], before[:960], atol=2e-5)
    joined = audio[0] - before
    np.testing.assert_allclose(np.abs(joined[2000:]).max(), 10 ** (-30 / 20), rtol=0.01)


def test_the_third_oscillator_leaves_and_the_others_keep_their_phase() -> None:
    graph, sines = many_sines(17)

    audio = play(graph, lambda: graph.remove(sines[2]))

    t = np.arange(audio.shape[1]) / 48_000
    left = sum(np.sin(2 * np.pi * (100.0 + 7 * k) * t) for k in range(17) if k != 2) * 10 ** (-30 / 20)
    np.testing.assert_allclose(audio[0, 960 + 2 * FADE_FRAMES :], left[960 + 2 * FADE_FRAMES :], atol=2e-5)
    assert residue_dbfs(audio) < -90


def test_a_wire_that_is_moved_crossfades() -> None:
    graph, n = draw("""
        sine a(frequency_hz=200) -> gain g -> output o
        sine b(frequency_hz=310)
    """)

    def edit() -> None:
        with graph.transaction("move"):
            graph.disconnect(n["a"], n["g"])
            graph.connect(n["b"], n["g"])

    audio = play(graph, edit)

    t = np.arange(audio.shape[1]) / 48_000
    np.testing.assert_allclose(audio[0, :960], np.sin(2 * np.pi * 200 * t)[:960], atol=2e-5)
    np.testing.assert_allclose(audio[0, 1400:], np.sin(2 * np.pi * 310 * t)[1400:], atol=2e-5)
    assert residue_dbfs(audio) < -90


def test_a_new_mode_of_a_filter_fades_in() -> None:
    graph, n = draw("sine a(frequency_hz=200) -> filter f(mode=lowpass, cutoff_hz=800) -> output o")

    assert residue_dbfs(play(graph, lambda: graph.set(n["f"], mode="highpass"))) < -90


def test_a_set_value_glides() -> None:
    graph, n = draw("sine a(frequency_hz=200) -> gain g -> output o")

    audio = play(graph, lambda: graph.set(n["g"], gain_db=-20.0))

    t = np.arange(audio.shape[1])
    way = np.clip((t + 1 - 8 * CELL) / (2 * CELL), 0, 1)  # from the first cell after frame 960, for 5 ms in whole cells
    expected = np.sin(2 * np.pi * 200 * t / 48_000) * 10 ** (-(3 * way**2 - 2 * way**3))
    np.testing.assert_allclose(audio[0], expected, atol=2e-5)
    assert residue_dbfs(audio) < residue_dbfs(expected) + 0.5 < -87.5  # it begins where the tone is at its peak


def test_going_stereo_keeps_the_tail() -> None:
    """A delay that becomes stereo goes on with what it holds, in both channels."""
    graph, n = draw("""
        sine a(frequency_hz=200) -> delay d(time_s=0.05, feedback=0.6) -> output o
        sine b(frequency_hz=250) -> pan p
    """)

    def edit() -> None:
        graph.connect(n["p"], n["d"])
        graph.disconnect(n["a"], n["d"])

    audio = play(graph, *[lambda: None] * 21, edit, gap=1920)

    assert audio.shape[0] == 2
    assert residue_dbfs(audio, after=36_000) < -90  # by then the echoes of the start are gone
    assert np.abs(audio[:, 22 * 1920 + 2400 :][:, :2400]).max() > 0.5  # the echoes of the first tone go on


def test_removing_everything_ends_in_silence() -> None:
    graph, n = draw("sine a(frequency_hz=200) -> output o")

    audio = play(graph, lambda: graph.remove(n["a"]))

    assert not audio[0, 960 + 2 * FADE_FRAMES :].any()
    assert residue_dbfs(audio) < -90


def test_turning_a_chain_round_works_although_both_at_once_would_be_a_circle() -> None:
    graph, n = draw("""
        sine s(frequency_hz=200) -> gain a -> gain b -> output o
    """)

    def edit() -> None:
        with graph.transaction("turn"):
            for wire in list(graph.wires):
                graph.disconnect(wire)
            graph.connect(n["s"], n["b"])
            graph.connect(n["b"], n["a"])
            graph.connect(n["a"], n["o"])

    audio = play(graph, edit)

    t = np.arange(audio.shape[1]) / 48_000
    out, back = (0.5 - 0.5 * np.cos(np.pi * np.clip((t * 48_000 + 0.5 - 8 * CELL - k) / 256, 0, 1)) for k in (0, 256))
    level = np.where(back > 0, back, 1 - out) ** 3  # all three wires fall at once, then all three rise
    expected = level * np.sin(2 * np.pi * 200 * t)
    np.testing.assert_allclose(audio[0], expected, atol=2e-5)
    assert residue_dbfs(audio) < residue_dbfs(expected) + 0.5 < -87  # three fades in a row bend more than one


def test_a_thousand_random_edits_never_click() -> None:
    """Adding, removing, rewiring and setting at random, on tones that have nothing above 6 kHz."""
    random = np.random.default_rng(5)
    graph = gd.Graph()
    out = graph.add("output")
    bus = graph.add("gain", gain_db=-24.0)
    bus >> out
    for k in range(6):
        graph.add("sine", frequency_hz=80.0 + 60 * k) >> bus
    pieces = []
    with Renderer(graph) as renderer:
        pieces.append(renderer.render(512))
        for _ in range(1000):
            edit_at_random(graph, random)
            pieces.append(renderer.render(int(random.integers(64, 700))))
        renderer.render(2048)
    width = max(p.shape[0] for p in pieces)
    audio = np.concatenate([np.broadcast_to(p, (width, p.shape[1])) for p in pieces], axis=1)

    assert np.isfinite(audio).all()
    assert residue_dbfs(audio) < -90


def edit_at_random(graph: gd.Graph, random: np.random.Generator) -> None:
    """One edit that keeps all tones below a kilohertz."""
    sines = [id for id, node in graph.nodes.items() if node.type == "sine"]
    match int(random.integers(5)):
        case 0 if len(sines) < 40:
            graph.add("sine", frequency_hz=float(random.uniform(60, 900))) >> graph["gain1"]
        case 1 if len(sines) > 2:
            graph.remove(str(random.choice(sines)))
        case 2:
            graph.set("gain1", gain_db=float(random.uniform(-30, -24)))
        case 3:
            wires = graph.document.wires_into("gain1")
            wire = wires[int(random.integers(len(wires)))] if wires else None
            if wire is not None and graph.nodes[wire.source].type == "sine":
                source = wire.source
                delay = graph.add("delay", time_s=0.01, feedback=0.3)
                with graph.transaction("through a delay"):
                    graph.disconnect(wire.id)
                    graph.connect(source, delay)
                    graph.connect(delay, "gain1")
        case 4 if graph.history.past:
            graph.undo()


def test_counts_of_programs_add_up() -> None:
    graph, n = draw("sine a -> output o")

    with Renderer(graph) as renderer:
        renderer.render(64)
        for _ in range(50):
            graph.remove(graph.add("gain"))
            renderer.render(640)
        stats = renderer.engine.stats()

    assert stats["swaps"] >= 50
    assert stats["not_finite"] == 0
