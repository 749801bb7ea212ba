"""A JACK server for tests: jackd on its dummy driver, under a name of its own."""

from __future__ import annotations

import fcntl
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import IO

import pytest

TRIES = 6  # the first start after a server was killed fails, the second works
SLOTS = 4  # test runs at once; JACK lists eight servers, and forgets a killed one only when its name comes again


def free_name() -> tuple[str, IO[str]]:
    """A server's name that no other test run uses, and the file whose lock keeps it."""
    for slot in range(SLOTS):
        lock = open(Path(tempfile.gettempdir()) / f"graphdaw-jack-{slot}.lock", "w")  # noqa: SIM115
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return f"graphdaw-test-{slot}", lock
        except BlockingIOError:
            lock.close()
    raise RuntimeError(f"{SLOTS} other test runs use JACK servers; wait for one of them to end")


class JackServer:
    """jackd without sound; `kill`, `pause` and `go_on` are what happens to servers."""

    def __init__(self, rate_hz: int = 48_000, block_frames: int = 256) -> None:
        if shutil.which("jackd") is None:
            pytest.skip("jackd is not installed")
        self.name, self._lock = free_name()
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

    def close(self) -> None:
        """End it so that it cleans up; one that was killed is started once more for that."""
        assert self._process is not None
        self.go_on()
        if self._process.poll() is not None:
            self.start()
        self._process.terminate()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self.kill()
        self._lock.close()

    def pause(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)
