"""What Linux alone can say: time that the machine's host took away, and who may have real-time priority."""

from __future__ import annotations

import os
from contextlib import suppress

STEAL_FIELD = 8  # of the line "cpu" in /proc/stat, see proc(5)


def steal_s() -> float | None:
    """Seconds of processor time that a virtual machine's host has kept from it since it started; None where unknown."""
    with suppress(OSError, ValueError, IndexError), open("/proc/stat", encoding="ascii") as file:
        return int(file.readline().split()[STEAL_FIELD]) / os.sysconf("SC_CLK_TCK")
    return None


def memory_bytes() -> int:
    """The machine's memory; 8 GiB where that is unknown."""
    with suppress(OSError, ValueError):
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return 8 << 30


def priority_allowed() -> int:
    """The highest real-time priority that this process may give its threads; 0 for none."""
    with suppress(ImportError, OSError, ValueError):
        import resource

        soft, _ = resource.getrlimit(resource.RLIMIT_RTPRIO)
        if os.geteuid() == 0 or soft == resource.RLIM_INFINITY:
            return 99
        return soft
    return 0


def priority_sentence(found: int | None) -> str:
    """One line on the priority that a device's thread has (None: no thread yet, so what it would get).

    >>> priority_sentence(65)
    'real-time priority: yes (FIFO 65)'
    """
    if found:
        return f"real-time priority: yes (FIFO {found})"
    if found is None and priority_allowed():
        return "real-time priority: yes, it is allowed"
    if priority_allowed():
        return "real-time priority: no, though it is allowed; a container or the kernel's cgroups may refuse it"
    return (
        "real-time priority: no, it is not allowed, so other programs may interrupt the sound; add yourself to the "
        "group audio, with “@audio - rtprio 95” in /etc/security/limits.d/audio.conf, and log in again"
    )
