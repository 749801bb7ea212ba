"""The helper process, `python -m graphdaw.host.stretch.worker`: does what it is told on stdin, a JSON object a line.

It answers on stdout, a line each: {"progress": 0.5}, {"done": true}, or {"error": "a sentence"}.
"""

from __future__ import annotations

import json
import os
import sys
from contextlib import suppress
from typing import Any

import numpy as np
import soundfile

from graphdaw.errors import GraphdawError, MediaError
from graphdaw.host.media import load_media
from graphdaw.host.stretch.plan import pieces_of

NICE = 10  # behind whatever plays


def main() -> None:
    """Do jobs until stdin ends."""
    with suppress(OSError, AttributeError):
        os.nice(NICE)
    for line in sys.stdin:
        try:
            do(json.loads(line))
            answer({"done": True})
        except GraphdawError as error:
            answer({"error": str(error)})
        except MemoryError:
            answer({"error": "There is not enough memory to stretch it; cut it into shorter pieces."})
        except OSError as error:
            answer({"error": f"What was stretched could not be written: {error.strerror or error}."})


def do(job: dict[str, Any]) -> None:
    """Stretch a recording into a WAV file."""
    try:
        from graphdaw.host.stretch.stretching import stretched  # here, where it can be said that it is not there
    except ImportError as error:
        raise MediaError("Stretching takes the package python-stretch: install it, and try again.") from error
    rate_hz = job["rate_hz"]
    if job["raw"]:
        samples = np.fromfile(job["source"], np.float32).reshape(job["channels"], -1)
    else:
        samples = load_media(job["source"], rate_hz)
    answer({"progress": 0.05})
    sound = stretched(
        samples,
        rate_hz,
        pieces_of([tuple(mark) for mark in job["marks"]], rate_hz),
        job["pitch_semitones"],
        lambda done: answer({"progress": 0.05 + 0.9 * done}),
    )
    try:
        soundfile.write(job["target"], sound.T, round(rate_hz), "FLOAT", format="WAV")
    except soundfile.LibsndfileError as error:
        raise OSError(0, error.error_string.rstrip(".")) from error


def answer(words: dict[str, Any]) -> None:
    """Say something to whoever asked."""
    sys.stdout.write(json.dumps(words) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
