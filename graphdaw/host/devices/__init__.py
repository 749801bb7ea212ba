"""Devices: what calls the engine for sound, one file a kind."""
