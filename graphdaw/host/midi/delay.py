"""When a device that goes on by blocks is where it says."""

from __future__ import annotations

from collections import deque

LEVEL_S = 2.0  # over which blocks are levelled out


class LeastDelay:
    """The least delay of the last two seconds: a position is late by up to a block, and now and then by nothing.

    >>> delay = LeastDelay()
    >>> [delay.least_s(now_s, delay_s) for now_s, delay_s in ((0.0, 0.3), (1.0, 0.1), (2.5, 0.2), (3.5, 0.2))]
    [0.3, 0.1, 0.1, 0.2]
    """

    def __init__(self) -> None:
        self._delays: deque[tuple[float, float]] = deque()

    def least_s(self, now_s: float, delay_s: float) -> float:
        """Take the delay of now into account, in seconds, and return the least."""
        self._delays.append((now_s, delay_s))
        while self._delays[0][0] < now_s - LEVEL_S:
            self._delays.popleft()
        return min(delay_s for _, delay_s in self._delays)

    def clear(self) -> None:
        """Begin anew: the position has jumped."""
        self._delays.clear()
