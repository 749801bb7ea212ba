"""LMMS projects made by hand."""

from __future__ import annotations

import struct
import zlib

KICK = """
<instrumenttrack vol="150" pan="-50" fxch="1" basenote="57" pitch="0" usemasterpitch="1">
  <instrument name="audiofileprocessor"><audiofileprocessor src="drums/kick.ogg" amp="100"/></instrument>
  <eldata fcut="14000"><elvol att="0.1"/></eldata>
  <chordcreator chord-enabled="0"/>
</instrumenttrack>"""
SYNTH = """
<instrumenttrack pan="0" fxch="0" basenote="45" usemasterpitch="1" pitch="-50">
  <vol id="7" value="50" scale_type="linear"/>
  <instrument name="lb302"><lb302 db24="1" shape="0,5"><vcf_cut id="8" value="0.75"/></lb302></instrument>
  <arpeggiator arp-enabled="1"/>
  <fxchain numofeffects="1" enabled="1">
    <effect name="ladspaeffect" on="1" wet="0.5">
      <ladspacontrols ports="1"><port00 link="1"><data id="9" value="3.5"/></port00></ladspacontrols>
      <key><attribute name="file" value="caps"/><attribute name="plugin" value="Eq"/></key>
    </effect>
  </fxchain>
</instrumenttrack>"""
MIXER = """
<fxmixer>
  <fxchannel num="0" name="Master" volume="0.5" muted="0" soloed="0"/>
  <fxchannel num="1" name="Drums" volume="1" muted="1" soloed="1">
    <fxchain enabled="0"><effect name="amplifier" on="1"><AmplifierControls left="100"/></effect></fxchain>
    <send channel="0" amount="1"/><send channel="2" amount="0.1"/><send channel="1" amount="1"/>
  </fxchannel>
  <fxchannel num="2" name="Room" volume="1"><send channel="1" amount="1"/><send channel="0" amount="0.5"/></fxchannel>
</fxmixer>"""
AUTOMATION = """
<track type="5" name="Curves"><automationtrack/>
  <automationpattern name="Cutoff" pos="96" len="192" prog="1" tens="1" mute="0">
    <time pos="0" value="0.25"/><time pos="96" value="1"/><object id="8"/><object id="9"/>
  </automationpattern>
  <automationpattern name="Nowhere" pos="0" len="192" prog="0">
    <time pos="0" value="1"/><object id="99"/></automationpattern>
</track>
<track type="5" name="Tempo"><automationtrack/>
  <automationpattern name="Tempo" pos="192" len="192" prog="1"><time pos="0" value="100"/><time pos="384" value="200"/>
    <object id="1"/></automationpattern>
  <automationpattern name="Volume" pos="0" len="192" prog="0">
    <time pos="48" value="150"/><object id="7"/></automationpattern>
</track>"""
BEATS = f"""
<track type="1" name="Beat 1" muted="0"><bbtrack><trackcontainer type="bbtrackcontainer">
  <track type="0" name="Kick" muted="0">{KICK}
    <pattern type="0" pos="0" len="192" steps="16" muted="0"><note pos="0" len="-192" key="57" vol="100" pan="0"/>
      <note pos="96" len="0" key="57" vol="200" pan="100"/></pattern>
    <pattern type="0" pos="192" steps="32" muted="0"><note pos="12" len="-192" key="60" vol="50" pan="0"/></pattern>
  </track></trackcontainer></bbtrack>
  <bbtco pos="0" len="768" muted="0"/><bbtco pos="384" len="192" muted="0"/><bbtco pos="960" len="192" muted="1"/>
</track>
<track type="1" name="Beat 2" muted="1"><bbtrack/><bbtco pos="192" len="1152" muted="0"/></track>"""
MELODY = f"""
<track type="0" name="Bass" muted="0" solo="1">{SYNTH}
  <pattern type="1" pos="384" len="192" name="Riff" muted="0"><note pos="24" len="36" key="33" vol="80" pan="0">
    <automationpattern><detuning prog="1"><time pos="0" value="0"/><time pos="24" value="2"/><object id="55"/>
    </detuning></automationpattern></note><note pos="0" len="12" key="45" vol="100" pan="0"/></pattern>
</track>
<track type="2" name="Vox" muted="0"><sampletrack vol="100" pan="0" fxch="9"/>
  <sampletco pos="96" len="384" src="vox.wav" off="-48" muted="0"/><sampletco pos="0" len="9" src="" data="AAAA"/>
</track>
<track type="4" name="Film" muted="0"/>"""


def project(
    tracks: str = BEATS + MELODY + AUTOMATION, mixer: str = MIXER, version: str = "1.0", head: str = 'masterpitch="0"'
) -> bytes:
    """A project as text."""
    return f"""<?xml version="1.0"?>
<!DOCTYPE lmms-project>
<lmms-project creator="LMMS" version="{version}" type="song" creatorversion="1.2.2">
  <head timesig_numerator="4" timesig_denominator="4" mastervol="50" {head}><bpm id="1" value="130"/></head>
  <song><trackcontainer type="song">{tracks}</trackcontainer>{mixer}
    <controllers><lfocontroller name="LFO"/></controllers><timeline lp0pos="96" lp1pos="192" lpstate="1"/></song>
</lmms-project>""".encode()


def packed(text: bytes) -> bytes:
    """The same as .mmpz files have it."""
    return struct.pack(">I", len(text)) + zlib.compress(text)
