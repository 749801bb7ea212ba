"""What is asked of a device, and what is said when it cannot be had."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from graphdaw.errors import EngineError, brief

FADE_FRAMES = 256
LONGEST_BLOCK_FRAMES = 8192
MOST_CHANNELS = 64

Channels = tuple[int | str, ...]


@dataclass(frozen=True)
class DeviceSettings:
    """Which device plays, and how.

    `device` is "null" (a timer, no sound), "hand" (plays when stepped), "jack" or "jack:NAME" (a JACK server), a
    sound card's number or part of its name, or None for the default. `block_frames` is what it asks for at once, None
    leaves it to the device. `sample_rate_hz` is the rate it is to run at, None the engine's. `outputs` says where the
    graph's channels go, by the device's channel from 0: (2, 3) plays on the third and fourth, (0,) both channels of a
    stereo graph on one; `inputs` says in the same way what `input` nodes hear; None takes the first two that there are
    (of inputs as many as the graph listens to). On JACK a channel may also be a port's name. With `returns` a device
    that was lost is taken again when it is back. `fade_frames` is how long it takes to begin and to end, None 256, or
    0 on a device stepped by hand.

    >>> DeviceSettings("null", block_frames=64).outputs is None
    True
    >>> DeviceSettings("null", block_frames=0)
    Traceback (most recent call last):
    graphdaw.errors.EngineError: A block of 0 frames cannot be played; choose 1 to 8192.
    """

    device: str | int | None = None
    block_frames: int | None = None
    sample_rate_hz: int | None = None
    inputs: Channels | None = None
    outputs: Channels | None = None
    returns: bool = True
    fade_frames: int | None = None

    def __post_init__(self) -> None:
        block, rate = self.block_frames, self.sample_rate_hz
        if not isinstance(self.device, str | int | None):
            raise EngineError(f"A device is a name, a number or None, not {brief(repr(self.device))}.")
        if block is not None and not 1 <= block <= LONGEST_BLOCK_FRAMES:
            raise EngineError(f"A block of {block} frames cannot be played; choose 1 to {LONGEST_BLOCK_FRAMES}.")
        if rate is not None and not 8_000 <= rate <= 768_000:
            raise EngineError(f"A device cannot run at {rate} Hz; choose 8000 to 768000.")
        if self.fade_frames is not None and not 0 <= self.fade_frames <= 1 << 16:
            raise EngineError(f"A fade of {self.fade_frames} frames is too long; choose 0 to 65536.")
        for direction, map_ in (("inputs", self.inputs), ("outputs", self.outputs)):
            _check_map(direction, map_)


class RateNeededError(EngineError):
    """The device runs at another rate than the engine: make an engine at `rate_hz` and ask again."""

    def __init__(self, message: str, rate_hz: int) -> None:
        super().__init__(message)
        self.rate_hz = rate_hz


def _check_map(direction: str, map_: Channels | None) -> None:
    if map_ is None:
        return
    if len(map_) > MOST_CHANNELS:
        raise EngineError(f"{direction} names {len(map_)} channels; {MOST_CHANNELS} is the most.")
    for channel in map_:
        if isinstance(channel, int) and channel < 0:
            raise EngineError(f"{direction} names channel {channel}; the first is 0.")
    if len(set(map_)) < len(map_) and direction == "outputs":
        raise EngineError(f"outputs names a channel twice ({_listed(map_)}); name each once.")


def chosen(direction: str, map_: Channels | None, available: int, device: str, usual: int = 2) -> tuple[int, ...]:
    """The device's channels that a map of numbers asks for, or the first few there are.

    >>> chosen("outputs", None, 8, "X"), chosen("outputs", (2, 3), 8, "X"), chosen("inputs", None, 1, "X")
    ((0, 1), (2, 3), (0,))
    """
    if map_ is None:
        return tuple(range(min(usual, available)))
    numbers = []
    for channel in map_:
        if not isinstance(channel, int):
            raise EngineError(f"{direction} names port {channel!r}, but {device} has numbers only; ports are JACK's.")
        if channel >= available:
            have = f"has {available}, numbered from 0" if available else "has none"
            raise EngineError(f"{direction} asks for channel {channel}, but {device} {have}; choose others.")
        numbers.append(channel)
    return tuple(numbers)


def parsed_channels(text: str | None) -> Channels | None:
    """A map as it is typed: numbers and port names with commas between; "none" is an empty one.

    >>> parsed_channels("2,3"), parsed_channels("none"), parsed_channels("system:playback_3"), parsed_channels(None)
    ((2, 3), (), ('system:playback_3',), None)
    """
    if text is None:
        return None
    words: Sequence[str] = [] if text.strip() in ("", "none") else [word.strip() for word in text.split(",")]
    return tuple(int(word) if word.isdigit() else word for word in words)


def parsed_device(text: str | None) -> str | int | None:
    """A device as it is typed: digits are its number. Raises EngineError for one that only a program can play."""
    if text == "hand":
        raise EngineError('The "hand" device plays only when a program steps it; choose another (`graphdaw devices`).')
    return int(text) if text and text.isdigit() else text


def _listed(map_: Channels) -> str:
    return ", ".join(str(channel) for channel in map_)
