"""SFZ files by their published rules: headers, definitions, opcodes, samples, and what is kept out."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from graphdaw.errors import MediaError
from graphdaw.graph.instruments.sfz import read_sfz
from graphdaw.host.instruments import read_instrument
from graphdaw.nodes.prepare.zone_map import Zone, ZoneMap
from tests.instruments import play

MUCH = """lokey=50 hikey=70 pitch_keycenter=64 transpose=-1 tune=30 pitch_keytrack=50 lovel=3 hivel=90 offset=100
end=899 seq_length=4 seq_position=3 lorand=0.25 hirand=0.5 group=7 off_by=9 off_mode=normal amp_veltrack=-40
amplitude=50 trigger=release rt_decay=6 direction=reverse cutoff=1000 resonance=6 fil_type=hpf_2p fil_veltrack=2400
fil_keytrack=100 fil_keycenter=48 ampeg_attack=0.1 ampeg_decay=0.9 ampeg_sustain=25 ampeg_release=1.8 delay=0.2
fileg_depth=1200 fileg_attack=0.3 pitcheg_depth=-100 pitchlfo_depth=20 pitchlfo_freq=5 amplfo_depth=3 amplfo_freq=4
amplfo_delay=1"""


def wav(path: Path, frames: int = 1_000, channels: int = 1, rate_hz: int = 48_000) -> np.ndarray:
    path.parent.mkdir(parents=True, exist_ok=True)
    samples = np.random.default_rng(len(path.name)).uniform(-0.5, 0.5, (frames, channels)).astype(np.float32)
    soundfile.write(path, samples, rate_hz, subtype="FLOAT")
    return samples.T


def kit(folder: Path, text: str, *names: str) -> Path:
    """An SFZ file in a folder of its own, beside recordings of these names."""
    for name in names or ("a.wav",):
        wav(folder / "kit" / name)
    path = folder / "kit" / "x.sfz"
    path.write_text(text)
    return path


def read(folder: Path, text: str, *names: str) -> ZoneMap:
    return read_instrument(kit(folder, text, *names))


def one(folder: Path, opcodes: str) -> Zone:
    (zone,) = read(folder, f"<region> sample=a.wav {opcodes}").zones
    return zone


def test_a_bare_region_has_the_format_s_defaults(tmp_path: Path) -> None:
    zone = one(tmp_path, "")

    assert (zone.keys, zone.velocities, zone.root_key, zone.keytrack_cents) == ((0, 127), (0, 127), 60.0, 100.0)
    assert (zone.gain_db, zone.pan, zone.loop_mode, zone.turns, zone.chance) == (0.0, 0.0, "none", 1, (0.0, 1.0))
    assert (zone.velocity_track, zone.filter.kind, zone.on_release, zone.one_shot) == (1.0, "", False, False)


def test_regions_inherit_from_global_master_and_group(tmp_path: Path) -> None:
    zones = read(
        tmp_path,
        """<global> volume=-3 pan=20
        <master> volume=-6 tune=5
        <group> key=60
        <region> sample=a.wav
        <region> sample=a.wav pan=-100 key=61
        <group> lovel=10
        <region> sample=a.wav
        <master>
        <region> sample=a.wav
        <global>
        <region> sample=a.wav""",
    ).zones

    assert [(z.gain_db, z.pan, z.tune_cents, z.keys, z.velocities[0]) for z in zones] == [
        (-6.0, 0.2, 5.0, (60, 60), 0), (-6.0, -1.0, 5.0, (61, 61), 0), (-6.0, 0.2, 5.0, (0, 127), 10),
        (-3.0, 0.2, 0.0, (0, 127), 0), (0.0, 0.0, 0.0, (0, 127), 0),
    ]  # fmt: skip


def test_names_with_blanks_remarks_and_headers_on_one_line(tmp_path: Path) -> None:
    text = """<group>key=62<region>sample=a b.wav volume=-2 // a remark
    /* <region> sample=no.wav
    */ pan=50 <region> sample=c.wav"""
    zones = read(tmp_path, text, "a b.wav", "c.wav").zones

    assert [(Path(z.sample.name).name, z.gain_db, z.pan) for z in zones] == [
        ("a b.wav", -2.0, 0.5),
        ("c.wav", 0.0, 0.0),
    ]


def test_definitions_and_included_files(tmp_path: Path) -> None:
    inner = tmp_path / "kit" / "parts" / "one.sfz"
    inner.parent.mkdir(parents=True)
    inner.write_text("<region> sample=$NAME.wav key=$KEY pan=$PAN0\n#define $KEY 70\n")
    text = '#define $KEY 65\n#define $NAME a\n#define $PAN 1\n#include "parts/one.sfz"\n#include "parts\\one.sfz"'

    file = read_sfz(kit(tmp_path, text))
    zones = read_instrument(tmp_path / "kit" / "x.sfz").zones

    assert [(zone.keys, zone.pan) for zone in zones] == [((65, 65), 0.1), ((70, 70), 0.1)]
    assert [Path(path).name for path in file.files] == ["x.sfz", "one.sfz", "one.sfz"]


def test_samples_are_found_below_default_path_in_any_case_and_with_any_slash(tmp_path: Path) -> None:
    text = "<control> default_path=..\\Sounds/deep\\ note_offset=12 octave_offset=-2\n<region> sample=KICK.WAV key=c4"
    wav(tmp_path / "Sounds" / "Deep" / "kick.wav")

    (zone,) = read(tmp_path, text).zones

    assert zone.sample.name.endswith("Sounds/Deep/kick.wav")
    assert zone.keys == (48, 48)


@pytest.mark.parametrize(
    "text, key", [("60", 60), ("c4", 60), ("C#4", 61), ("eb3", 51), ("a-1", 9), ("g9", 127), ("x", 60)]
)
def test_keys_are_numbers_or_names(tmp_path: Path, text: str, key: int) -> None:
    assert one(tmp_path, f"pitch_keycenter={text}").root_key == key


def test_opcodes_become_what_they_mean(tmp_path: Path) -> None:
    zone = one(tmp_path, MUCH.replace("\n", " "))

    assert (zone.keys, zone.root_key, zone.tune_cents, zone.keytrack_cents) == ((50, 70), 64.0, -70.0, 50.0)
    assert (zone.velocities, zone.begin, zone.end, zone.backward) == ((3, 90), 100, 900, True)
    assert (zone.turns, zone.turn, zone.chance, zone.group, zone.off_by, zone.off_s) == (4, 3, (0.25, 0.5), 7, 9, 0.0)
    assert (zone.velocity_track, zone.on_release, zone.release_fall_db_s) == (-0.4, True, 6.0)
    assert zone.gain_db == pytest.approx(-6.02, abs=0.01)
    f = zone.filter
    assert (f.kind, f.cutoff_hz, f.resonance_db, f.velocity_cents) == ("highpass", 4_000.0, 6.0, 2_400.0)
    assert (f.key_cents, f.key_center) == (100.0, 48.0)
    e = zone.amplitude
    assert (e.delay_s, e.attack_s, e.sustain) == (0.2, 0.1, 0.25)
    assert (e.decay_s, e.release_s) == pytest.approx((1.0, 2.0))
    assert [(s.pitch_cents, s.cutoff_cents, s.envelope.attack_s) for s in zone.sweeps] == [
        (-100, 0, 0),
        (0, 1_200, 0.3),
    ]
    assert [(x.frequency_hz, x.pitch_cents, x.gain_db, x.delay_s) for x in zone.lfos] == [(5, 20, 0, 0), (4, 0, 3, 1)]


def test_a_file_s_own_loop_counts_unless_the_region_has_another(tmp_path: Path) -> None:
    path = tmp_path / "kit" / "a.wav"
    wav(path)
    sampler = struct.pack("<9I6I", 0, 0, 0, 72, 0, 0, 0, 1, 0, 0, 0, 100, 499, 0, 0)
    data = path.read_bytes() + b"smpl" + struct.pack("<I", len(sampler)) + sampler
    data = data[:4] + struct.pack("<I", len(data) - 8) + data[8:]
    text = tmp_path / "kit" / "x.sfz"
    for opcodes, mode, loop in (
        ("", "loop", (100, 500)), ("loop_mode=no_loop", "none", (0, 0)), ("loop_start=200", "loop", (200, 500)),
        ("loopmode=loop_sustain loopend=299", "sustain", (100, 300)), ("loop_mode=one_shot", "none", (0, 0)),
    ):  # fmt: skip
        path.write_bytes(data)
        text.write_text(f"<region> sample=a.wav pitch_keycenter=sample {opcodes}")
        (zone,) = read_instrument(text).zones
        assert (zone.loop_mode, zone.loop, zone.root_key) == (mode, loop, 72.0)
        assert zone.one_shot == ("one_shot" in opcodes)


def test_controllers_and_key_switches_choose_by_where_they_stand(tmp_path: Path) -> None:
    text = """<control> set_cc20=100
    <global> sw_default=25 key=60
    <region> sample=a.wav volume=-1 locc20=64
    <region> sample=a.wav volume=-2 hicc20=63
    <region> sample=a.wav volume=-3 locc64=64
    <region> sample=a.wav volume=-4 hicc64=63
    <region> sample=a.wav volume=-5 sw_last=24
    <region> sample=a.wav volume=-6 sw_last=25
    <region> sample=a.wav volume=-7 trigger=legato
    <region> sample=a.wav volume=-8 key=-1
    <region> sample=a.wav volume=-9 end=-1"""
    found = read(tmp_path, text)

    assert [zone.gain_db for zone in found.zones] == [-1.0, -4.0, -6.0]
    assert found.unsupported == {"sw_last": 2, "trigger=legato": 1}


def test_what_is_not_known_is_counted(tmp_path: Path) -> None:
    text = """<effect> type=reverb
    <region> sample=a.wav ampeg_attack_oncc1=2 strange=3 fil_type=comb
    <region> sample=a.wav strange=4
    <region> sample=*sine
    <region> sample=*silence"""

    found = read(tmp_path, text)

    assert len(found.zones) == 2
    assert found.unsupported == {
        "ampeg_attack_oncc1": 1, "strange": 2, "fil_type=comb": 1, "sample=*sine": 1, "<effect>": 1
    }  # fmt: skip


def test_a_note_sounds_as_its_recording_by_level_and_pitch(tmp_path: Path) -> None:
    wav(tmp_path / "kit" / "a.wav", 2_000, 2)
    path = tmp_path / "kit" / "x.sfz"
    path.write_text("<region> sample=a.wav lovel=0 hivel=127 volume=-6 pitch_keycenter=64 ampeg_release=1")
    samples, _ = soundfile.read(tmp_path / "kit" / "a.wav", dtype="float32")

    sound = play(read_instrument(path), 64, 63.5 / 127, frames=2_000)

    np.testing.assert_allclose(sound, samples.T * 10 ** (-6 / 20) * 0.25, atol=1e-6)


# What is kept out


@pytest.mark.parametrize(
    "name", ["/etc/hostname", "../../a.wav", "c:\\a.wav", "~/a.wav", "a\0.wav", "x/../../../a.wav"]
)
def test_a_path_that_leads_away_is_refused(tmp_path: Path, name: str) -> None:
    wav(tmp_path / "a.wav")
    with pytest.raises(MediaError, match=r"x\.sfz is no SFZ file that can be read: .* (out of|no path from) its"):
        read(tmp_path / "one" / "two", f"<region> sample={name}")


@pytest.mark.parametrize("home", ["", "one/two"])
def test_a_file_below_the_home_folder_names_nothing_outside_its_own(
    tmp_path: Path, home: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / home))
    wav(tmp_path / "Music" / "secret.wav")

    with pytest.raises(MediaError, match="leads out of its folder"):
        read(tmp_path, "<region> sample=../Music/secret.wav")


def test_a_link_that_leads_away_is_refused(tmp_path: Path) -> None:
    wav(tmp_path / "secret.wav")
    (tmp_path / "one" / "two" / "kit").mkdir(parents=True)
    (tmp_path / "one" / "two" / "kit" / "b.wav").symlink_to(tmp_path / "secret.wav")

    with pytest.raises(MediaError, match="leads out of its folder"):
        read(tmp_path / "one" / "two", "<region> sample=b.wav")


@pytest.mark.parametrize(
    "text, reason",
    [
        ("", r"it is empty"),
        ("nothing here", "has no <region>"),
        ('#include "x.sfz"', "more than 8 deep"),
        ('<region> sample=a.wav\n#include "gone.sfz"', "includes 'gone.sfz', which is not there"),
        ("#define $A " + "a" * 900 + "\n#define $B $A$A\n<region> sample=$B", r"\$B stands for more than 1024"),
        ("#define $A " + "a" * 900 + "\n<region> sample=" + "$A " * 100, "a line stands for more than"),
        ("<region> " + "a" * 20_000, "a line has more than"),
        ("<region>\n" * 17_000, "more than 16384 regions"),
        ("<global> " + " ".join(f"a{k}=1" for k in range(1_000)) + "\n" + "<region>\n" * 3_000, "opcodes together"),
    ],
)
def test_files_without_measure_are_refused_in_one_sentence(tmp_path: Path, text: str, reason: Any) -> None:
    with pytest.raises(MediaError, match=reason) as caught:
        read(tmp_path, text)
    assert "\n" not in str(caught.value)


def test_missing_samples_are_named_when_none_is_left(tmp_path: Path) -> None:
    text = "".join(f"<region> sample=s{k}.wav key={k}\n" for k in range(5))
    with pytest.raises(MediaError, match=r"names 5 samples that are missing: s0.wav, s1.wav, s2.wav and 2 more; put"):
        read(tmp_path, text)

    found = read(tmp_path, text + "<region> sample=a.wav")
    assert len(found.zones) == 1 and found.missing == tuple(f"s{k}.wav" for k in range(5))
