"""Scala's scales and mappings against what they say by hand, and damaged ones against their sentence."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphdaw.nodes.prepare.tuning import (
    KeyMap,
    Scale,
    frequencies_hz,
    key_map_in_file,
    key_map_of,
    scale_in_file,
    scale_of,
)

JUST = "9/8 5/4 4/3 3/2 5/3 15/8 2/1"
RATIOS = [Fraction(1), *map(Fraction, JUST.split()[:-1])]
WHITE_KEYS = "12 0 127 60 60 264.0 7 0 x 1 x 2 3 x 4 x 5 x 6"


def test_without_a_scale_it_is_twelve_equal_steps_with_a_at_440_hertz() -> None:
    expected = [440.0 * 2 ** ((key - 69) / 12) for key in range(128)]

    assert frequencies_hz(scale_of(""), key_map_of("")) == pytest.approx(expected, rel=1e-12)


def test_a_scale_on_white_keys_has_its_ratios() -> None:
    found = frequencies_hz(scale_of(JUST), key_map_of(WHITE_KEYS))

    for octave in range(-2, 4):
        for place, ratio in zip((0, 2, 4, 5, 7, 9, 11), RATIOS, strict=True):
            expected = 264.0 * float(ratio) * 2.0**octave
            assert found[60 + 12 * octave + place] == pytest.approx(expected, rel=1e-12)
    assert found[61] == 0.0


def test_without_a_mapping_each_key_is_a_degree_and_a_is_440_hertz() -> None:
    found = frequencies_hz(scale_of(JUST), key_map_of(""))

    assert found[69] == pytest.approx(440.0)
    first = 440.0 / (2 * float(RATIOS[2]))  # key 69 is degree 9: the third of the next octave
    for key in (53, 60, 61, 67, 74, 76):
        octave, place = divmod(key - 60, 7)
        assert found[key] == pytest.approx(first * 2.0**octave * float(RATIOS[place]), rel=1e-12)


def test_a_scale_need_not_repeat_at_the_octave() -> None:
    bohlen = Scale(tuple(1_901.955 * k / 13 for k in range(1, 14)))
    found = frequencies_hz(bohlen, KeyMap(reference=60, reference_hz=200.0))

    assert found[73] == pytest.approx(600.0, rel=1e-6)
    assert found[47] == pytest.approx(200.0 / 3, rel=1e-6)


def test_keys_outside_the_mapped_ones_and_beyond_a_short_pattern_play_nothing() -> None:
    mapping = key_map_of("4 50 70 60 60 100 2 0 1")

    assert mapping == KeyMap((0, 1, None, None), (50, 70), 60, 60, 100.0, 2)
    table = frequencies_hz(Scale((600.0, 1_200.0)), mapping)
    assert table[60:66] == pytest.approx([100.0, 100.0 * 2**0.5, 0.0, 0.0, 200.0, 200.0 * 2**0.5])
    assert table[48] == table[71] == 0.0 and table[56] == pytest.approx(50.0)


@given(st.integers(1, 40))
def test_equal_divisions_are_equal(count: int) -> None:
    scale = scale_of(" ".join(f"{1_200 * k / count:.9f}" for k in range(1, count + 1)))
    for key, found in enumerate(frequencies_hz(scale, KeyMap())):
        expected = 440.0 * 2 ** ((key - 69) / count)
        assert found == pytest.approx(expected, rel=1e-6) or not 2e-3 < expected < 5e5


def test_files_have_remarks_and_become_one_line() -> None:
    text = "! a.scl\n!\nSeven tones\n 7\n!\n100.\n 81/64 x\n-5.0\n.5 y\n2\n1200.0 cents\n2/1\nmore\n"
    scale, line = scale_in_file(text)

    assert scale.description == "Seven tones"
    assert scale.cents == pytest.approx([100.0, 407.82, -5.0, 0.5, 1_200.0, 1_200.0, 1_200.0], abs=0.01)
    assert line == "100. 81/64 -5.0 .5 2 1200.0 2/1" and scale_of(line).cents == scale.cents
    mapping, keys = key_map_in_file("! a.kbm\n2 ! size\n0\n127\n60\n60\n261.6 Hz\n2\n0\nx\n! end\n5\n")
    assert keys == "2 0 127 60 60 261.6 2 0 x" and key_map_of(keys) == mapping


def test_a_scale_of_no_degree_sounds_the_same_on_every_key() -> None:
    _, line = scale_in_file("none\n0\n")

    assert set(frequencies_hz(scale_of(line), KeyMap())) == {440.0}


@pytest.mark.parametrize(
    "text, reason",
    [
        ("", "ends before"), ("a\n", "ends before"), ("a\nmany\n", "number of its degrees is 'many'"),
        ("a\n99999\n", "0 to 4096"), ("a\n2\n9/8\n", "1 degrees of 2"), ("a\n1\n0\n", "neither cents nor a ratio"),
        ("a\n1\n3/0\n", "neither"), ("a\n1\n-3/2\n", "neither"), ("a\n1\nnan\n", "neither"),
        ("a\n1\n99999999.0\n", "40 oct"), ("a\n1\n.\n", "neither"),
    ],
)  # fmt: skip
def test_damaged_scales_are_refused(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        scale_in_file(text)


@pytest.mark.parametrize(
    "text, reason",
    [
        ("12 0", "first seven values"), ("x 0 1 2 3 4 5", "size of its pattern"),
        ("1 0 200 60 60 440 1 0", "its last key is '200'"), ("1 0 127 60 60 -1 1 0", "frequency"),
        ("1 0 127 60 60 inf 1 0", "frequency"), ("1 0 127 60 60 440 1 q", "a degree is 'q'"),
        ("2 0 127 60 61 440 1 0 x", "reference key 61 has no degree"),
    ],
)  # fmt: skip
def test_damaged_mappings_are_refused_with_the_way_out(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=rf"{reason}.*; write the values of a \.kbm file in their order\.$"):
        key_map_of(text)
