"""formant: sung vowels."""

from __future__ import annotations

from graphdaw.nodes.base import Choice, In, Node, Out, Param


class Formant(Node, tags=("filter", "tone", "voice")):
    """Let the source sing a vowel: five band-passes side by side, each 0 dB times the formant's level at its middle.

    Frequencies, levels and bandwidths are those of the Csound manual (Barry Vercoe and others, appendix "Formant
    Values"), read between neighbouring vowels in straight lines. Buzzing sources (saw, pulse) sing, noise whispers.
    """

    in_ = In()
    out = Out()
    voice = Choice(("bass", "tenor", "alto", "soprano"), default="tenor", help="Whose vocal tract it is.")
    vowel = Param(0.0, lo=0.0, hi=4.0, help="0 a, 1 e, 2 i, 3 o, 4 u; values between blend the two neighbours.")
    shift_semitones = Param(
        0.0, lo=-24.0, hi=24.0, unit="semitones", help="Moves all formants: a child above 0, a giant below."
    )
    sharpness = Param(1.0, lo=0.25, hi=8.0, curve="log", help="Divides all bandwidths: from a breath to a whistle.")
    mix = Param(1.0, lo=0.0, hi=1.0, help="0 is the source alone, 1 the vowel alone.")
