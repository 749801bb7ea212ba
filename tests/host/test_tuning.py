"""Scala's scales and mappings against what they say by hand, and damaged ones against their sentence."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphdaw.errors import MediaError
from graphdaw.host.tuning import KeyMap, Scale, Tuning, parse_key_map, parse_scale, read_tuning, tuning_of

JUST = """! just.scl
!
Just intonation, seven degrees
 7
!
 9/8
 5/4 a third
 4/3
 3/2
 5/3
 15/8
 2
"""
RATIOS = [Fraction(1), *map(Fraction, ("9/8", "5/4", "4/3", "3/2", "5/3", "15/8"))]
WHITE_KEYS = """! white.kbm
12
0
127
60
60
264.0
7
0
x
1
x
2
3
x
4
x
5
x
6
"""


def test_without_a_file_it_is_twelve_equal_steps_with_a_at_440_hertz() -> None:
    for key in (0.0, 21.0, 60.25, 69.0, 127.0, 130.5):
        assert Tuning().frequency_hz(key) == pytest.approx(440.0 * 2 ** ((key - 69) / 12), rel=1e-12)
        assert Tuning().key(key) == pytest.approx(key, abs=1e-9)
    assert len(Tuning().table) == 128


def test_a_scale_on_white_keys_has_its_ratios(tmp_path: Path) -> None:
    (tmp_path / "a.scl").write_text(JUST)
    (tmp_path / "a.kbm").write_text(WHITE_KEYS)
    tuning = read_tuning(tmp_path / "a.scl", tmp_path / "a.kbm")

    assert tuning.name == "Just intonation, seven degrees"
    for octave in range(-2, 4):
        for place, ratio in zip((0, 2, 4, 5, 7, 9, 11), RATIOS, strict=True):
            expected = 264.0 * float(ratio) * 2.0**octave
            assert tuning.frequency_hz(60 + 12 * octave + place) == pytest.approx(expected, rel=1e-12)
    assert tuning.frequency_hz(61) == 0.0 and tuning.key(61) == -1.0


def test_without_a_mapping_each_key_is_a_degree_and_a_is_440_hertz(tmp_path: Path) -> None:
    (tmp_path / "a.scl").write_text(JUST)
    tuning = read_tuning(tmp_path / "a.scl")

    assert tuning.frequency_hz(69) == pytest.approx(440.0)
    first = 440.0 / (2 * float(RATIOS[2]))  # key 69 is degree 9: the third of the next octave
    for key in (53, 60, 61, 67, 74, 76):
        octave, place = divmod(key - 60, 7)
        assert tuning.frequency_hz(key) == pytest.approx(first * 2.0**octave * float(RATIOS[place]), rel=1e-12)


def test_a_scale_need_not_repeat_at_the_octave() -> None:
    bohlen = Scale("tritave", tuple(1_901.955 * k / 13 for k in range(1, 14)))
    tuning = tuning_of(bohlen, KeyMap(reference=60, reference_hz=200.0))

    assert tuning.frequency_hz(73) == pytest.approx(600.0, rel=1e-6)
    assert tuning.frequency_hz(47) == pytest.approx(200.0 / 3, rel=1e-6)


def test_cents_ratios_and_remarks() -> None:
    text = "d\n6\n100.\n 81/64 x\n-5.0\n.5 y\n2\n1200.0 cents\n"

    expected = [100.0, 407.82, -5.0, 0.5, 1_200.0, 1_200.0]
    assert parse_scale(text, "a").cents == pytest.approx(expected, abs=0.01)


def test_keys_outside_the_mapped_ones_and_beyond_a_short_pattern_play_nothing() -> None:
    mapping = parse_key_map("4\n50\n70\n60\n60\n100\n2\n0\n1\n", "a")

    assert mapping == KeyMap((0, 1, None, None), (50, 70), 60, 60, 100.0, 2)
    table = tuning_of(Scale("", (600.0, 1_200.0)), mapping).table
    assert table[60:66] == pytest.approx((100.0, 100.0 * 2**0.5, 0.0, 0.0, 200.0, 200.0 * 2**0.5))
    assert table[48] == table[71] == 0.0 and table[56] == pytest.approx(50.0)


@given(st.integers(1, 40), st.floats(0.0, 127.0))
def test_equal_divisions_are_equal_and_keys_between_lie_between(count: int, key: float) -> None:
    scale = parse_scale(f"equal\n{count}\n" + "".join(f"{1_200 * k / count:.9f}\n" for k in range(1, count + 1)), "a")
    tuning = tuning_of(scale, KeyMap())

    expected = 440.0 * 2 ** ((key - 69) / count)
    assert tuning.frequency_hz(key) == pytest.approx(expected, rel=1e-6) or not 2e-3 < expected < 5e5


@pytest.mark.parametrize(
    "text, reason",
    [
        ("", "ends before"), ("a\n", "ends before"), ("a\nmany\n", "number of its degrees is 'many'"),
        ("a\n99999\n", "0 to 4096"), ("a\n2\n9/8\n", "1 degrees of 2"), ("a\n1\n0\n", "neither cents nor a ratio"),
        ("a\n1\n3/0\n", "neither"), ("a\n1\n-3/2\n", "neither"), ("a\n1\nnan\n", "neither"),
        ("a\n1\n99999999.0\n", "40 oct"),
        ("a\n1\n.\n", "neither"),
    ],
)  # fmt: skip
def test_damaged_scales_are_refused_in_one_sentence(text: str, reason: str) -> None:
    with pytest.raises(MediaError, match=rf"^x\.scl is no scale that can be read: [^\n]*{reason}[^\n]*\.$"):
        parse_scale(text, "x.scl")


@pytest.mark.parametrize(
    "text, reason",
    [
        ("12\n0\n", "first seven lines"), ("x\n0\n1\n2\n3\n4\n5\n", "size of its pattern"),
        ("1\n0\n200\n60\n60\n440\n1\n0\n", "its last key is '200'"), ("1\n0\n127\n60\n60\n-1\n1\n0\n", "frequency"),
        ("1\n0\n127\n60\n60\ninf\n1\n0\n", "frequency"), ("1\n0\n127\n60\n60\n440\n1\nq\n", "a degree is 'q'"),
    ],
)  # fmt: skip
def test_damaged_mappings_are_refused_in_one_sentence(text: str, reason: str) -> None:
    with pytest.raises(MediaError, match=rf"^x\.kbm is no mapping of keys that can be read: [^\n]*{reason}[^\n]*\.$"):
        parse_key_map(text, "x.kbm")


def test_a_reference_key_without_a_degree_is_refused() -> None:
    with pytest.raises(MediaError, match="reference key 61 has no degree"):
        tuning_of(Scale("", (1_200.0,)), KeyMap((0, None), reference=61))


def test_files_that_are_none_are_named(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match=r"gone\.scl cannot be read"):
        read_tuning(tmp_path / "gone.scl")
