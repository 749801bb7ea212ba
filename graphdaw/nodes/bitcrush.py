"""bitcrush: the sound of early samplers."""

from __future__ import annotations

from graphdaw.nodes.base import Choice, In, Node, Out, Param


class Bitcrush(Node, tags=("distortion", "lo-fi")):
    """Take a source down to a few bits and a low sample rate, as an early sampler or game console did.

    `bits` may be broken numbers and modulated. Samples are taken `rate_hz` times a second and held; `jitter` makes the
    clock uneven. `dither` adds triangular noise of two steps before rounding, which turns harsh errors into hiss. With
    `filter` after, a low-pass at 0.45 of the new rate rounds the steps; with both, one before keeps folded tones out.

    Dither after S. Lipshitz, R. Wannamaker and J. Vanderkooy, "Quantization and Dither", JAES 40 (1992).
    """

    in_ = In()
    out = Out()
    filter = Choice(("off", "after", "both"), help="Low-pass filters at 0.45 of the new rate, 12 dB per octave.")
    bits = Param(
        8.0, lo=1.0, hi=24.0, unit="bits", help="Resolution: a full-scale source has 2 to this power of steps."
    )
    rate_hz = Param(
        12_000.0, lo=50.0, hi=192_000.0, unit="Hz", curve="log", help="Samples a second; held at the engine's own rate."
    )
    jitter = Param(0.0, lo=0.0, hi=1.0, help="How uneven the clock is.")
    dither = Param(0.0, lo=0.0, hi=1.0, help="Noise before rounding; 1 makes the error independent of the source.")
    mix = Param(1.0, lo=0.0, hi=1.0, help="0 is the source alone, 1 the crushed one.")
