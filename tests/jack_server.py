"""A JACK server for tests: jackd on its dummy driver, under a name of its own."""

from __future__ import annotations

import shutil
import signal
import subprocess
import time
import uuid

import pytest

TRIES = 6  # the first start after a server was killed fails, the second works


class JackServer:
    """jackd without sound; `kill`, `pause` and `go_on` are what happens to servers."""

    def __init__(self, rate_hz: int = 48_000, block_frames: int = 256) -> None:
        if shutil.which("jackd") is None:
            pytest.skip("jackd is not installed")
        self.name = f"gd{uuid.uuid4().hex[:8]}"
        self.device = f"jack:{self.name}"
        self._rate_hz, self._block_frames = rate_hz, block_frames
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self) -> None:
        for k in range(TRIES):
            command = ["jackd", "-n", self.name, "-r" if k == TRIES - 1 else "-R", "-d", "dummy"]
            command += ["-r", str(self._rate_hz), "-p", str(self._block_frames), "-C", "4", "-P", "4"]
            self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            if self._answers():
                return
            self.kill()
        raise RuntimeError("jackd does not start")

    def _answers(self) -> bool:
        from graphdaw.host.devices.jack import probe

        assert self._process is not None
        for _ in range(30):
            time.sleep(0.1)
            if self._process.poll() is not None:
                return False
            if probe(self.name) is not None:
                return True
        return False

    def kill(self) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def pause(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)
