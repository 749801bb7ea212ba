"""MIDI: messages and their bytes, ports, and clocks in both directions."""
