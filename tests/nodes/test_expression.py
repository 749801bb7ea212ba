"""expression: formulas against numpy in double precision, and the language's refusals."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np
import pytest

import graphdaw as gd
from graphdaw.errors import ValueKindError
from graphdaw.host.offline import Renderer, render
from graphdaw.nodes import types
from graphdaw.nodes.prepare.formula import FUNCTIONS, NAMES, OPS, REGISTERS, compiled
from tests.kernel_probe import LEVELS, WIDTHS, Memory, Signal, State, run_kernel

FRAMES, RATE = 700, 48_000
rng = np.random.default_rng(11)
INS = {port: rng.uniform(-2, 2, (3, FRAMES)).astype(np.float32) for port in "abcd"}
PARAMS = {"x": np.float32([0.75, -1.5, 3.0]), "y": rng.uniform(-1, 1, (3, FRAMES)).astype(np.float32)}


def lent(*texts: str, lanes: int = 3) -> list[Memory]:
    """Memory of lanes whose formulas are these, in turn."""
    hook = types()["expression"].media_memory
    assert hook is not None
    shared = [Memory.of(hook(None, {"formula": text}, RATE), 1)[0] for text in texts]
    return [shared[lane % len(shared)] for lane in range(lanes)]


def run(text: str, **setting: Any) -> Signal:
    return run_kernel(
        "expression",
        **{"inputs": INS, "params": PARAMS, "memories": lent(text), "frames": FRAMES, "lanes": 3} | setting,
    )["out"]


Model = Callable[..., Any]
FORMULAS: tuple[tuple[str, Model], ...] = (
    ("a", lambda a, b, c, d, x, y, t: a),
    ("a * x + b / 4 - -c", lambda a, b, c, d, x, y, t: a * x + b / 4 + c),
    ("-2^2 + 2^-1 + 2^3^0", lambda a, b, c, d, x, y, t: -4 + 0.5 + 2 + 0 * a),
    ("1 - 2 - 3 * 4 / 6 + 7 % 4", lambda a, b, c, d, x, y, t: 1 - 2 - 3 * 4 / 6 + 7 % 4 + 0 * a),
    ("a^2 - b^3 + c^4", lambda a, b, c, d, x, y, t: a**2 - b**3 + c**4),
    ("abs(a)^y + pow(2, b)", lambda a, b, c, d, x, y, t: np.abs(a) ** y + 2**b),
    ("(-2)^3 + (-2)^0 + 0^2", lambda a, b, c, d, x, y, t: -8 + 1 + 0 * a),
    ("floor(a)^5", lambda a, b, c, d, x, y, t: np.floor(a) ** 5),
    ("a < b and b <= c or not d > 0.1", lambda a, b, c, d, x, y, t: ((a < b) & (b <= c)) | ~(d > 0.1)),
    ("a < b && b != c || d >= 0.1", lambda a, b, c, d, x, y, t: ((a < b) & (b != c)) | (d >= 0.1)),
    ("-1 < a < 1", lambda a, b, c, d, x, y, t: (a > -1) & (a < 1)),
    ("if(a > 0, b, if(c > 0, 1, d))", lambda a, b, c, d, x, y, t: np.where(a > 0, b, np.where(c > 0, 1, d))),
    ("sin(a) + cos(b) * tan(c / 2)", lambda a, b, c, d, x, y, t: np.sin(a) + np.cos(b) * np.tan(c / 2)),
    ("tanh(a) + exp(b) - log(abs(c) + 1)", lambda a, b, c, d, x, y, t: np.tanh(a) + np.exp(b) - np.log(np.abs(c) + 1)),
    ("log2(c * c + 1) + log10(d * d + 1)", lambda a, b, c, d, x, y, t: np.log2(c * c + 1) + np.log10(d * d + 1)),
    ("sqrt(max(a, 0)) + min(b, c, )", lambda a, b, c, d, x, y, t: np.sqrt(np.maximum(a, 0)) + np.minimum(b, c)),
    ("clip(a, -0.5, y)", lambda a, b, c, d, x, y, t: np.minimum(np.maximum(a, -0.5), y)),
    ("mix(b, c, 0.25)", lambda a, b, c, d, x, y, t: b + (c - b) / 4),
    ("floor(a*5) + ceil(b*5) + sign(d)", lambda a, b, c, d, x, y, t: np.floor(a * 5) + np.ceil(b * 5) + np.sign(d)),
    ("round(a * 3) + frac(b)", lambda a, b, c, d, x, y, t: np.floor(a * 3 + 0.5) + b - np.floor(b)),
    ("mod(a, 0.3) + hz(69 + b) + db(c * 20)", lambda a, b, c, d, x, y, t: np.mod(a, 0.3) + 440 * 2 ** (b / 12) + 10**c),
    ("sin(2*pi*3*t) + t", lambda a, b, c, d, x, y, t: np.sin(6 * np.pi * t) + t + 0 * a),
    ("e * 1e-3 + .5 + 2.", lambda a, b, c, d, x, y, t: np.e * 1e-3 + 2.5 + 0 * a),
    ("last(a) + last(last(b))", lambda a, b, c, d, x, y, t: shifted(a, 1) + shifted(b, 2)),
)  # fmt: skip


def shifted(x: Any, by: int) -> Any:
    return np.pad(x, ((0, 0), (by, 0)))[:, : x.shape[1]]


@pytest.mark.parametrize(("text", "model"), FORMULAS, ids=lambda v: v if isinstance(v, str) else "")
def test_formulas_are_what_python_makes_of_them(text: str, model: Model) -> None:
    values = {**INS, "x": PARAMS["x"][:, None], "y": PARAMS["y"], "t": np.arange(FRAMES)[None] / RATE}
    expected = np.asarray(model(**{name: np.asarray(v, float) for name, v in values.items()}), float)
    np.testing.assert_allclose(run(text), np.broadcast_to(expected, (3, FRAMES)), rtol=3e-5, atol=3e-5)


SHOWY = (
    "sin(2*pi*phasor(440 + 10*a)) * smooth(abs(b), 0.001)",
    "0.9 * prev + 0.1 * a",
    "latch(noise(), phasor(3000) < 0.5) + last(a) - noise()",
    "tanh(a * x + prev * y)",
    "if(a > b, hz(60 + c), floor(t * 1000) % 7) / (1 + d^2)",
)


@pytest.mark.parametrize("text", SHOWY)
def test_bits_do_not_hang_on_width_level_or_slices(text: str) -> None:
    expected = run(text, width=1, level="base", time=40)
    assert np.isfinite(expected).all() and np.ptp(expected) > 0
    for level, width in product(LEVELS, WIDTHS):
        np.testing.assert_array_equal(run(text, width=width, level=level, time=40), expected)
    for slices in (1, 17, (5, 128, 1, 33)):
        np.testing.assert_array_equal(run(text, slices=slices, time=40), expected)


def test_lanes_of_a_pack_keep_their_own_formulas() -> None:
    alone = np.array([run(text)[lane] for lane, text in enumerate(SHOWY[:3])])
    np.testing.assert_array_equal(run("a", memories=lent(*SHOWY[:3])), alone)


def test_prev_is_the_last_value_and_smooth_a_one_pole() -> None:
    out = run("0.5 * prev + a")
    expected = np.zeros((3, FRAMES))
    for i in range(FRAMES):
        expected[:, i] = 0.5 * expected[:, i - 1] * (i > 0) + INS["a"][:, i]
    np.testing.assert_allclose(out, expected, atol=1e-5)
    part, level = 1 - np.exp(-1 / (0.002 * RATE)), np.zeros(3)
    for i, row in enumerate(run("smooth(a, 0.002)").T):
        level += (INS["a"][:, i] - level) * part
        np.testing.assert_allclose(row, level, atol=1e-5)


def test_phasor_turns_exactly_and_latch_holds() -> None:
    out = run("phasor(x)", params={"x": 437.0, "y": 0.0})[0]
    np.testing.assert_allclose(out, (np.arange(FRAMES) * 437 / RATE) % 1, atol=2e-4)
    gate = INS["b"][0] > 0.5
    held = run("latch(a, b)")[0]
    np.testing.assert_array_equal(held[gate], INS["a"][0][gate])
    quiet = np.flatnonzero(~gate[1:]) + 1
    np.testing.assert_array_equal(held[quiet], held[quiet - 1])


def test_noises_are_even_and_independent() -> None:
    one, two = (
        run("noise()", frames=20_000, inputs={}, params={}),
        run("noise() - noise()", frames=20_000, inputs={}, params={}),
    )
    assert abs(one[0].mean()) < 0.02 and abs(one[0].var() - 1 / 3) < 0.01
    assert abs(two[0].var() - 2 / 3) < 0.02
    assert abs(np.corrcoef(one[0], one[1])[0, 1]) < 0.03


@pytest.mark.parametrize(
    "text", ["a", "1 / a", "log(a)", "exp(a * a)", "prev * 2 + a", "smooth(a, 1) + last(b)", "a ^ b"]
)
def test_broken_sound_gives_finite_numbers_and_is_forgotten(text: str) -> None:
    bad = np.tile(np.float32([np.nan, np.inf, -np.inf, 1e38, 0.0]), (3, 140))
    state = State()
    memories = lent(text)
    assert np.isfinite(run(text, inputs={"a": bad, "b": bad}, state=state, memories=memories)).all()
    after = run(text, state=state, memories=memories)
    assert np.isfinite(after).all() and np.abs(after).max() <= 1e9


FAULTS = {
    "": (1, "it is empty; write"),
    "a + ": (3, "cannot be read; check"),
    "a + $b": (5, r"'\$' means nothing here; use numbers"),
    "a * foo": (5, "'foo' is no name; there are a, b"),
    "sine(a)": (1, "there is no function 'sine'; there are if, min"),
    "a + sin": (5, "write sin"),
    "2 * clip(a, 1)": (5, "clip has 2 values in its brackets; give it 3"),
    "(a + b": (1, "cannot be read; check"),
    "a * (b": (5, "cannot be read; check"),
    "a.b": (2, r"'\.' means nothing here"),
    "'a'": (1, "means nothing here"),
    "a = 1": (3, "means nothing here"),
    "import": (1, "cannot be read"),
    "a, b": (1, "cannot be calculated; use"),
    "__import__(a)": (1, "there is no function '__import__'"),
    "+".join(f"last({k})" for k in range(9)): (65, "last, smooth and latch have 8 places"),
    "-" * 500 + "a": (None, "too deeply; split"),
    "+".join(f"{k}.5*a" for k in range(60)): (1, "different numbers; split"),
    "a" * 1001: (None, "more than 1000 characters; split"),
    "1 if a else 2": (3, "; "),
    "min(*a, b)": (5, "; "),
    "min(a, b=c)": (9, "means nothing here"),
    "(lambda: a)": (8, "means nothing here"),
}


@pytest.mark.parametrize("text", FAULTS)
def test_refusals_name_the_character_and_the_way_out(text: str) -> None:
    at, words = FAULTS[text]
    with pytest.raises(ValueError, match=words) as refusal:
        compiled(text)
    found = re.search(r"character (\d+):", str(refusal.value))
    assert at is None or (found is not None and int(found[1]) == at)
    assert ";" in str(refusal.value)


def test_a_long_formula_shares_the_registers_and_a_wide_one_is_refused() -> None:
    long = " + ".join(f"sin(a * {k})" for k in range(1, 40))
    expected = sum(np.sin(INS["a"].astype(float) * k) for k in range(1, 40))
    np.testing.assert_allclose(run(long), expected, atol=2e-4)
    wide = "".join(f"(a * {k} + (" for k in range(2, 32)) + "b" + "))" * 30
    assert all(step.to < REGISTERS for step in compiled(long).steps)
    with pytest.raises(ValueError, match="too many values at once; split"):
        compiled(wide)


def test_every_function_is_a_step_or_made_of_steps() -> None:
    made = {"clip", "mix", "ceil", "round", "frac", "log10", "pow", "mod"}
    assert set(FUNCTIONS) - set(OPS) == made and len(OPS) == len(set(OPS))
    for name, count in FUNCTIONS.items():
        assert compiled(f"{name}({', '.join('abcd'[:count])})").steps
    assert all(compiled(f"{name} + 1").steps for name in NAMES)


def test_in_a_graph_a_new_formula_fades_in_and_a_wrong_one_changes_nothing() -> None:
    graph = gd.Graph()
    sine, node, out = (
        graph.add("sine", frequency_hz=300.0),
        graph.add("expression", formula="a * x"),
        graph.add("output"),
    )
    graph.connect(sine, node)
    graph.connect(node, out)
    np.testing.assert_allclose(np.abs(render(graph, seconds=0.1)).max(), 1.0, atol=1e-3)
    with Renderer(graph) as renderer:
        renderer.render(4_800)
        with pytest.raises(ValueKindError, match=r"Text 'formula' of node .*'a \* ', character"):
            graph.set(node, formula="a * ")
        graph.set(node, formula="a * 0.25")
        heard = renderer.render(9_600)
    assert np.abs(heard[:, -4_000:]).max() == pytest.approx(0.25, abs=1e-3)
    assert np.abs(np.diff(heard[0])).max() < 2 * np.pi * 300 / 48_000 * 1.1
