"""modal: a struck or bowed body."""

from __future__ import annotations

from graphdaw.nodes.base import Choice, In, Node, Out, Param


class Modal(Node, tags=("source", "synth", "filter")):
    """Up to 24 resonators that ring as the modes of a string, bar, drum skin, plate, bell or glass.

    A trigger strikes it; `in` plays it with anything, noise bows it and clicks of different colours are mallets. Every
    mode loses 60 dB in its own time: `decay_s` at the first partial, less the higher it lies. Parameters that move act
    every 16 frames. Mode ratios after Thomas Rossing and Neville Fletcher, "Principles of Vibration and Sound", 1995,
    and for the bell after Rossing and Robert Perrin, "Vibrations of Bells", 1987.
    """

    in_ = In(help="Played into the body; a long ring is turned down, so that noise keeps about its level.")
    trigger = In(type="control", help="Strikes where it rises to 0.5.")
    out = Out()
    material = Choice(
        ("string", "bar", "membrane", "plate", "bell", "glass"),
        default="bar",
        help="Which partials: whole multiples, xylophone, drum skin, square plate, church bell, wine glass.",
    )
    frequency_hz = Param(220.0, lo=20.0, hi=8_000.0, unit="Hz", curve="log", help="Pitch of partial 1.")
    decay_s = Param(2.0, lo=0.02, hi=60.0, unit="s", curve="log", help="Time in which partial 1 falls by 60 dB.")
    brightness = Param(
        0.6, lo=0.0, hi=1.0, ramp_s=0.1, help="Level of high partials: 0 is a soft mallet, 1 a hard one."
    )
    damping = Param(0.3, lo=0.0, hi=1.0, help="How much sooner high partials end: 0 is metal, 1 is wood.")
    position = Param(
        0.3, lo=0.01, hi=0.99, ramp_s=0.3, help="Where it is struck: modes that do not move there are missing."
    )
    stretch = Param(
        0.0, lo=-1.0, hi=1.0, ramp_s=0.3, help="Spreads the partials as stiffness does, or pulls them together."
    )
