"""LMMS projects, .mmp and .mmpz: songs, patterns, beats, automation and the mixer.

What is said here of LMMS: 48 ticks are a quarter. Keys count from 12 below MIDI's up to version 1.2, since then as
MIDI's do. Levels are factors or percent, and a note at volume 100 of 200 gets half the velocity, as LMMS itself sends
it to MIDI devices. Parameters of instruments and effects are carried raw.
"""
