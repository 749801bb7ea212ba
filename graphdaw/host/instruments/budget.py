"""How much an instrument may hold: samples are counted before they are read."""

from __future__ import annotations

from graphdaw.errors import MediaError
from graphdaw.host.media import MAX_LOADED_BYTES


class Budget:
    """Floats that are left for the samples of one instrument."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._left = MAX_LOADED_BYTES // 4

    def take(self, floats: int) -> None:
        """Count so many more; raises MediaError when that is too much."""
        self._left -= floats
        if self._left < 0:
            raise MediaError(
                f"{self._name} holds more than {MAX_LOADED_BYTES >> 20} MiB of samples; choose a smaller instrument."
            )
