"""Recordings, MIDI files, takes and formulas as the fuzzer feeds them: seeds, and how each is read."""

from __future__ import annotations

import functools
import io
import re
import struct
import tempfile
from collections.abc import Sequence
from pathlib import Path
from random import Random

import mido
import numpy as np
import soundfile

from graphdaw.errors import MediaError
from graphdaw.graph.graph import Graph
from graphdaw.host.chunks import read_chunks
from graphdaw.host.left_takes import recover_takes
from graphdaw.host.media import MediaStream, load_media, read_recording
from graphdaw.host.midi_files import parse_midi
from graphdaw.host.offline import Renderer
from graphdaw.host.songs.midi import song_of_midi
from graphdaw.host.tags import read_cover
from graphdaw.nodes.prepare import formula, wavetable
from tests.fuzz import mutate, songs

# Sound


@functools.cache
def tone(channels: int, frames: int) -> np.ndarray:
    return (0.3 * np.sin(np.arange(frames)[:, None] * (0.05 + 0.01 * np.arange(channels)))).astype(np.float32)


def sound(form: str, subtype: str, rate_hz: int = 44_100, channels: int = 2, frames: int = 3_000) -> bytes:
    out = io.BytesIO()
    soundfile.write(out, tone(channels, frames), rate_hz, format=form, subtype=subtype)
    return out.getvalue()


def wav_seeds() -> list[bytes]:
    kinds = ("PCM_16", "PCM_24", "PCM_U8", "FLOAT", "DOUBLE", "ULAW", "IMA_ADPCM", "MS_ADPCM", "GSM610")
    found = [sound("WAV", kind, 22_050, 1, 900) for kind in kinds]
    return [*found, sound("RF64", "PCM_16"), sound("W64", "PCM_24"), sound("WAVEX", "PCM_16"), *chunk_seeds()]


def other_seeds() -> list[bytes]:
    return [sound(*kind, 22_050, 1, 900) for kind in OTHERS]


OTHERS = (
    ("AIFF", "PCM_16"), ("AIFF", "FLOAT"), ("AU", "PCM_16"), ("AU", "ULAW"), ("CAF", "PCM_24"), ("CAF", "ALAC_16"),
)  # fmt: skip


def chunk_seeds() -> list[bytes]:
    """WAV files with a loop, and as wavetables are marked."""
    plain = sound("WAV", "PCM_16", 44_100, 1, 4_096)
    loop = struct.pack("<9I6I", 0, 0, 22_675, 60, 0, 0, 0, 1, 0, 0, 0, 100, 900, 0, 0)
    marks = {b"smpl": loop, b"clm ": b"<!>2048 10000000 wavetable ", b"srge": struct.pack("<2I", 1, 1_024)}
    extra = {name: name + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2) for name, data in marks.items()}
    found = []
    for chunks in (extra.values(), extra[b"smpl"], extra[b"clm "]):
        more = chunks if isinstance(chunks, bytes) else b"".join(chunks)
        data = bytearray(plain[:36] + more + plain[36:])
        struct.pack_into("<I", data, 4, len(data) - 8)
        found.append(bytes(data))
    return found


def read_stream(data: bytes, folder: Path) -> None:
    path = folder / "a.wav"
    path.write_bytes(data)
    with MediaStream(path, 48_000) as stream:
        assert 1 <= stream.channels <= 64
        for _ in range(4):
            block = stream.read(2_000)
            assert np.isfinite(block).all()
        stream.seek(1_000)
        stream.read(100)


def read_whole(data: bytes, folder: Path) -> None:
    path = folder / "a.wav"
    path.write_bytes(data)
    recording = read_recording(path, 48_000, "a")
    assert recording.samples.dtype == np.float32 and np.isfinite(recording.samples).all()
    first, end = recording.loop
    assert 0 <= first <= end


def read_table(data: bytes, folder: Path) -> None:
    path = folder / "a.wav"
    path.write_bytes(data)
    assert np.isfinite(wavetable.spectra_of(read_recording(path, None, "a"), 0)).all()


def read_marks(data: bytes, folder: Path) -> None:
    path = folder / "a.wav"
    path.write_bytes(data)
    chunks = read_chunks(path)
    assert chunks.cycle_frames <= 1 << 16 and chunks.loop[0] <= chunks.loop[1]


# Takes


@functools.cache
def take_seeds() -> list[bytes]:
    """Takes as a crash leaves them."""
    found = []
    for bits in (16, 32):
        graph = Graph()
        graph.connect(graph.add("sine"), graph.add("record"))
        graph.connect("record1", graph.add("output"))
        with tempfile.TemporaryDirectory() as folder, Renderer(graph) as renderer:
            renderer.engine.record("record1", Path(folder) / "a.wav", bit_depth=bits)
            renderer.render(1_000)
            renderer.engine.stop_recording("record1")
            found.append((Path(folder) / "a.wav").read_bytes())
    return found


def read_take(data: bytes, folder: Path) -> None:
    for old in folder.glob("*.wav"):
        old.unlink()
    (folder / ".a.wav.0badcafe-1.part.wav").write_bytes(data)
    for take in recover_takes(folder):
        assert take.frames * take.channels <= len(data)
        try:
            load_media(take.path, 48_000)
        except MediaError:
            continue


# Others


def midi_seeds() -> list[bytes]:
    found = []
    for form in (0, 1):
        file = mido.MidiFile(type=form)
        for channel in range(1 + form):
            track = mido.MidiTrack()
            file.tracks.append(track)
            track.append(mido.MetaMessage("track_name", name="Lead"))
            track.append(mido.MetaMessage("set_tempo", tempo=400_000))
            track.append(mido.MetaMessage("time_signature", numerator=7, denominator=8))
            track.append(mido.MetaMessage("key_signature", key="C#m"))
            track.append(mido.MetaMessage("marker", text="Verse", time=5))
            track.append(mido.Message("sysex", data=[1, 2, 3]))
            for k in range(12):
                track.append(mido.Message("note_on", channel=channel, note=60 + k, velocity=90, time=k))
                track.append(mido.Message("control_change", channel=channel, control=74, value=k, time=1))
                track.append(mido.Message("pitchwheel", channel=channel, pitch=k * 100, time=1))
                track.append(mido.Message("note_off", channel=channel, note=60 + k, time=300 * k))
            track.append(mido.Message("program_change", channel=channel, program=5))
        out = io.BytesIO()
        file.save(file=out)
        found.append(out.getvalue())
    return found


def cover_seeds() -> list[bytes]:
    return [b"\x89PNG\r\n\x1a\n" + bytes(range(200)), b"\xff\xd8\xff\xe0" + bytes(300)]


def read_cover_bytes(data: bytes, folder: Path) -> None:
    (folder / "cover").write_bytes(data)
    assert read_cover(folder / "cover") == data


def read_midi_bytes(data: bytes, _folder: Path) -> None:
    read = parse_midi(data, "a.mid")
    last = 0
    for track in read.tracks:
        for note in track.notes:
            assert 0 <= note.start <= note.end <= track.end and 1 <= note.velocity <= 127
        last = max(last, track.end)
    assert 0.0 <= read.seconds(last) < float("inf")
    songs.used(song_of_midi(read, "a"))


FORMULAS = (
    b"a * x + sin(2 * pi * phasor(hz(y)))",
    b"if(x > 0.5 && a <= b, tanh(3*x), -x ^ 2) % 1",
    b"smooth(latch(noise(), a), 0.1)",
    b"clip(prev * 0.99 + x, -1, 1)",
    b"mix(a, b, frac(t)) / (1e-3 + abs(c)) ** 3",
    b"((((((a))))))",
    b"min(max(a,b),c)==d||!x",
)


def formula_words(dice: Random, seeds: Sequence[bytes]) -> bytes:
    """Words of formulas in another order, with others between."""
    spaced = [b" ".join(_split(one)) for one in FORMULAS]
    return mutate.wordwise(dice, spaced).replace(b"\n", b" ").replace(b" ", dice.choice((b" ", b"", b"  ")))


def _split(formula_: bytes) -> list[bytes]:
    return re.findall(rb"\w+|[^\w\s]", formula_)


def read_formula(data: bytes, _folder: Path) -> None:
    compiled = formula._Compiler(data.decode(errors="surrogateescape")).formula()
    words = compiled.words()
    assert len(compiled.steps) <= formula.MOST_STEPS and np.isfinite(words).all()
    for step in compiled.steps:
        assert 0 <= step.op < len(formula.OPS) and 0 <= step.to < formula.REGISTERS
