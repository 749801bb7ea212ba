"""General MIDI's programs as instruments of the library, and drums by their names."""

from __future__ import annotations

from collections.abc import Mapping

# From a program on, up to the next one that is listed.
_FROM = {
    0: "Felt Piano", 4: "Suitcase Piano", 5: "Tine Piano", 6: "Harpsichord", 7: "Funk Clavinet",
    8: "Crystal Bells", 10: "Music Box", 11: "Vibraphone", 12: "Marimba", 14: "Tubular Bells", 15: "Koto",
    16: "Drawbar Organ", 19: "Stone Church Organ", 20: "Drawbar Organ",
    24: "Nylon Guitar", 25: "Steel Guitar", 29: "Feedback Hero", 31: "Steel Guitar",
    32: "Finger Bass", 36: "Glass Slap", 38: "Round Analogue", 39: "Silver Box",
    40: "Chamber Strings", 46: "Concert Harp", 47: "Low Tom",
    48: "Chamber Strings", 50: "String Machine", 52: "Cathedral Choir", 53: "Boys on Ooh", 54: "Cathedral Choir",
    55: "Brass Section", 56: "Solo Trumpet", 57: "Distant Horns", 59: "Solo Trumpet", 60: "Distant Horns",
    61: "Brass Section", 64: "Silk Pulses", 68: "Breath Flute", 72: "Breath Flute",
    80: "Silk Pulses", 81: "Classic Saw Lead", 82: "Breath Flute", 83: "Sync Ripper", 84: "Feedback Hero",
    85: "Slow Vowels", 86: "Trance Supersaw", 87: "Classic Saw Lead",
    88: "Aurora", 89: "Velvet Pad", 90: "Analogue Drift", 91: "Slow Vowels", 92: "Frosted Glass", 93: "Undertow",
    94: "Wide Horizon", 95: "Hollow Sweep", 96: "Glass Swarm", 98: "Crystal Bells", 99: "Aurora", 100: "Frosted Glass",
    101: "Voice Dust", 102: "Frozen Choirs", 103: "Tuned Wind",
    104: "Steel Guitar", 106: "Koto", 108: "Kalimba", 109: "Silk Pulses", 110: "Chamber Strings", 111: "Silk Pulses",
    112: "Crystal Bells", 113: "Cowbell", 114: "Marimba", 115: "Rim Shot", 116: "Low Tom", 118: "Electro Snare",
    119: "Crash Cymbal", 120: "Shaker", 124: "Crystal Bells", 125: "Tuned Wind", 126: "Studio Clap", 127: "Boom Kick",
}  # fmt: skip

KIT = "Studio Kit"
KITS = (KIT, "Rhythm Box")
USUAL = "Silk Pulses"  # where nothing tells what an instrument is

_DRUMS = {
    "kick": "Punch Kick", "bassdrum": "Punch Kick", "kik": "Punch Kick", "_bd": "Punch Kick", "boom": "Boom Kick",
    "open": "Open Hat", "hat_o": "Open Hat", "hat": "Closed Hat", "hh": "Closed Hat",
    "snare": "Tight Snare", "snr": "Tight Snare", "clap": "Studio Clap", "rim": "Rim Shot", "stick": "Rim Shot",
    "crash": "Crash Cymbal", "cymbal": "Crash Cymbal", "ride": "Ride Cymbal", "cowbell": "Cowbell",
    "shaker": "Shaker", "shaaka": "Shaker", "tamb": "Shaker", "tom_h": "High Tom", "tom_l": "Low Tom",
    "tom": "Mid Tom", "conga": "Mid Tom", "bongo": "High Tom", "timbale": "High Tom", "wood": "Rim Shot",
    "knock": "Rim Shot", "k_8bit": "Deep Kick", "s_8bit": "Electro Snare", "perc": "Rim Shot", "drum": "Tight Snare",
}  # fmt: skip

_MELODIC = {
    "bass": "Finger Bass", "rhodes": "Suitcase Piano", "piano": "Felt Piano", "organ": "Drawbar Organ",
    "guitar": "Steel Guitar", "string": "Chamber Strings", "choir": "Cathedral Choir", "brass": "Brass Section",
    "brazz": "Brass Section", "trumpet": "Solo Trumpet", "flute": "Breath Flute", "pipe": "Breath Flute",
    "reed": "Silk Pulses", "bell": "Crystal Bells", "pluck": "Funk Clavinet", "arp": "Funk Clavinet",
    "pad": "Velvet Pad", "sweep": "Hollow Sweep", "lead": "Classic Saw Lead", "saw": "Trance Supersaw",
    "square": "Silk Pulses", "harp": "Concert Harp", "marimba": "Marimba", "synth": "Classic Saw Lead",
}  # fmt: skip


def preset_of_program(program: int) -> str:
    """The instrument that stands for a program of General MIDI, counted from 0.

    >>> preset_of_program(0), preset_of_program(33)
    ('Felt Piano', 'Finger Bass')
    """
    return _FROM[max(start for start in _FROM if start <= program)]


def program_of_preset(name: str) -> int | None:
    """The first program that an instrument stands for."""
    return next((start for start, preset in _FROM.items() if preset == name), None)


def all_presets() -> set[str]:
    """Every instrument that may be chosen here."""
    return {*_FROM.values(), *_DRUMS.values(), *_MELODIC.values(), KIT, USUAL}


def drum_named(name: str) -> str | None:
    """The drum that a name such as "drumsynth/tr808/Rimshot.ds" tells of."""
    return _named(name, _DRUMS)


def instrument_named(name: str) -> str | None:
    """The instrument that the name of a track or sound tells of."""
    return _named(name, _MELODIC)


def _named(name: str, words: Mapping[str, str]) -> str | None:
    plain = name.casefold()
    return next((preset for word, preset in words.items() if word in plain), None)
