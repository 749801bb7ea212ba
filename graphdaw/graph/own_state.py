"""Where a user's own state lies on this machine, and the key by which it is known again."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import os
import secrets
from pathlib import Path

KEY_BYTES = 32


def state_folder() -> Path:
    """The folder for what outlives a run and is no project; it may not exist yet."""
    import platformdirs

    return Path(platformdirs.user_state_dir("graphdaw", appauthor=False))


def cache_folder() -> Path:
    """The folder for what can be made again at any time; it may not exist yet."""
    import platformdirs

    return Path(platformdirs.user_cache_dir("graphdaw", appauthor=False))


def unnamed_folder() -> Path:
    """Where projects lie that have no name yet."""
    return state_folder() / "unnamed"


def presets_folder() -> Path:
    """Where the user's own instruments lie; it may not exist yet."""
    import platformdirs

    return Path(platformdirs.user_data_dir("graphdaw", appauthor=False)) / "presets"


def seal(content: bytes) -> bytes:
    """A signature that only this user on this machine can make; empty where no key can be kept."""
    key = _key()
    return hmac.digest(key, content, hashlib.sha256) if key else b""


def is_sealed(content: bytes, signature: bytes) -> bool:
    """Whether `seal` made the signature for this content, here and for this user."""
    own = seal(content)
    return bool(own) and hmac.compare_digest(own, signature)


def _key() -> bytes:
    """The key, made when it is first needed."""
    path = state_folder() / "key"
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not path.exists():
            _make_key(path)
        key = path.read_bytes()
        if len(key) == KEY_BYTES:
            return key
    return b""


def _make_key(path: Path) -> None:
    """Write a key whole, so that no reader finds half of it; of two writers the first wins."""
    draft = path.with_name(f"key.{secrets.token_hex(6)}.tmp")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(secrets.token_bytes(KEY_BYTES))
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
    finally:
        draft.unlink()
