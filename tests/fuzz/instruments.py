"""Instrument files and tunings as the fuzzer feeds them: seeds, and how each is read."""

from __future__ import annotations

import functools
import io
import tempfile
from pathlib import Path

import numpy as np
import soundfile

from graphdaw.graph.instruments import packs
from graphdaw.graph.tunings import settings_of
from graphdaw.host.instruments import read_instrument
from graphdaw.nodes.prepare.tuning import frequencies_hz, key_map_of, scale_of
from graphdaw.nodes.prepare.zone_map import ZoneMap
from graphdaw.nodes.prepare.zones import prepare
from tests.instruments import INSTRUMENT, KEYS, SAMPLE, VELOCITIES, Wave, play, soundfont, span

FRAMES = 300


@functools.cache
def recording() -> bytes:
    out = io.BytesIO()
    soundfile.write(out, (0.3 * np.sin(np.arange(FRAMES) * 0.1)).astype(np.float32), 44_100, format="WAV")
    return out.getvalue()


def soundfont_seeds() -> list[bytes]:
    wave = Wave(0.3 * np.sin(np.arange(FRAMES) * 0.1), loop=(40, 250))
    loops = [{SAMPLE: 0, 54: mode, 34: -2_000, 38: 0, 17: 200} for mode in (0, 1, 3)]
    ranges = [{17: 5}, {KEYS: span(0, 60), SAMPLE: 0, 57: 1}, {VELOCITIES: span(0, 90), SAMPLE: 1, 8: 9_000, 9: 100}]
    over = [[{52: 3}, {INSTRUMENT: 0, KEYS: span(20, 100)}], [{INSTRUMENT: 0}]]
    mods = {1: [(0x0502, 48, 480, 0, 0)], 2: [(0x0102, 8, 100, 0, 0)]}
    return [
        soundfont([wave], loops),
        soundfont([wave, wave], ranges, over, mods),
        soundfont([wave, wave], ranges, over, bits=24),
    ]


SFZ = (
    b"""<control> default_path=./ set_cc1=5
<global> ampeg_attack=0.1 volume=-3
<group> key=60 seq_length=2
<region> sample=a.wav seq_position=1 loop_mode=loop_sustain loop_start=20 loop_end=200
<region> sample=a.wav seq_position=2 pan=-50 cutoff=900 resonance=6 fil_type=bpf_2p""",
    b"""#define $A 1
#define $NAME a.wav
#include "inc.sfz"
<region> sample=$NAME key=c$A lovel=$A00 trigger=release""",
    b"""<region> sample=..\\kit\\A.WAV lokey=c4 hikey=72 offset=10 end=290 direction=reverse tune=50 transpose=-12
/* no */ <region> sample=a.wav pitchlfo_freq=5 pitchlfo_depth=100 fileg_depth=2400 locc64=1 sw_last=24""",
)


def sfz_seeds() -> list[bytes]:
    return list(SFZ)


def drumkit_seeds() -> list[bytes]:
    layers = "".join(
        f"<layer> <filename> a.wav </filename> <min> {k / 4} </min> <max> {k / 4 + 0.25} </max> <gain> 1.{k} </gain>\n"
        f"<pitch> {k} </pitch> </layer>\n"
        for k in range(4)
    )
    sides = "<volume> 0.8 </volume> <pan_L> 1 </pan_L> <pan_R> 0.5 </pan_R> <Attack> 10 </Attack>"
    drums = f"<instrument> <id> 0 </id> {sides}\n{layers} </instrument>"
    old = "<instrument> <filename> a.wav </filename> <muteGroup> 1 </muteGroup> </instrument>\n"
    return [
        f"<drumkit_info><name>k</name><instrumentList>{drums}{old}</instrumentList></drumkit_info>".encode(),
        f'<?xml version="1.0"?><drumkit_info xmlns="http://x/y"><instrumentList><instrument><instrumentComponent>{layers}'
        f"</instrumentComponent></instrument>{old * 3}</instrumentList></drumkit_info>".encode(),
        b'<!DOCTYPE a [<!ENTITY b "bbbb">]><drumkit_info><name>&b;</name></drumkit_info>',
    ]


def pack_seeds() -> list[bytes]:
    sfz, sound = sfz_seeds()[0], recording()
    head = f'[["p/x.sfz",{len(sfz)}],["p/a.wav",{len(sound)}]]\n'.encode()
    return [packs.MAGIC + head + sfz + sound, *sfz_seeds()]


def read(name: str, data: bytes, folder: Path) -> None:
    """Read and play a note of what was read, in a folder inside the one that may be touched."""
    kit = folder / "kit"
    kit.mkdir(exist_ok=True)
    (kit / "a.wav").write_bytes(recording())
    (kit / "inc.sfz").write_bytes(b"<region> sample=a.wav\n")
    path = kit / name
    path.write_bytes(data)
    sound(read_instrument(path))


def sound(found: ZoneMap) -> None:
    """What is played of a good reading is finite; of every fourth, because it takes longer than to read one."""
    assert found.zones
    zone = found.zones[0]
    assert 0 <= zone.keys[0] <= zone.keys[1] <= 127
    if sum(zone.velocities) % 4 == 3 and len(found.zones) <= 50:
        assert prepare(found, 48_000).planes.dtype == np.float32
        heard = play(found, zone.keys[0], max(1, zone.velocities[1]) / 127, frames=200, notes=((5, 120),))
        assert np.isfinite(heard).all()


def read_soundfont(data: bytes, folder: Path) -> None:
    read("a.sf2", data, folder)


def read_sfz(data: bytes, folder: Path) -> None:
    read("x.sfz", data, folder)


def read_drumkit(data: bytes, folder: Path) -> None:
    read("drumkit.xml", data, folder)


def read_pack(data: bytes, folder: Path) -> None:
    tempfile.tempdir = str(folder)  # where it is unpacked
    read("pack", data, folder)


SCALE = b"! a.scl\n!\nscale\n 5\n!\n 9/8\n 386.3 third\n 3/2\n 5/3\n 2/1\n"
KEY_MAP = b"! a.kbm\n12\n0\n127\n60\n60\n440.0\n5\n0\nx\n1\nx\n2\n3\n"


def tuning_seeds() -> list[bytes]:
    """A scale and a mapping, with a line of dashes between them."""
    return [SCALE + b"---\n" + KEY_MAP, SCALE + b"---\n" + b"0\n0\n127\n60\n69\n440.0\n12\n"]


def read_tuning(data: bytes, folder: Path) -> None:
    scale, _, mapping = data.decode("utf-8", errors="replace").partition("---\n")
    (folder / "a.scl").write_text(scale)
    (folder / "a.kbm").write_text(mapping)
    texts = settings_of(folder / "a.scl", folder / "a.kbm")
    assert all(0.0 <= hz <= 1e6 for hz in frequencies_hz(scale_of(texts["scale"]), key_map_of(texts["key_map"])))
