"""DAWproject files, in which workstations exchange pieces: a zip of project.xml, media and states of plugins.

Of its devices, parameters keep their names, with "#" and their number where they have one; what is text (`deviceID`,
`deviceVendor`, `pluginVersion`) stands beside them. The levels of its own equaliser, compressor, gate and limiter are
in decibels, times in seconds, frequencies in hertz.
"""

PROJECT, METADATA = "project.xml", "metadata.xml"
PLUGINS = {"Vst2Plugin": "vst2", "Vst3Plugin": "vst3", "ClapPlugin": "clap", "AuPlugin": "au"}
BUILT_IN = ("Equalizer", "Compressor", "NoiseGate", "Limiter")
DEVICE_TEXTS = ("deviceID", "deviceVendor", "pluginVersion")
UNITS = {  # of the parameters of what is built in, as a Song has them
    "Threshold": "decibel", "InputGain": "decibel", "OutputGain": "decibel", "Range": "decibel", "Gain": "decibel",
    "Attack": "seconds", "Release": "seconds", "Freq": "hertz", "Ratio": "linear", "Q": "linear",
}  # fmt: skip
