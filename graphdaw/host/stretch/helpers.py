"""Helper processes that stretch: kept while there is work, killed when a job is, and replaced when they die or hang."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from graphdaw.errors import CancelledError, MediaError

COMMAND = (sys.executable, "-m", "graphdaw.host.stretch.worker")


class Helper:
    """One helper process, started when it is first needed; one thread at a time has jobs done by it."""

    def __init__(self, command: tuple[str, ...] = COMMAND) -> None:
        self._command = command
        self._process: subprocess.Popen[str] | None = None
        self._lock = threading.Lock()
        self._hung = False

    def run(
        self, job: dict[str, Any], patience_s: float, progress: Callable[[float], None], stop: threading.Event
    ) -> None:
        """Have a job done; raises MediaError where it fails or nothing is heard for too long, CancelledError on stop.

        Who sets `stop` calls `kill` after it.
        """
        process = self._running()
        self._hung = False
        try:
            with suppress(OSError):  # a dead one is told from its silence
                self._send(process, job)
            while not stop.is_set():
                told = self._hear(process, patience_s)
                if "error" in told:
                    raise MediaError(told["error"])
                if "done" in told:
                    return
                if "progress" not in told:
                    break
                progress(told["progress"])
        except MediaError:
            raise
        except BaseException:
            self.close()
            raise
        self.close()
        if stop.is_set():
            raise CancelledError(f"Stretching {job['name']} was stopped.")
        if self._hung:
            raise MediaError(f"{job['name']} could not be stretched: its helper hung and was ended; try again.")
        code = process.returncode
        how = f"by signal {-code}" if code < 0 else f"with code {code}"
        raise MediaError(f"{job['name']} could not be stretched: its helper ended {how}; try again.")

    def _send(self, process: subprocess.Popen[str], job: dict[str, Any]) -> None:
        assert process.stdin is not None
        process.stdin.write(json.dumps(job) + "\n")
        process.stdin.flush()

    def _hear(self, process: subprocess.Popen[str], patience_s: float) -> dict[str, Any]:
        """The next answer; empty where there will be none."""
        assert process.stdout is not None
        watch = threading.Timer(patience_s, self._give_up, (process,))
        watch.daemon = True
        watch.start()
        try:
            line = process.stdout.readline()
        finally:
            watch.cancel()
        told = json.loads(line) if line.endswith("\n") else {}
        return told if isinstance(told, dict) else {}

    def _give_up(self, process: subprocess.Popen[str]) -> None:
        self._hung = True
        process.kill()

    def kill(self) -> None:
        """End what is under way; any thread."""
        with self._lock:
            if self._process is not None:
                self._process.kill()

    def close(self) -> None:
        """Let the process go; the next job starts another."""
        with self._lock:
            process, self._process = self._process, None
        if process is not None:
            process.kill()
            for pipe in (process.stdin, process.stdout):
                with suppress(OSError):
                    if pipe is not None:
                        pipe.close()
            process.wait()

    def _running(self) -> subprocess.Popen[str]:
        process = self._process
        if process is not None and process.poll() is None:
            return process
        self.close()
        try:
            process = subprocess.Popen(
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
                encoding="utf-8",
            )
        except OSError as error:
            raise MediaError(f"No helper could be started to stretch: {error.strerror or error}.") from error
        with self._lock:
            self._process = process
        return process
