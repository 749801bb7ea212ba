"""Which running program something belongs to: told apart from another with the same number, also after a restart."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import msgspec


class Owner(msgspec.Struct, frozen=True):
    """A process: number, machine, the machine's start it lives in and its own start; "" where the system tells none."""

    pid: int
    host: str
    boot: str = ""
    started: str = ""
    since: float = 0.0

    def __str__(self) -> str:
        return f"process {self.pid} on {self.host}"


def this_process(since: float = 0.0) -> Owner:
    """The owner that we are."""
    return Owner(os.getpid(), socket.gethostname(), _boot(), _started(os.getpid()), since)


def is_gone(owner: Owner) -> bool:
    """Whether the process surely lives no more; one on another machine may always live."""
    boot = _boot()
    if owner.boot and boot and owner.boot != boot:
        return owner.host == socket.gethostname()  # this machine was started again since
    if owner.host != socket.gethostname() and owner.boot != boot:
        return False
    if owner.pid <= 0:
        return True
    try:
        os.kill(owner.pid, 0)
    except (ProcessLookupError, OverflowError):
        return True
    except PermissionError:
        pass
    started = _started(owner.pid)
    return bool(owner.started and started and owner.started != started)  # its number was given to another


def _boot() -> str:
    """The id of the machine's present start; Linux only, "" elsewhere."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""


def _started(pid: int) -> str:
    """When a process began, in ticks since the machine's start; Linux only, "" elsewhere."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return ""
    return stat.rpartition(")")[2].split()[19]  # the name before it may hold anything, also brackets
