"""Hydrogen's drum kits: those of Debian as they are, and small ones whose zones are known."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pytest
import soundfile

from graphdaw.errors import MediaError
from graphdaw.host.instruments import read_instrument
from graphdaw.nodes.prepare.zone_map import ZoneMap
from tests.instruments import play

KITS = sorted(Path("/usr/share/hydrogen/data/drumkits").glob("*/drumkit.xml"))
AWAY = "<instrument><filename>../../a.wav</filename></instrument>"
LEVELS = {"a.wav": 0.1, "b.wav": 0.2, "c.wav": 0.4}


def kit(folder: Path, instruments: str) -> ZoneMap:
    for name, level in LEVELS.items():
        soundfile.write(folder / name, np.full((2_000, 2), level, np.float32), 48_000, subtype="FLOAT")
    path = folder / "drumkit.xml"
    path.write_text(f"<drumkit_info><name>test</name><instrumentList>{instruments}</instrumentList></drumkit_info>")
    return read_instrument(path)


def drum(*layers: str, **settings: object) -> str:
    inside = "".join(f"<{name}>{value}</{name}>" for name, value in settings.items())
    return f"<instrument><name>d</name>{inside}{''.join(layers)}</instrument>"


def layer(name: str, least: float = 0.0, most: float = 1.0, gain: float = 1.0, pitch: float = 0.0) -> str:
    return (
        f"<layer><filename>{name}</filename><min>{least}</min><max>{most}</max><gain>{gain}</gain><pitch>{pitch}</pitch>"
        "</layer>"
    )


def heard(zones: ZoneMap, key: int, velocity: float) -> float:
    return float(play(zones, key, velocity, frames=200)[0, 100])


@pytest.mark.parametrize("path", KITS, ids=lambda path: path.parent.name)
def test_each_kit_of_debian_is_read_with_all_its_recordings(path: Path) -> None:
    """Counted by another reader of XML: the layers whose recordings are there."""
    root = ET.fromstring(path.read_text().replace("xmlns=", "was="))
    expected = 0
    for instrument in root.iter("instrument"):
        if instrument.findtext("isMuted") == "true":
            continue
        names = [one.findtext("filename") for one in instrument.iter("layer")] or [instrument.findtext("filename")]
        expected += sum(bool(name) and (path.parent / str(name)).is_file() for name in names)

    found = read_instrument(path)

    assert expected - 2 <= len(found.zones) <= expected  # layers of no width are never heard
    assert len({zone.keys for zone in found.zones}) >= 10
    assert all(zone.one_shot and zone.keys[0] == zone.keys[1] >= 35 for zone in found.zones)
    key = found.sounding_keys()[0]
    first = replace(found, zones=tuple(zone for zone in found.zones if zone.keys[0] == key))
    assert np.abs(play(first, key, 1.0, frames=20_000)).max() > 0.01


def test_layers_answer_to_velocities_without_a_gap(tmp_path: Path) -> None:
    found = kit(tmp_path, drum(layer("b.wav", 0.34, 0.6), layer("a.wav", 0.05, 0.33), layer("c.wav", 0.6, 0.95)))

    assert [zone.velocities for zone in found.zones] == [(0, 42), (43, 75), (76, 127)]
    for velocity, level in ((0.03, 0.1), (0.3, 0.1), (0.5, 0.2), (0.7, 0.4), (1.0, 0.4)):
        assert heard(found, 36, velocity) == pytest.approx(level * velocity, rel=1e-4)


def test_drums_lie_on_keys_by_place_or_by_the_kit_s_notes(tmp_path: Path) -> None:
    three = [drum(layer(name)) for name in LEVELS]
    assert kit(tmp_path, "".join(three)).sounding_keys() == [36, 37, 38]

    noted = [drum(layer(name), midiOutNote=note) for name, note in zip(LEVELS, (40, 50, 36), strict=True)]
    assert kit(tmp_path, "".join(noted)).sounding_keys() == [36, 40, 50]

    same = [drum(layer(name), midiOutNote=60) for name in LEVELS]
    assert kit(tmp_path, "".join(same)).sounding_keys() == [36, 37, 38]


def test_levels_pan_pitch_and_envelope(tmp_path: Path) -> None:
    found = kit(
        tmp_path,
        drum(layer("c.wav", gain=0.5, pitch=-2.0), volume=0.8, gain=1.5, pan_L=1.0, pan_R=0.5, Release=44_100)
        + drum(layer("c.wav"), pan=0.25, isStopNote="true", muteGroup=2, applyVelocity="false"),
    )

    first, second = found.zones
    assert 10 ** (first.gain_db / 20) == pytest.approx(0.5 * 0.8 * 1.5)
    assert (first.pan, first.tune_cents, first.one_shot, first.amplitude.release_s) == (-0.5, -200.0, True, 1.0)
    assert (second.pan, second.one_shot, second.group, second.off_by, second.velocity_track) == (0.25, False, 3, 3, 0.0)
    assert found.choke_groups() == [[37]]


def test_layers_of_the_same_velocities_take_turns_and_old_kits_have_one_recording(tmp_path: Path) -> None:
    found = kit(
        tmp_path, drum(layer("a.wav"), layer("b.wav")) + drum(filename="c.wav") + drum() + drum(filename="no.wav")
    )

    assert [(zone.turns, zone.turn) for zone in found.zones] == [(2, 1), (2, 2), (1, 1)]
    assert found.missing == ("no.wav",)
    sound = play(found, 36, 1.0, frames=12_000, notes=((0, 10), (4_000, 4_010), (8_000, 8_010)))[0]
    assert [sound[at + 100] for at in (0, 4_000, 8_000)] == pytest.approx([0.1, 0.2, 0.1], rel=1e-4)


def test_newer_kits_have_a_namespace_and_components(tmp_path: Path) -> None:
    body = f"<instrument><instrumentComponent>{layer('c.wav')}</instrumentComponent></instrument>"
    soundfile.write(tmp_path / "c.wav", np.full((2_000, 2), 0.4, np.float32), 48_000, subtype="FLOAT")
    path = tmp_path / "drumkit.xml"
    path.write_text(
        '<drumkit_info xmlns="http://www.hydrogen-music.org/drumkit"><instrumentList>'
        f"{body}</instrumentList></drumkit_info>"
    )

    assert heard(read_instrument(path), 36, 1.0) == pytest.approx(0.4, rel=1e-4)


@pytest.mark.parametrize(
    "text, reason",
    [
        ("<drumkit_info>", "not well-formed XML"),
        ("<other/>", "holds <other>"),
        ("<drumkit_info/>", "has no instruments"),
        ('<!DOCTYPE a [<!ENTITY b "c">]><drumkit_info>&b;</drumkit_info>', "declares entities"),
        ("<a>" * 100, "nested more than 64 deep"),
        ("<drumkit_info>" + "<a/>" * 300_001 + "</drumkit_info>", "more than 300000 elements"),
        (f"<drumkit_info><instrumentList>{AWAY}</instrumentList></drumkit_info>", "leads out of its folder"),
    ],
)
def test_hostile_kits_are_refused_in_one_sentence(tmp_path: Path, text: str, reason: str) -> None:
    soundfile.write(tmp_path / "a.wav", np.zeros(10), 48_000)
    path = tmp_path / "one" / "two" / "drumkit.xml"
    path.parent.mkdir(parents=True)
    path.write_text(text)

    with pytest.raises(MediaError, match=reason) as caught:
        read_instrument(path)
    assert "\n" not in str(caught.value)
