"""What plays a track's notes: a SoundFont that the user names, a group built for it, or one of the library."""

from __future__ import annotations

from collections.abc import Iterator

from graphdaw.errors import MediaError, UnknownPresetError
from graphdaw.graph.clips import NoteClip
from graphdaw.graph.handles import NodeHandle
from graphdaw.graph.model import settings
from graphdaw.graph.song import Instrument, SongTrack, changed, unrolled
from graphdaw.graph.timeline import TempoMap, Timeline
from graphdaw.host.instruments.player import add_instrument
from graphdaw.host.songs.document import lmms_synths, programs
from graphdaw.host.songs.document.workshop import Workshop, name_of

DRUM_BANK = 128  # of a SoundFont
OWN = "graphdaw"  # the kind of an instrument of the library, by its name
TAIL_S = 1.5  # how long a note may ring on after its end
MOST_VOICES = 32

_OF_LMMS = {
    "sid": "Pocket Chip", "papu": "Pocket Chip", "sfxr": "Pocket Chip", "nes": "Pocket Chip", "freeboy": "Pocket Chip",
    "lb302": "Acid Line", "organic": "Drawbar Organ", "bitinvader": "Silk Pulses", "monstro": "Analogue Drift",
    "vibedstrings": "Steel Guitar", "malletsstk": "Vibraphone", "watsyn": "Table Scanner", "opl2": "Tine Piano",
}  # fmt: skip


def instrument_of(shop: Workshop, track: SongTrack, timeline: Timeline) -> NodeHandle:
    """Add what plays a track; its inlet is `events`, its outlet `out`."""
    instrument = track.instrument or Instrument("midi")
    voices = most_at_once(track, timeline)
    kind = instrument.kind
    if kind == "lmms/tripleoscillator":
        return lmms_synths.triple_oscillator(shop, track, instrument, voices)
    if kind == "lmms/kicker":
        return lmms_synths.kicker(shop, track, instrument, voices)
    if kind == "lmms/audiofileprocessor":
        path = shop.recording(instrument.samples[0]) if instrument.samples else None
        length_s = shop.length_s(path) if path is not None and not path.endswith(".ds") else None
        if path is not None and length_s is not None:
            return lmms_synths.recording_player(shop, track, instrument, voices, path, length_s)
    font = shop.soundfont
    if kind == "lmms/sf2player" and instrument.samples:
        font = shop.recording(instrument.samples[0]) or font
    if font and (instrument.program is not None or is_kit(track) or not kind.startswith("lmms/")):
        return soundfont_player(shop, track, instrument, font, voices)
    return _preset(shop, track, instrument, voices)


def is_kit(track: SongTrack) -> bool:
    """Whether each key of a track is a drum of its own."""
    return track.kind == "drums" and (track.instrument is None or not track.instrument.kind.startswith("lmms/"))


def soundfont_player(shop: Workshop, track: SongTrack, instrument: Instrument, font: str, voices: int) -> NodeHandle:
    """A group that plays a sound of a SoundFont; one of the library where that has none of its number."""
    bank = DRUM_BANK if is_kit(track) else instrument.bank or 0
    if bank != DRUM_BANK and not instrument.kind.startswith("lmms/"):
        bank = 0  # banks are those of the device that the file was made for
    preset, name = f"{bank}:{instrument.program or 0}", name_of(track.name or "SoundFont")
    try:
        return add_instrument(shop.graph, font, preset, voices=voices, name=name)
    except MediaError as error:
        shop.report.say(f"{track.name}: {error} An instrument of the library plays it.")
        return _preset(shop, track, instrument, voices)


def _preset(shop: Workshop, track: SongTrack, instrument: Instrument, voices: int) -> NodeHandle:
    """An instrument of the library: the one that is named, or the nearest, and then it is said which."""
    name = _chosen(track, instrument)
    if instrument.kind == OWN:
        try:
            group = shop.graph.add_preset(instrument.name)
        except UnknownPresetError:
            shop.say(track.name, f"its instrument {instrument.name} is not in the library: {name} plays in its place")
        else:
            return _with_voices(shop, group, voices)
    elif instrument.kind != "midi" or (instrument.program is None and not is_kit(track)):
        shop.say(track.name, f"its instrument {_called(instrument)} is not known here: {name} plays in its place")
    return _with_voices(shop, shop.graph.add_preset(name), voices)


def _chosen(track: SongTrack, instrument: Instrument) -> str:
    if is_kit(track):
        return programs.KIT
    if instrument.program is not None:
        return programs.preset_of_program(instrument.program)
    sound = " ".join((*instrument.samples, instrument.name))
    if track.kind == "drums" or instrument.samples:
        for name in (sound, track.name):
            drum = programs.drum_named(name) or programs.instrument_named(name)
            if drum is not None:
                return drum
    named = programs.instrument_named(track.name) or programs.instrument_named(sound)
    return named or _OF_LMMS.get(instrument.kind.removeprefix("lmms/"), programs.USUAL)


def _called(instrument: Instrument) -> str:
    called = instrument.name or instrument.kind
    if instrument.samples:
        return f"{called} with {instrument.samples[0]}"
    return called if called != "midi" else "(none)"


def _with_voices(shop: Workshop, group: NodeHandle, voices: int) -> NodeHandle:
    """The same with no more voices than the track can use, because each costs as much as one that sounds."""
    document = shop.graph.document
    for node in list(document.below(group.id)):
        if node.type == "voices" and float(settings(node)["voices"]) > voices:
            shop.graph.set(node.id, voices=float(voices))
    return group


def most_at_once(track: SongTrack, timeline: Timeline) -> int:
    """How many voices a track needs: notes that sound or ring on at once, 32 at most."""
    changes: list[tuple[float, int]] = []
    for start, end in _spans(track, timeline):
        changes += [(start, 1), (end + TAIL_S, -1)]
    most = now = 0
    for _, change in sorted(changes):
        now += change
        most = max(most, now)
    return min(max(most, 1), MOST_VOICES)


def _spans(track: SongTrack, timeline: Timeline) -> Iterator[tuple[float, float]]:
    clock = TempoMap(timeline.tempos)
    for clip in track.clips:
        if isinstance(clip, NoteClip) and not clip.muted:
            few = (
                clip
                if not clip.loop_ticks
                else changed(clip, length_ticks=min(clip.length_ticks, 64 * clip.loop_ticks))
            )
            for note in unrolled(few):  # more turns of a loop need no more voices
                yield clock.time(note.at_ticks), clock.time(note.at_ticks + note.length_ticks)
