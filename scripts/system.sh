#!/bin/sh
# Installs the Debian packages that the build, the tests and the demo want, where that is possible; says what is missing
# where it is not. Usage: scripts/system.sh [PYTHON]
set -eu
python=${1:-python3}

wanted=""
want() { # want PACKAGE, unless Debian has it installed already
    dpkg-query -W -f '${Status}' "$1" 2>/dev/null | grep -q 'ok installed' || wanted="$wanted $1"
}

required=""
command -v gcc >/dev/null || required="$required gcc libc6-dev"
command -v "$python" >/dev/null || { echo "system.sh: $python is not there: install Python 3.11 or later" >&2; exit 2; }
"$python" -c 'import ensurepip, venv' 2>/dev/null || required="$required python3-venv"
"$python" -c 'import os, sys, sysconfig; sys.exit(not os.path.exists(sysconfig.get_path("include") + "/Python.h"))' ||
    required="$required python3-dev"

if command -v dpkg-query >/dev/null; then
    want libportaudio2           # sound devices
    want jackd2                  # the tests' sound server, and JACK's library
    want spin                    # the models of tests/models
    want espeak-ng               # the demo's voice
    want hydrogen-drumkits       # the demo's drums, and kits for the tests of instruments
    want fluidsynth              # what the tests compare SoundFonts with,
    want fluid-soundfont-gm      # and a font to compare
    want lmms-common             # LMMS' own projects, for the tests of what reads them
    want planetblupi-music-midi  # MIDI files of another program, for the same
fi
[ -n "$required$wanted" ] || exit 0

as_root=""
[ "$(id -u)" = 0 ] || { command -v sudo >/dev/null && sudo -n true 2>/dev/null && as_root="sudo -n"; } || as_root="none"
if command -v apt-get >/dev/null && [ "$as_root" != none ]; then
    echo "Installing$required$wanted"
    # shellcheck disable=SC2086 # the lists are words
    if DEBIAN_FRONTEND=noninteractive $as_root sh -c "apt-get update -qq && apt-get install -qq --no-install-recommends \
        -o Dpkg::Use-Pty=0 $required $wanted" >/dev/null; then
        exit 0
    fi
fi
if [ -n "$required" ]; then
    echo "system.sh: the build needs$required; install them (apt-get install$required) and try again" >&2
    exit 2
fi
echo "Going on without$wanted: sound devices or parts of the demo will be missing (apt-get install$wanted)" >&2
