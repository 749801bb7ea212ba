"""What a control surface makes of messages: positions, take-over, encoders, buttons, ranges, feedback and learning."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphdaw.errors import GraphdawError
from graphdaw.graph.controls import (
    Control,
    KeySource,
    MidiSource,
    OscSource,
    Span,
    Target,
    check_control,
    parse_target,
)
from graphdaw.host.controls.gestures import Gesture, KeyInput, OscInput
from graphdaw.host.controls.surface import ControlSurface
from graphdaw.host.midi.messages import Decoder, MidiMessage, encode

CUTOFF, PERCENT = Span(20.0, 20_000.0, "log"), Span(0.0, 100.0)
KNOB = MidiSource("cc", 7)


@dataclass
class Parameters:
    """Targets that are numbers."""

    span_of_all: Span = PERCENT
    values: dict[str, float] = field(default_factory=dict)

    def span(self, target: Target) -> Span | None:
        return self.span_of_all if target.node != "gone" else None

    def value(self, target: Target) -> float | None:
        return self.values.get(str(target))


class Rig:
    """A surface whose actions are done."""

    def __init__(self, *controls: Control, value: float | None = 50.0, span: Span = PERCENT) -> None:
        self.targets = Parameters(span, {} if value is None else {"a.x": value})
        self.surface = ControlSurface(controls, self.targets)
        self.now_s = 100.0

    def send(self, *gestures: Gesture, port: str = "", apart_s: float = 1.0) -> list[float]:
        """The values that were set."""
        found = []
        for gesture in gestures:
            self.now_s += apart_s
            for action in self.surface.handle(gesture, self.now_s, port):
                assert isinstance(action.value, float)
                self.targets.values[str(action.target)] = action.value
                found.append(action.value)
        return found


def cc(*values: int, number: int = 7, channel: int = 0) -> list[MidiMessage]:
    return [MidiMessage("cc", channel, number, value) for value in values]


def control(mode: str = "jump", source: MidiSource = KNOB, **more: object) -> Control:
    made = Control("k", source, "a.x", mode=mode, **more)  # type: ignore[arg-type]
    check_control(made)
    return made


def test_a_knob_reaches_both_ends_and_the_parameter_travels_along_its_own_curve() -> None:
    rig = Rig(control(), span=CUTOFF)

    assert rig.send(*cc(0, 127)) == [20.0, 20_000.0]
    assert rig.send(*cc(64)) == [pytest.approx(20.0 * 1000 ** (64 / 127))]


def test_ends_may_be_turned_round_and_the_curve_another() -> None:
    assert Rig(control(lo=80.0, hi=40.0)).send(*cc(0, 127)) == [80.0, 40.0]
    assert Rig(control(lo=100.0, hi=1e9, curve="linear"), span=CUTOFF).send(*cc(0, 127)) == [100.0, 20_000.0]
    assert Rig(control(lo=400.0, hi=100.0), span=CUTOFF).send(*cc(127, 0)) == [100.0, pytest.approx(400.0)]


def test_steps_are_equal_places() -> None:
    values = Rig(control(steps=5)).send(*cc(*range(128)))

    assert values == [0.0, 25.0, 50.0, 75.0, 100.0]


def test_a_knob_picks_up_when_it_meets_the_value() -> None:
    rig = Rig(control("pickup"))
    assert rig.send(*cc(10, 30, 55)) == []
    assert rig.send(*cc(70)) == [pytest.approx(100 * 70 / 127)]  # passed 63.5
    assert len(rig.send(*cc(20, 90))) == 2

    rig.targets.values["a.x"] = 10.0  # somebody else moves it
    assert rig.send(*cc(91, 100)) == []
    assert rig.send(*cc(13)) == [pytest.approx(100 * 13 / 127)]


def test_scaled_take_over_never_jumps_and_meets_at_the_ends() -> None:
    rig = Rig(control("scaled"), value=80.0)
    assert rig.send(*cc(20)) == []
    values = rig.send(*cc(*range(21, 128)))

    assert max(b - a for a, b in itertools.pairwise([80.0, *values])) < 1.0
    assert all(b >= a for a, b in itertools.pairwise(values)) and values[-1] == pytest.approx(100.0)
    assert rig.send(*cc(60)) == [pytest.approx(100 * 60 / 127)]  # met: from here on it has the value

    down = Rig(control("scaled"), value=80.0)
    down.send(*cc(20))
    assert down.send(*cc(10)) == [pytest.approx(40.0)]
    assert down.send(*cc(0)) == [0.0]


@given(st.floats(0, 100), st.lists(st.integers(0, 127), min_size=2, max_size=40))
def test_scaled_take_over_goes_the_way_of_the_knob(value: float, positions: list[int]) -> None:
    rig = Rig(control("scaled"), value=value)
    rig.send(*cc(positions[0]))
    for before, after in itertools.pairwise(positions):
        was = rig.targets.values["a.x"]
        rig.send(*cc(after))
        now = rig.targets.values["a.x"]
        assert 0.0 <= now <= 100.0
        assert (now - was) * (after - before) >= -1e-9 or abs(now - was) < 0.8  # meeting may take half a step


def test_a_knob_whose_value_nobody_knows_takes_over_at_once() -> None:
    assert Rig(control("pickup"), value=None).send(*cc(127)) == [100.0]


@pytest.mark.parametrize(
    "encoding, up, down, up3",
    (("twos_complement", 1, 127, 3), ("sign_bit", 1, 65, 3), ("offset", 65, 63, 67)),
)
def test_encoders_count_clicks(encoding: str, up: int, down: int, up3: int) -> None:
    rig = Rig(control("relative", encoding=encoding, step=0.01))

    assert rig.send(*cc(up, up, down, up3)) == [pytest.approx(v) for v in (51.0, 52.0, 51.0, 54.0)]
    assert rig.send(*cc(*[down] * 70))[-1] == 0.0
    assert rig.send(*cc(up)) == [pytest.approx(1.0)]


def test_an_encoder_that_is_turned_fast_goes_further() -> None:
    rig = Rig(control("relative", step=0.001, acceleration=9.0), value=0.0)

    assert rig.send(*cc(1, 1)) == [pytest.approx(0.1), pytest.approx(0.2)]
    assert rig.send(*cc(1), apart_s=0.001) == [pytest.approx(1.2)]


def test_an_encoder_goes_from_place_to_place() -> None:
    assert Rig(control("relative", steps=5)).send(*cc(1, 1, 1, 127)) == [75.0, 100.0, 75.0]


def test_buttons() -> None:
    note = MidiSource("note", 60)
    on, off = MidiMessage("note_on", 3, 60, 9), MidiMessage("note_off", 3, 60, 64)

    assert Rig(control("toggle", note)).send(on, off, on, off) == [0.0, 100.0]
    assert Rig(control("momentary", note), value=0.0).send(on, off, off, on) == [100.0, 0.0, 100.0]
    assert Rig(control("trigger", note)).send(on, off, on) == [100.0, 100.0]
    assert Rig(control("toggle", lo=20.0, hi=30.0), value=20.0).send(*cc(127, 0, 127, 0, 127)) == [30.0, 20.0, 30.0]


def test_a_key_played_softly_is_a_press_and_its_velocity_a_position() -> None:
    source = MidiSource("note", 60)
    on = MidiMessage("note_on", 0, 60, 1)

    assert Rig(control("trigger", source)).send(on) == [100.0]
    assert Rig(control("jump", source)).send(on) == [pytest.approx(100 / 127)]


def test_programs_call_or_choose() -> None:
    program = [MidiMessage("program", 2, 0, n) for n in (5, 5, 6)]

    assert Rig(control("trigger", MidiSource("program", 5))).send(*program) == [100.0, 100.0]
    assert Rig(control("jump", MidiSource("program", -1))).send(MidiMessage("program", 2, 0, 127)) == [100.0]


def test_wide_controllers_bends_and_pressures() -> None:
    def values(source: MidiSource, *messages: MidiMessage) -> list[float]:
        rig = Rig(control("jump", source), value=None)
        return rig.send(*Decoder().feed(b"".join(map(encode, messages))))

    fine = values(MidiSource("cc14", 7), MidiMessage("cc14", 0, 7, 8191), MidiMessage("cc14", 0, 7, 16383))
    assert fine == [pytest.approx(100 * 8191 / 16383), 100.0]
    assert values(MidiSource("nrpn", 300), MidiMessage("nrpn", 0, 300, 16383))[-1] == 100.0
    bends = [MidiMessage("bend", 0, 0, value) for value in (-8192, 0, 8191)]
    assert values(MidiSource("bend"), *bends) == [0.0, 50.0, 100.0]
    assert values(MidiSource("pressure"), MidiMessage("pressure", 0, 0, 127)) == [100.0]
    assert values(MidiSource("key_pressure", 5), MidiMessage("key_pressure", 0, 5, 0)) == [0.0]


def test_addresses_and_keys() -> None:
    osc = Control("k", OscSource("/1/fader"), "a.x", mode="jump")
    assert Rig(osc).send(OscInput("/1/fader", 0.25), OscInput("/1/other"), OscInput("/1/fader", 7.0)) == [25.0, 100.0]

    key = Control("k", KeySource("F5"), "a.x", mode="toggle")
    assert Rig(key).send(KeyInput("F5"), KeyInput("F5", False), KeyInput("F6"), KeyInput("F5")) == [0.0, 100.0]


def test_only_the_port_and_channel_that_are_meant_are_heard() -> None:
    rig = Rig(control(source=MidiSource("cc", 7, channel=2, port="Nano*")))

    assert rig.send(*cc(127)) == [] and rig.send(*cc(127, channel=2), port="Keys") == []
    assert rig.send(*cc(127, channel=2), port="Nano Pad") == [100.0]


def test_one_knob_may_move_many_things_and_what_is_gone_rests() -> None:
    other = Control("j", MidiSource("cc", 7), "b.x", mode="jump")
    gone = Control("i", MidiSource("cc", 7), "gone.x", mode="jump")
    rig = Rig(control(), other, gone)

    assert rig.send(*cc(127)) == [100.0, 100.0]
    rig.surface.drop("j")
    rig.surface.put(Control("k", MidiSource("cc", 8), "a.x"))
    assert rig.send(*cc(0)) == []


def test_options_are_set_by_name() -> None:
    rig = Rig(control(), span=Span(0.0, 2.0, steps=3, options=("low", "band", "high")), value=0.0)

    assert [a.value for a in rig.surface.handle(cc(64)[0])] == ["band"]


def test_feedback_says_where_the_value_is() -> None:
    rig = Rig(
        control(source=MidiSource("cc", 7, channel=3), lo=100.0, hi=0.0),
        Control("wide", MidiSource("cc14", 1), "a.x"),
        Control("pad", MidiSource("note", 40), "a.x", mode="toggle"),
        Control("bend", MidiSource("bend", port="Desk"), "a.x"),
        Control("mute", MidiSource("cc", 9), "a.x", feedback=False),
        value=75.0,
    )

    assert rig.surface.feedback("a.x") == [
        ("*", MidiMessage("cc", 3, 7, 32)),
        ("*", MidiMessage("cc14", 0, 1, round(0.75 * 16383))),
        ("*", MidiMessage("note_on", 0, 40, 127)),
        ("Desk", MidiMessage("bend", 0, 0, round(0.25 * 16382))),
    ]


def test_a_motor_does_not_work_against_the_hand() -> None:
    rig = Rig(control())
    rig.send(*cc(127), port="Desk")

    assert rig.surface.feedback("a.x", rig.now_s + 0.1) == []
    assert rig.surface.feedback("a.x", rig.now_s + 1.0) == [("Desk", MidiMessage("cc", 0, 7, 127))]


def learnt(*messages: MidiMessage, quiet: bool = True) -> Control | None:
    surface = ControlSurface((), Parameters())
    surface.learn("a.x")
    for k, message in enumerate(Decoder().feed(b"".join(map(encode, messages)))):
        assert surface.handle(message, k * 0.02, "Desk") == []
    return surface.learned(math.inf if quiet else len(messages) * 0.02)


def test_learning_knows_what_was_moved() -> None:
    knob = learnt(*cc(60, 61, 62, 63, 64, 65), quiet=False)
    assert knob == Control("learnt", MidiSource("cc", 7, 0, "Desk"), "a.x")

    fader = learnt(*(MidiMessage("cc14", 1, 2, v) for v in (100, 230, 400, 560)))
    assert fader is not None and fader.source == MidiSource("cc14", 2, 1, "Desk")
    parameter = learnt(*(MidiMessage("nrpn", 0, 500, v) for v in (100, 200, 300, 400, 500, 600)))
    assert parameter is not None and parameter.source == MidiSource("nrpn", 500, 0, "Desk")

    pad = learnt(MidiMessage("note_on", 9, 36, 5), quiet=False)
    assert pad is not None and (pad.source, pad.mode) == (MidiSource("note", 36, 9, "Desk"), "toggle")
    button = learnt(*cc(127))
    assert button is not None and (button.source, button.mode) == (MidiSource("cc", 7, 0, "Desk"), "toggle")
    wheel = learnt(*(MidiMessage("bend", 0, 0, 90 * k) for k in range(8)))
    assert wheel is not None and wheel.source == MidiSource("bend", 0, 0, "Desk")
    program = learnt(MidiMessage("program", 0, 0, 11), quiet=False)
    assert program is not None and program.source == MidiSource("program", 11, 0, "Desk")


@pytest.mark.parametrize(
    "values, encoding",
    (
        ((1, 1, 2, 1, 1, 1, 127, 127), "twos_complement"),
        ((127, 127, 126, 127, 127, 127), "twos_complement"),
        ((1, 1, 2, 1, 1, 1, 65, 65), "sign_bit"),
        ((65, 65, 66, 65, 63, 63, 63), "offset"),
        ((63, 63, 63, 62, 63, 63), "offset"),
        ((1,) * 20, "twos_complement"),
        ((65,) * 20, "offset"),
    ),
)
def test_learning_knows_encoders_by_their_pattern(values: tuple[int, ...], encoding: str) -> None:
    found = learnt(*cc(*values))

    assert found is not None and (found.mode, found.encoding) == ("relative", encoding)


@given(st.integers(0, 120), st.integers(6, 7), st.booleans())
def test_a_knob_that_moves_slowly_is_no_encoder(start: int, count: int, down: bool) -> None:
    values = list(range(start, start + count))
    found = learnt(*cc(*(reversed(values) if down else values)))

    assert found is not None and found.mode == "pickup"


def test_while_an_encoder_was_turned_one_way_only_it_is_not_clear_how_it_counts() -> None:
    assert learnt(*cc(1, 1, 1, 1, 1, 1, 1), quiet=False) is None
    assert learnt(*cc(7), quiet=False) is None and learnt(quiet=True) is None


def test_learning_takes_addresses_and_keys() -> None:
    surface = ControlSurface((), Parameters())
    surface.learn("tempo")
    surface.handle(KeyInput("F1", down=False))
    assert surface.learned() is None
    surface.handle(OscInput("/x", 0.5))
    assert surface.learned() == Control("learnt", OscSource("/x"), "tempo")
    assert surface.learned() is None and surface.handle(OscInput("/x", 0.5)) == []


@given(st.floats(0, 1), st.sampled_from((CUTOFF, Span(-60.0, 24.0), Span(5.0, 1.0, "log"), Span(0.0, 1.0))))
def test_a_position_comes_back_from_its_value(position: float, span: Span) -> None:
    assert span.position(span.value(position)) == pytest.approx(position, abs=1e-9)


def test_targets_are_written_in_one_way() -> None:
    for text in ("lp1.cutoff_hz", "comp1@bypass", "a@mute", "a@solo", "s1@route", "tempo", "play", "record", "loop"):
        assert str(parse_target(text)) == text


@pytest.mark.parametrize(
    "text", ("", "lp1", "lp1.", ".x", "a.b.c", "a@skip", "@mute", "temp", "a b.c", "a." + "x" * 300)
)
def test_what_nothing_can_move_is_refused(text: str) -> None:
    with pytest.raises(GraphdawError, match=r"^Nothing can move .*\.|\?$"):
        parse_target(text)


@pytest.mark.parametrize(
    "wrong",
    (
        Control("a b", MidiSource("cc", 1), "a.x"),
        Control("k", MidiSource("cc", 128), "a.x"),
        Control("k", MidiSource("cc", -1), "a.x"),
        Control("k", MidiSource("cc14", 32), "a.x"),
        Control("k", MidiSource("bend", 1), "a.x"),
        Control("k", MidiSource("cc", 1, 16), "a.x"),
        Control("k", MidiSource("cc", 1, port="x" * 300), "a.x"),
        Control("k", OscSource("fader"), "a.x"),
        Control("k", KeySource(""), "a.x"),
        Control("k", MidiSource("cc", 1), "a.x", lo=math.nan),
        Control("k", MidiSource("cc", 1), "a.x", step=0.0),
        Control("k", MidiSource("cc", 1), "a.x", steps=1 << 20),
        Control("k", MidiSource("cc", 1), "nothing"),
    ),
)
def test_controls_that_make_no_sense_are_refused_in_a_sentence(wrong: Control) -> None:
    with pytest.raises(GraphdawError, match=r"^[A-Z].*\.$"):
        check_control(wrong)
