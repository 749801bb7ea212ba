"""granular: a cloud of short grains."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graphdaw.nodes.base import Choice, In, Media, Node, Out, Param, Prepared, Recording


class Granular(Node, linked=True, tags=("source", "sample", "delay", "stereo")):
    """Cut short grains from what came in lately or from a recording, and play up to 64 of them at once.

    Each grain takes its own place, pitch, direction and panorama when it starts, at random around what is set; the
    same graph always draws the same. Grains start by the clock of `density_hz`, and at each rise of `trigger`. Where
    they overlap they are softer by the square root of how many sound at a time, so the level hardly hangs on the
    density. What a live grain plays is in the past when it starts: played higher, it begins further back. While
    `freeze` is on nothing is recorded, and the cloud stands still. Between frames it reads a cubic of Catmull and Rom.

    After Curtis Roads, "Microsound", 2001.
    """

    in_ = In(channels=2, help="What live grains are cut from.")
    trigger = In(type="control", help="Starts a grain when it rises to 0.5.")
    out = Out(channels=2)
    file = Media(help="A recording, for grains from a file; of more than two channels the first two are used.")
    source = Choice(("live", "file"), help="Live: what came in during the last `memory_s`. File: the recording.")
    density_hz = Param(20.0, lo=0.0, hi=500.0, unit="Hz", help="Grains that start in a second; 0: triggers alone.")
    timing_jitter = Param(0.5, lo=0.0, hi=1.0, help="0 starts grains like clockwork, 1 at any time.")
    size_s = Param(0.1, lo=0.001, hi=2.0, unit="s", curve="log", help="Length of a grain.")
    size_jitter = Param(0.0, lo=0.0, hi=1.0, help="How much lengths differ from grain to grain; 1 is up to 90 %.")
    position = Param(
        0.0, lo=0.0, hi=1.0, help="In a file from its beginning to its end; live from now back through the memory."
    )
    position_jitter_s = Param(0.05, lo=0.0, hi=10.0, unit="s", help="How far from there a grain may begin.")
    pitch_semitones = Param(
        0.0, lo=-36.0, hi=36.0, unit="semitones", help="Transposes grains; time goes on as it does."
    )
    pitch_jitter_semitones = Param(0.0, lo=0.0, hi=24.0, unit="semitones", help="How far from there a grain may be.")
    reverse = Param(0.0, lo=0.0, hi=1.0, help="Part of the grains that play backwards.")
    spread = Param(0.5, lo=0.0, hi=1.0, help="How far grains lie from the middle, to either side.")
    smooth = Param(1.0, lo=0.0, hi=1.0, help="Shape of a grain: 1 is a raised cosine, 0 a block with quick edges.")
    skew = Param(0.0, lo=-1.0, hi=1.0, help="-1 puts all of the rounding at the end, as of a struck string; 1 before.")
    freeze = Param(0.0, lo=0.0, hi=1.0, ramp_s=0.0, help="From 0.5 on, nothing more is recorded.")
    mix = Param(1.0, lo=0.0, hi=1.0, help="0 is the source alone, 1 the grains alone.")
    gain_db = Param(0.0, lo=-96.0, hi=24.0, unit="dB", help="Level of the grains.")
    memory_s = Param(
        4.0, lo=0.1, hi=60.0, unit="s", curve="log", fixed=True, help="How far back live grains reach, at least."
    )

    @staticmethod
    def media_memory(recording: Recording | None, values: Mapping[str, Any], sample_rate_hz: int) -> Prepared:
        """The recording with silence around it; and to write, a ring for each channel and a place for each grain."""
        from graphdaw.nodes.prepare.grains import prepare

        return prepare(recording, float(values["memory_s"]), sample_rate_hz)
