"""Opening files that others may have put there: only what is a file with something in it, and never a wait."""

from __future__ import annotations

import os
import stat
from typing import IO

from graphdaw.errors import MediaError


def regular(path: str, flags: int) -> int:
    """An opener for `open`; raises OSError for pipes, devices and what the kernel makes up as it is read.

    A pipe would wait for ever and a device might never end; what lies in /proc says that it is empty and may do either.
    """
    handle = os.open(path, flags | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0))
    try:
        about = os.fstat(handle)
        if not stat.S_ISREG(about.st_mode):
            raise OSError(0, "it is not a file", path)
        if about.st_size == 0:
            raise OSError(0, "it is empty", path)
    except BaseException:
        os.close(handle)
        raise
    return handle


def opened(path: str | os.PathLike[str]) -> IO[bytes]:
    """A file open for reading bytes; raises OSError, also for what `regular` refuses and names no path can have."""
    try:
        return open(path, "rb", opener=regular)
    except ValueError as error:  # a zero byte in the name
        raise OSError(0, str(error), os.fspath(path)) from None


def read(path: str | os.PathLike[str], most_bytes: int, wanted: str) -> bytes:
    """A file's bytes, a single one beyond `most_bytes` where it has more; a MediaError asks for `wanted`.

    The caller says what is to be done about one that is too large.
    """
    try:
        with opened(path) as file:
            return file.read(most_bytes + 1)
    except OSError as error:
        why = error.strerror or error
        raise MediaError(f"{os.fspath(path)} cannot be read: {why}; choose {wanted}.") from error
