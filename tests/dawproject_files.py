"""DAWproject files made by hand and by writing, and how tests look into them."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from xml.etree import ElementTree as ET

from graphdaw.graph.song import Song
from graphdaw.host.songs.dawproject.reading import read_song
from graphdaw.host.songs.dawproject.writing import write_song


def written(song: Song, *folders: Path) -> tuple[bytes, tuple[str, ...]]:
    out = io.BytesIO()
    report = write_song(song, out, folders)
    return out.getvalue(), report


def project_of(data: bytes) -> ET.Element:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return ET.fromstring(archive.read("project.xml"))


def read_back(data: bytes, tmp_path: Path, media: Path | None = None) -> Song:
    path = tmp_path / "a.dawproject"
    path.write_bytes(data)
    return read_song(path, media)


def packed(project: str, **members: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("project.xml", project)
        for name, data in members.items():
            archive.writestr(name, data)
    return out.getvalue()


def arranged(
    lanes: str, structure: str = '<Track id="t" name="T" contentType="notes audio"/>', more: str = ""
) -> bytes:
    return packed(
        '<Project version="1.0"><Application name="x" version="1"/><Transport>'
        f'<Tempo unit="bpm" value="60" id="tempo"/></Transport><Structure>{structure}</Structure>'
        f"<Arrangement><Lanes>{lanes}</Lanes>{more}</Arrangement></Project>"
    )


MINIMAL = """<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<Project version="1.0">
  <Application name="Another Workstation" version="7.2"/>
  <Transport>
    <Tempo max="300.000000" min="30.000000" unit="bpm" value="90.000000" id="p0" name="Tempo"/>
    <TimeSignature denominator="8" numerator="6" id="p1"/>
  </Transport>
  <Structure>
    <Track contentType="tracks" loaded="true" id="g" name="Band" color="#112233">
      <Channel audioChannels="2" destination="mc" role="master" solo="false" id="gc">
        <Volume max="2.0" min="0.0" unit="linear" value="0.500000" id="gv"/>
      </Channel>
      <Track contentType="notes" loaded="true" id="k" name="Keys">
        <Channel audioChannels="2" destination="gc" role="regular" solo="true" id="kc">
          <Devices>
            <Vst3Plugin deviceID="ABCD" deviceName="Piano" deviceRole="instrument" deviceVendor="Them" id="d">
              <Parameters>
                <RealParameter max="1" min="0" unit="normalized" value="0.25" id="dp" parameterID="48" name="Lid"/>
              </Parameters>
              <Enabled value="true" id="de"/><State path="plugins/piano.vstpreset"/>
            </Vst3Plugin>
            <Compressor deviceName="Squeeze" deviceRole="audioFX" id="c"><Enabled value="false" id="ce"/>
              <Attack unit="seconds" value="0.01" id="ca"/><Threshold unit="linear" value="0.1" id="ct"/>
            </Compressor>
            <Equalizer deviceName="Shape" deviceRole="audioFX" id="e"><Band type="bell" order="2">
              <Freq unit="hertz" value="440" id="ef"/><Gain unit="decibel" value="-3" id="eg"/></Band></Equalizer>
          </Devices>
          <Mute value="true" id="km"/>
          <Pan max="1.0" min="0.0" unit="normalized" value="0.750000" id="kp"/>
          <Sends><Send destination="rc" type="pre" id="s"><Volume unit="decibel" value="-12.0" id="sv"/></Send></Sends>
          <Volume max="2.0" min="0.0" unit="linear" value="0.251189" id="kv"/>
        </Channel>
      </Track>
    </Track>
    <Track contentType="audio" loaded="true" id="r" name="Room">
      <Channel audioChannels="2" destination="mc" role="effect" id="rc"/></Track>
    <Track contentType="audio notes" loaded="true" id="m" name="Main">
      <Channel audioChannels="2" role="master" solo="false" id="mc"/></Track>
  </Structure>
  <Arrangement id="a">
    <Lanes timeUnit="beats" id="l">
      <Lanes track="k" id="l1">
        <Clips id="l2">
          <Clip time="6.0" duration="6.0" playStart="0.0" name="Verse"><Lanes id="l3">
            <Notes id="n1">
              <Note time="0.500000" duration="0.250000" channel="0" key="65" vel="0.787402" rel="0.4">
                <Points unit="semitones"><Target expression="transpose"/>
                  <RealPoint time="0.0" value="0"/><RealPoint time="0.25" value="2" interpolation="linear"/>
                </Points></Note>
              <Note time="0.000000" duration="3.000000" channel="0" key="53" vel="0.5"/>
            </Notes>
            <Points unit="normalized" id="l4"><Target expression="channelController" channel="0" controller="64"/>
              <RealPoint time="1.0" value="1.0"/></Points>
          </Lanes></Clip>
          <Clip time="12.0" duration="3.0" playStart="3.0" reference="n1" enable="false"/>
        </Clips>
        <Points unit="linear" id="l5"><Target parameter="kv"/>
          <RealPoint time="0.0" value="1.0" interpolation="linear"/><RealPoint time="6.0" value="0.0"/></Points>
        <Points id="l6"><Target parameter="km"/><BoolPoint time="6.0" value="true"/></Points>
        <Points unit="normalized" id="l7"><Target parameter="dp"/><RealPoint time="1.0" value="0.5"/></Points>
      </Lanes>
      <Lanes track="m" id="l8"><Points unit="linear"><Target parameter="nowhere"/></Points></Lanes>
    </Lanes>
    <Markers id="x"><Marker time="6.0" name="Verse" color="#ffffff"/></Markers>
    <TempoAutomation unit="bpm" id="t"><Target parameter="p0"/>
      <RealPoint time="0.0" value="90.0" interpolation="linear"/><RealPoint time="12.0" value="120.0"/>
    </TempoAutomation>
    <TimeSignatureAutomation id="ts"><Target parameter="p1"/>
      <TimeSignaturePoint time="0.0" numerator="6" denominator="8"/>
      <TimeSignaturePoint time="12.0" numerator="4" denominator="4"/></TimeSignatureAutomation>
  </Arrangement>
  <Scenes><Scene name="A" id="sc"><Lanes id="sl"><ClipSlot track="k" id="ss"><Clip time="0"><Notes/></Clip></ClipSlot>
  </Lanes></Scene></Scenes>
</Project>"""
