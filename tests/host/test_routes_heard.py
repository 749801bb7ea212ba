"""Bypass, mute and solo as they are heard: no click, nothing late, and what the same graph cut by hand gives."""

from __future__ import annotations

import numpy as np
import pytest

import graphdaw as gd
from graphdaw.host.engine import Engine
from graphdaw.host.offline import Renderer
from graphdaw.host.stems import stem_graphs
from tests.drawing import draw
from tests.host.test_clicks import LIMIT_DBFS, SETTLED, joined, tones
from tests.host.test_live_edits import residue_dbfs

FADE = 2_048  # frames after which an edit is heard in full, twice over


@pytest.mark.parametrize("flag", ["bypass", "mute", "solo"])
def test_flags_never_click(flag: str, long_form: bool) -> None:
    """Two chords, one through a level, of which random parts are bypassed, muted or soloed at random moments."""
    toggles = 400 if long_form else 80
    random = np.random.default_rng(21)
    graph = gd.Graph()
    out = graph.add("output", gain_db=-6.0)
    first, second = tones(graph, 3, 110.0), tones(graph, 4, 173.0)
    level, place = graph.add("gain", gain_db=-3.0), graph.add("pan", pan=0.4)
    graph.connect(f"{first}.out", level)
    level >> place >> out
    graph.connect(f"{second}.out", out)
    group = graph.group([level, place])
    parts = [level.id, place.id, group.id] + ([first, second] if flag != "bypass" else [])  # which are 15 dB louder so
    heard = []
    with Renderer(graph) as renderer:
        pieces = [renderer.render(SETTLED)]
        for _ in range(toggles):
            getattr(graph, flag)(parts[random.integers(len(parts))], bool(random.integers(2)))
            pieces.append(renderer.render(int(random.integers(64, 3_000))))
            heard.append(pieces[-1][0, -1])
    audio = joined(pieces)

    assert len(set(heard)) > toggles * 0.3
    assert np.abs(audio[:, SETTLED:]).max() > 0.1
    assert residue_dbfs(audio, after=512) <= LIMIT_DBFS


def rendered(graph: gd.Graph, frames: int = 9_600) -> np.ndarray:
    with Renderer(graph) as renderer:
        return renderer.render(frames)


def test_what_passes_by_a_late_node_is_as_late_to_the_sample() -> None:
    """Noise that is late, less the same noise on its straight way, is nothing; with the node bypassed too."""
    text = """
        noise n -> late l(delay_frames=700) -> gain plus -> output o
        n -> gain minus(level=-1) -> o
    """
    graph, n = draw(text)
    assert not rendered(graph)[:, 700:].any()

    graph.bypass(n["l"])

    assert not rendered(graph).any()
    graph.mute(n["minus"])
    alone, _ = draw("noise n -> late l(delay_frames=700) -> output o")
    assert np.array_equal(rendered(graph), rendered(alone))
    graph.set(n["l"], delay_frames=300.0)
    later, _ = draw("noise n -> late l(delay_frames=300) -> output o")
    assert np.array_equal(rendered(graph), rendered(later))


def test_a_late_node_is_bypassed_while_it_plays_and_stays_in_time() -> None:
    graph, n = draw("noise n -> late l(delay_frames=100) -> output o")
    with Renderer(graph) as renderer:
        pieces = [renderer.render(4_800)]
        for on in (True, False, True):
            graph.bypass(n["l"], on)
            pieces.append(renderer.render(4_800))
    audio = joined(pieces)[0]

    expected = rendered(draw("noise n -> late l(delay_frames=100) -> output o")[0], len(audio))[0]
    for k in range(4):
        assert np.array_equal(audio[4_800 * k + FADE : 4_800 * (k + 1)], expected[4_800 * k + FADE : 4_800 * (k + 1)])


def test_a_bypassed_group_passes_its_source_as_late_as_its_longest_way() -> None:
    graph, n = draw("""
        noise n -> gain in_ -> late a(delay_frames=500) -> gain sum -> output o
        in_ -> late b(delay_frames=200) -> sum
        n -> gain minus(level=-1) -> o
    """)
    group = graph.group([n["in_"], n["a"], n["b"], n["sum"]])

    graph.bypass(group)

    assert not rendered(graph).any()


def test_bypass_mute_and_solo_give_the_graph_cut_by_hand() -> None:
    text = """
        sine a(frequency_hz=200) -> filter f(cutoff_hz=900) -> gain g(gain_db=-6) -> output o
        saw b(frequency_hz=310) -> pan p(pan=0.5) -> o
        lfo m(rate_hz=3) -> f.cutoff_hz * 300
    """
    cases = {
        "bypass f": text.replace("-> filter f(cutoff_hz=900)", "").replace("lfo m(rate_hz=3) -> f.cutoff_hz * 300", ""),
        "bypass g": text.replace("-> gain g(gain_db=-6)", ""),
        "mute p": text.replace("-> pan p(pan=0.5) -> o", "-> pan p(pan=0.5)"),
        "solo f": text.replace("-> pan p(pan=0.5) -> o", "-> pan p(pan=0.5)"),
        "solo b": text.replace("-> output o", "").replace("-> o", "-> output o"),
    }
    for what, by_hand in cases.items():
        flag, name = what.split()
        graph, n = draw(text)
        getattr(graph, flag)(n[name])
        expected = rendered(draw(by_hand)[0])
        assert np.array_equal(rendered(graph)[: len(expected)], expected), what


def test_a_sidechain_goes_on_hearing_what_is_not_soloed() -> None:
    """The bass is pressed down by a drum that is not heard itself."""
    text = """
        noise drum -> gain hits(gain_db=-6) -> output o
        sine bass(frequency_hz=80) -> compressor c(threshold_db=-40, ratio=20, key=sidechain) -> o
    """
    graph, n = draw(text)
    graph.connect(n["hits"], n["c"]["sidechain"])
    pressed = draw(text.replace("-> output o", "").replace("-> o", "-> output o"))
    pressed[0].connect(pressed[1]["hits"], pressed[1]["c"]["sidechain"])

    graph.solo(n["c"])

    assert np.array_equal(rendered(graph), rendered(pressed[0]))
    assert np.abs(rendered(graph)[:, 4_800:]).max() < 0.5


def test_a_feedback_loop_whose_delay_is_bypassed_is_opened() -> None:
    text = "sine s(frequency_hz=300) -> gain sum -> delay d(time_s=0.01, mix=1) -> gain half(level=0.5) -> sum"
    graph, n = draw(f"{text}\nd -> output o")

    graph.bypass(n["d"])

    assert not rendered(graph).any()  # what comes to the delay comes from itself as well
    graph, n = draw("sine s(frequency_hz=300) -> delay d(time_s=0.01, mix=1) -> output o")
    graph.connect(n["d"], n["d"])
    graph.bypass(n["d"])
    assert np.array_equal(rendered(graph), rendered(draw("sine s(frequency_hz=300) -> output o")[0]))


def test_a_tap_hears_what_passes_by_and_a_bypassed_meter_reads_nothing() -> None:
    graph, n = draw("sine s(frequency_hz=300) -> gain g(gain_db=-20) -> meter m -> output o")
    group = graph.group([n["g"]])
    outlet = next(port.name for port in group.value.ports if port.direction == "out")
    with Renderer(graph) as renderer:
        taps = [renderer.engine.tap(end) for end in ((n["g"].id, "out"), (group.id, outlet))]
        renderer.engine.begin()
        heard = [renderer.render(6_144)[0]]
        graph.bypass(group)
        heard.append(renderer.render(6_144)[0])
        inside, around = (tap.read()[0] for tap in taps)
        heard = np.concatenate(heard)
        assert len(around) == len(inside) > 12_000
        assert np.array_equal(around[:6_016], heard[:6_016]) and np.array_equal(inside[:6_016], heard[:6_016])
        assert np.array_equal(around[8_192:], heard[8_192 : len(around)]) and np.abs(heard[8_192:]).max() > 0.99
        assert np.abs(inside).max() < 0.11
        assert isinstance(renderer.engine.readings(n["m"].id), list)
        graph.bypass(n["m"])
        assert renderer.engine.readings(n["m"].id) is None


def test_voices_pass_by_a_node_of_their_group() -> None:
    def instrument(bypassed: bool) -> gd.Graph:
        graph = gd.Graph()
        notes, voices, osc = graph.add("notes"), graph.add("voices", voices=3.0), graph.add("sine")
        envelope, level, low = graph.add("adsr"), graph.add("gain", level=0.0), graph.add("gain", gain_db=-20.0)
        graph.connect(voices["frequency_hz"], osc["frequency_hz"])
        graph.connect(voices["gate"], envelope["gate"])
        graph.connect(envelope, level["level"])
        osc >> level
        if bypassed:
            level >> low >> graph.add("output")
        else:
            level >> graph.add("output")
        graph.connect(notes["events"], voices["events"])
        graph.group([voices, osc, envelope, level, *([low] if bypassed else [])])
        graph.write(notes, [(0, 1, "C4"), (0, 1, "E4"), (0.5, 1, "G4")])
        if bypassed:
            graph.bypass(low)
        return graph

    heard = rendered(instrument(True), 48_000)

    assert np.abs(heard).max() > 0.5
    assert np.array_equal(heard, rendered(instrument(False), 48_000))


def test_named_stems_are_what_solo_gives() -> None:
    graph, n = draw("""
        sine a(frequency_hz=200) -> gain g(gain_db=-6) -> gain bus -> output o
        saw b(frequency_hz=310) -> gain h(gain_db=-9) -> bus
    """)
    mix = rendered(graph)
    graph.solo(n["h"])

    stems = dict(stem_graphs(graph, (n["g"].id, n["h"].id)))

    assert list(stems) == ["gain1", "gain3"]
    parts = [rendered(stem) for stem in stems.values()]
    assert np.array_equal(parts[1], rendered(graph))
    np.testing.assert_allclose(parts[0] + parts[1], mix, atol=1e-6)


def test_an_engine_starts_with_the_flags_of_its_document_and_another_rate() -> None:
    graph, n = draw("noise n -> limiter l -> output o")
    graph.bypass(n["l"])
    with Engine(graph, sample_rate_hz=96_000) as engine, Engine(draw("noise n -> limiter l -> output o")[0]) as plain:
        assert engine.latency_frames() > plain.latency_frames() > 0
