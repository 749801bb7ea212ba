"""What is fed with mutated bytes: each reader of bytes from outside, and its share of the mutations."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from graphdaw.errors import GraphError, MediaError, PatchError, ProjectError, TextError
from tests.fuzz import documents, instruments, mutate, patterns, remote, songs, sounds
from tests.fuzz.mutate import Mutator


@dataclass(frozen=True)
class Target:
    """A reader: it gets bytes and a folder of its own, and may raise `refusals`, nothing else."""

    seeds: Callable[[], list[bytes]]
    mutator: Mutator
    use: Callable[[bytes, Path], object]
    refusals: tuple[type[Exception], ...]
    share: int  # of the mutations, beside the other shares


PROJECT, MEDIA, PATCH = (ProjectError,), (MediaError,), (PatchError, TextError)
INSTRUMENT = (TextError, ProjectError, GraphError)
BYTES = mutate.bytewise
PACKED = mutate.mixed(BYTES, mutate.msgpackwise, mutate.msgpackwise)
LINES = mutate.mixed(mutate.wordwise, mutate.wordwise, BYTES)
BUNDLES = mutate.mixed(BYTES, mutate.zipwise, mutate.zipwise)
JSON = mutate.mixed(BYTES, mutate.jsonwise, mutate.jsonwise)
FRAMES = mutate.mixed(BYTES, documents.framewise, documents.framewise, documents.framewise)
WORDS = mutate.mixed(BYTES, sounds.formula_words)
LMMS = mutate.mixed(BYTES, songs.lmmswise, songs.lmmswise, songs.lmmswise)
DAWPROJECT = mutate.mixed(BYTES, mutate.zipwise, songs.dawprojectwise, songs.dawprojectwise, songs.dawprojectwise)
FLAC, OGG = [("FLAC", "PCM_16"), ("FLAC", "PCM_24")], [("OGG", "VORBIS"), ("OGG", "OPUS", 48_000)]

TARGETS: dict[str, Target] = {
    "document": Target(documents.document_seeds, PACKED, documents.read_document, PROJECT, 18_000),
    "project": Target(documents.project_seeds, BUNDLES, documents.read_project, PROJECT, 6_000),
    "checkpoints": Target(documents.checkpoint_seeds, BUNDLES, documents.read_checkpoints, PROJECT, 2_000),
    "journal": Target(documents.journal_seeds, FRAMES, documents.read_journal, PROJECT, 3_000),
    "preset": Target(documents.preset_seeds, BUNDLES, documents.read_preset, PROJECT, 4_000),
    "instrument": Target(documents.instrument_seeds, LINES, documents.read_instrument, INSTRUMENT, 4_000),
    "text": Target(documents.text_seeds, LINES, documents.read_text, (TextError, ProjectError), 12_000),
    "patch_json": Target(documents.patch_json_seeds, JSON, documents.read_patch, PATCH, 13_000),
    "patch_msgpack": Target(documents.patch_msgpack_seeds, PACKED, documents.read_patch, PATCH, 6_000),
    "wav": Target(sounds.wav_seeds, BYTES, sounds.read_stream, MEDIA, 5_000),
    "flac": Target(lambda: [sounds.sound(*kind) for kind in FLAC], BYTES, sounds.read_whole, MEDIA, 3_000),
    "ogg": Target(lambda: [sounds.sound(*kind) for kind in OGG], BYTES, sounds.read_stream, MEDIA, 2_000),
    "mp3": Target(lambda: [sounds.sound("MP3", "MPEG_LAYER_III")], BYTES, sounds.read_whole, MEDIA, 3_000),
    "other_sounds": Target(sounds.other_seeds, BYTES, sounds.read_whole, MEDIA, 3_000),
    "marks": Target(sounds.chunk_seeds, BYTES, sounds.read_marks, (), 5_000),
    "wavetable": Target(sounds.chunk_seeds, BYTES, sounds.read_table, MEDIA, 2_000),
    "take": Target(sounds.take_seeds, BYTES, sounds.read_take, (), 2_000),
    "midi": Target(sounds.midi_seeds, BYTES, sounds.read_midi_bytes, MEDIA, 6_000),
    "midi_stream": Target(remote.midi_stream_seeds, BYTES, remote.read_midi_stream, (), 3_000),
    "osc": Target(remote.osc_seeds, BYTES, remote.read_osc, (ValueError,), 6_000),
    "lmms": Target(songs.lmms_seeds, LMMS, songs.read_lmms, MEDIA, 2_000),
    "dawproject": Target(songs.dawproject_seeds, DAWPROJECT, songs.read_dawproject, MEDIA, 2_000),
    "soundfont": Target(instruments.soundfont_seeds, BYTES, instruments.read_soundfont, MEDIA, 1_500),
    "sfz": Target(instruments.sfz_seeds, LINES, instruments.read_sfz, MEDIA, 1_500),
    "drumkit": Target(instruments.drumkit_seeds, LINES, instruments.read_drumkit, MEDIA, 1_500),
    "pack": Target(instruments.pack_seeds, BYTES, instruments.read_pack, MEDIA, 500),
    "tuning": Target(instruments.tuning_seeds, LINES, instruments.read_tuning, MEDIA, 3_000),
    "cover": Target(sounds.cover_seeds, BYTES, sounds.read_cover_bytes, MEDIA, 1_000),
    "formula": Target(lambda: list(sounds.FORMULAS), WORDS, sounds.read_formula, (ValueError,), 5_000),
    "pattern": Target(lambda: list(patterns.PATTERNS), LINES, patterns.read_pattern, (ValueError,), 3_000),
}
