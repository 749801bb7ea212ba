"""quantize: notes of a scale from any signal."""

from __future__ import annotations

from graphdaw.nodes.base import Choice, In, Node, Out, Param

SCALES = (
    "chromatic", "major", "minor", "harmonic_minor", "melodic_minor", "dorian", "phrygian", "lydian", "mixolydian",
    "locrian", "pentatonic", "minor_pentatonic", "blues", "whole_tone", "diminished", "fifths", "octaves",
)  # fmt: skip


class Quantize(Node, tags=("control", "pitch", "sequencing")):
    """Send the nearest note of a scale: a melody from an LFO, a tuned glissando, a corrected pitch.

    Notes are semitones, of which C is 0, 12 and so on, or hertz with A at 440 Hz. Between two notes as near as each
    other it takes the lower one. `hysteresis_semitones` keeps a note a little longer, so that a source that wavers does
    not trill.
    """

    in_ = In(help="Semitones or hertz.")
    out = Out(type="control", help="The note, in the unit that came in.")
    changed = Out(type="control", help="1 for a millisecond when the note changes.")
    scale = Choice(SCALES, help="The notes there are; diminished is the whole-tone, half-tone scale.")
    unit = Choice(("semitones", "hertz"), help="What comes in and goes out.")
    rounding = Choice(("nearest", "down", "up"), help="Which of the two neighbouring notes it takes.")
    root = Param(0.0, lo=0.0, hi=11.0, ramp_s=0.0, help="Root of the scale, in semitones above C: 9 is A.")
    transpose_semitones = Param(
        0.0, lo=-48.0, hi=48.0, unit="semitones", ramp_s=0.0, help="Moves the note that goes out."
    )
    hysteresis_semitones = Param(0.0, lo=0.0, hi=1.0, unit="semitones", help="How much nearer another note must be.")
