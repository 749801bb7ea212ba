"""A session: one graph, the engine that plays it, and the device that calls the engine."""

from __future__ import annotations

import atexit
import logging
import math
import os
import threading
import weakref
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Protocol

from graphdaw.errors import EngineError, GraphdawError, brief
from graphdaw.graph.clips import TICKS_PER_QUARTER
from graphdaw.graph.graph import Graph
from graphdaw.graph.handles import End, NodeHandle
from graphdaw.graph.timeline import Place
from graphdaw.graph.vocabulary import Edit
from graphdaw.host.device import Device, DeviceSettings, HandDevice, RateNeededError, forced
from graphdaw.host.driver import Driver
from graphdaw.host.engine import Engine
from graphdaw.host.events import Located, Observers, Problem, Started, Stopped
from graphdaw.host.left_takes import recover_takes
from graphdaw.host.midi.desk import MidiDesk
from graphdaw.host.performing import Performing
from graphdaw.host.stats import Stats
from graphdaw.host.tape import Take
from graphdaw.host.taps import Meter, Tap, outlet_of
from graphdaw.host.tracks import InputTrack

TICK_S = 0.002  # while a change waits for the fade before it
FEED_S = 0.1
CLOSE_S = 5.0  # for a call that is under way in another thread; one that hangs longer is left to itself

_open_sessions: weakref.WeakSet[Session] = weakref.WeakSet()


class HasGraph(Protocol):
    """A project: something with a graph."""

    @property
    def graph(self) -> Graph:
        """The graph."""


class Session(Performing):
    """A running engine; edits of `session.graph` are heard at once, each faded in.

    It takes a graph, or a project that has one. `device` is "null" (a timer, no sound), "hand" (plays when stepped), a
    sound card's name or number, or None for the default; `DeviceSettings` say more, and `change_device` goes to another
    one while it plays. The engine runs from `play` to `stop`; position and sound go on from where they were. A session
    plays until it is closed, at the latest when the program ends.

    >>> import graphdaw as gd
    >>> g = gd.Graph(sample_rate=48_000)
    >>> osc = g.add("sine", frequency_hz=110.0)
    >>> osc >> g.add("output")
    <output output1>
    >>> with gd.Session(g, device="null") as s:
    ...     s.play()
    ...     s.graph.set(osc, frequency_hz=220.0)
    ...     s.stop()
    """

    def __init__(
        self,
        graph: Graph | HasGraph,
        device: str | int | DeviceSettings | None = None,
        *,
        block_frames: int | None = None,
        channels: int | None = None,
        threads: int = 1,
    ) -> None:
        if not isinstance(graph, Graph) and not hasattr(graph, "graph"):
            raise EngineError(f"A session plays a graph or an open project, not {brief(repr(graph))}; load or open it.")
        self._settings = (
            device
            if isinstance(device, DeviceSettings)
            else DeviceSettings(
                device if device is not None else forced(),
                block_frames,
                outputs=tuple(range(channels)) if channels else None,
            )
        )
        self.graph = graph if isinstance(graph, Graph) else graph.graph
        project = self.graph.project
        super().__init__()
        self.engine = Engine(self.graph, threads=threads, missing="silence")
        self._observers = Observers()
        self.driver = Driver(self.engine)
        self.driver.observe(self._observers.tell)
        self._forget_project = project.observe(self._observers.tell) if project is not None else None
        self._threads = threads
        path = getattr(self.graph, "path", None)
        self.recovered_takes = recover_takes(Path(path).parent) if path else []  # what a crash left beside the project
        self._turn = threading.RLock()  # one of play, stop, locate and close at a time; then come the driver's lock,
        self.midi = MidiDesk(lambda id, sentence: self._observers.tell(Problem(id, sentence)))
        self._telling = threading.Lock()  # this one, by which events come in order, and last the engine's
        self._quit = threading.Event()
        self._woken = threading.Event()
        self._forget = self.graph.observe(self._follow)
        self._keeper = threading.Thread(target=self._keep_up, name="graphdaw-session", daemon=True)
        self._keeper.start()
        _open_sessions.add(self)

    def _follow(self, edits: list[Edit]) -> None:
        self._follow_moves(edits)
        self._woken.set()

    # Transport

    @property
    def device(self) -> Device | None:
        """What calls the engine now; None while stopped."""
        return self.driver.device

    @property
    def playing(self) -> bool:
        """True between `play` and `stop`."""
        return self.device is not None

    @property
    def time_s(self) -> float:
        """How much has been played, in seconds."""
        return self.engine.time_frames / self.engine.sample_rate

    @property
    def position_s(self) -> float:
        """Where in the piece the sound is, in seconds."""
        return self.engine.position_frames / self.engine.sample_rate

    @property
    def rolling(self) -> bool:
        """True while the piece goes on; false between `pause` or `listen` and `play`, and in a count-in."""
        return self.playing and self.engine.rolls

    @property
    def place(self) -> Place:
        """Where in the piece the sound is, as musicians say it: bar and beat from 1, and ticks after the beat."""
        timeline = self.graph.document.timeline
        return timeline.place(int(timeline.ticks(self.position_s)))

    def play(self, *, count_in_bars: int = 0) -> None:
        """Start the sound and let the piece go on; raises EngineError where the device cannot be opened.

        With a count-in it first stands for so many bars, in which a `metronome` node clicks and keyboards are heard.
        """
        if not 0 <= count_in_bars <= 16:
            raise EngineError(f"Cannot count in {count_in_bars} bars; give 0 to 16.")
        with self._turn:
            self._check_open()
            self.engine.roll(True, count_in_frames=self._frames_of_bars(count_in_bars))
            self._open()

    def listen(self) -> None:
        """Start the sound while the piece stands: keyboards and inputs are heard, and what sounds by itself."""
        with self._turn:
            self._check_open()
            self.engine.roll(False)
            self._open()

    def pause(self) -> None:
        """Let the piece stand where it is, and the sound go on: notes end, tails ring out, keyboards are heard."""
        with self._turn:
            self._check_open()
            self.engine.roll(False)

    def _open(self) -> None:
        if self.device is None:
            self.engine.begin()
            self.engine.feed()
            self._use(self._settings, self.driver.open)
            self._tell(Started(self.driver.name))

    def _frames_of_bars(self, bars: int) -> int:
        """How long so many bars take before the present position, at the tempo there."""
        timeline = self.graph.document.timeline
        tick = timeline.ticks(self.position_s)
        signature = [s for s in timeline.signatures if s.at_ticks <= tick][-1]
        seconds_per_tick = 60.0 / (TICKS_PER_QUARTER * timeline.bpm(tick))
        return round(bars * signature.bar_ticks * seconds_per_tick * self.engine.sample_rate)

    def stop(self) -> None:
        """Fade the sound out and close the device; the position stays."""
        with self._turn:
            played = self.device is not None
            self.driver.close()
            self.midi.silence()
            if played:
                self._tell(Stopped(self.position_s))

    def change_device(self, device: str | int | DeviceSettings | None) -> None:
        """Go on with another device, rate, block size or other channels, fading over; if stopped, from the next play.

        Where it cannot be had everything is as before, and EngineError says why.
        """
        settings = device if isinstance(device, DeviceSettings) else DeviceSettings(device)
        with self._turn:
            self._check_open()
            if self.device is not None:
                self._use(settings, self.driver.change)
            self._settings = settings

    def locate(self, seconds: float) -> None:
        """Go to a place in the piece. Raises EngineError for one before its start.

        While it plays, recordings and what is in time with the tempo are cross-faded to where they are there, clocks
        jump, and tails ring on. While it is stopped everything begins anew: after `locate(0)`, `play` sounds as a
        render does, to the bit.

        >>> import graphdaw as gd
        >>> with gd.Session(gd.Graph(), device="hand") as s:
        ...     s.locate(1.5)
        ...     s.position_s
        1.5
        """
        if not (math.isfinite(seconds) and 0.0 <= seconds < 1e9):
            raise EngineError(f"Cannot go to {seconds} seconds; a piece begins at 0.")
        with self._turn:
            self._check_open()
            frames = round(seconds * self.engine.sample_rate)
            if self.device is None:
                self.engine.restart(frames)
                self._tell(Located(self.position_s, self.engine.time_frames))
            else:
                self.engine.locate(frames)
            self._woken.set()

    def _use(self, settings: DeviceSettings, how: Callable[[DeviceSettings], None]) -> None:
        """Open or change; a device at another rate takes an engine at that rate, which goes on at the same place."""
        try:
            how(settings)
        except RateNeededError as needed:
            old = self.engine
            new = Engine(self.graph, threads=self._threads, missing="silence", sample_rate_hz=needed.rate_hz)
            try:
                new.restart(round(self.position_s * new.sample_rate))
                new.roll_as(old, begins=self.device is None)
                self.driver.change(settings, engine=new)
            except BaseException:
                self.driver.engine = old
                new.close()
                raise
            self._end_performing()
            self.engine = new
            self.midi.turn_to(new)
            new.problems.update(old.problems)
            new.take_taps(old)
            new.take_recordings(old)
            new.locate(round(old.position_frames / old.sample_rate * new.sample_rate))
            old.close()

    def _check_open(self) -> None:
        if self._quit.is_set():
            raise EngineError("The session is closed; make a new one.")

    def step(self, blocks: int = 1) -> list[list[float]]:
        """On the "hand" device: play blocks and return the last one; edits that wait are taken up as soon as may be."""
        if not isinstance(self.device, HandDevice):
            raise EngineError('Only a session on device="hand" that plays can be stepped.')
        last = self.device.step(0)
        for _ in range(blocks):
            self.engine.commit()
            self.engine.feed()
            self.engine.catch_up()
            last = self.device.step()
        return last

    def settled(self, timeout_s: float = 1.0) -> bool:
        """Wait until every edit made so far is heard in full; False if that takes longer than `timeout_s`."""
        waiting = threading.Event()
        for _ in range(max(1, int(timeout_s / TICK_S))):
            self.engine.commit()
            if self.engine.settled():
                return True
            waiting.wait(TICK_S)
        return False

    # Listening

    def observe(
        self, callback: Callable[[object], object], kind: type | tuple[type, ...] = object
    ) -> Callable[[], None]:
        """Call `callback(event)` for events of that kind (see `graphdaw.host.events`); returns a function that ends it.

        Calls come in the order of what happened, from a thread of their own, so a slow observer delays no sound.
        """
        return self._observers.observe(callback, kind)

    def tap(self, end: End) -> Tap:
        """Listen to an outlet, also of a group or inside one; a node alone means its first. Close it when done.

        The graph knows nothing of it and nothing else sounds different. Raises UnknownNodeError and UnknownPortError.

        >>> import graphdaw as gd
        >>> g = gd.Graph()
        >>> osc = g.add("sine")
        >>> with gd.Session(g, device="hand") as s, s.tap(osc) as tap:
        ...     s.play()
        ...     _ = s.step(3)
        ...     tap.read().shape
        (1, 256)
        """
        with self._turn:  # which engine it is may be about to change
            self._check_open()
            return self.engine.tap(outlet_of(self.graph, end))

    def meter(self, end: End) -> Meter:
        """Measure an outlet: `read()` gives peak and RMS of each channel since last asked. Close it when done."""
        return Meter(self.tap(end))

    def record(
        self,
        node: str | NodeHandle,
        path: str | os.PathLike[str],
        *,
        bit_depth: int | None = None,
        preroll_s: float = 0.0,
    ) -> None:
        """Write what flows through a `record` node to a file while its gate is open; see `Engine.record`."""
        id = node if isinstance(node, str) else node.id
        self.engine.record(id, path, bit_depth=bit_depth, preroll_s=preroll_s)

    def record_input(
        self,
        path: str | os.PathLike[str],
        channels: Sequence[int] = (0,),
        *,
        monitor: bool = False,
        bit_depth: int | None = None,
    ) -> InputTrack:
        """Record channels of the device's input from now on: a new track, armed and punched in; see `InputTrack`."""
        self._check_open()
        track = InputTrack(self, channels, monitor=monitor)
        try:
            track.arm(path, bit_depth=bit_depth)
        except BaseException:
            track.remove()
            raise
        track.punch_in()
        return track

    def stop_recording(self, node: str | NodeHandle) -> list[Take]:
        """Complete what a `record` node records, and return its takes; waits for the disk."""
        return self.engine.stop_recording(node if isinstance(node, str) else node.id)

    def stats(self) -> Stats:
        """How it is doing, as numbers and, printed, as a few lines."""
        numbers, device = self.driver.stats(), self.device
        return Stats(
            device=device.name if device is not None else "",
            priority=numbers["priority"],
            position_s=self.position_s,
            played_s=self.time_s,
            load=numbers["load"],
            work_p99_s=numbers["work_p99_s"],
            work_peak_s=numbers["work_peak_s"],
            gap_p99_s=numbers["gap_p99_s"],
            gap_peak_s=numbers["gap_peak_s"],
            callbacks=int(numbers["callbacks"]),
            own_late=int(numbers["over_budget"]),
            host_late=int(numbers["host_late"]),
            driver_late=int(numbers["driver_xruns"]),
            foreign_late=int(numbers["foreign_misses"]),
            stolen_s=numbers["steal_s"],
            not_finite=int(numbers["not_finite"]),
            swaps=int(numbers["swaps"]),
            underruns=self.engine.underruns,
            events_dropped=self._observers.dropped,
            problems=dict(self.engine.problems),
        )

    # The end

    def close(self) -> None:
        """Stop and free everything; the graph stays. From any thread and state, and more than once."""
        self._quit.set()
        self._woken.set()
        if not self._turn.acquire(timeout=CLOSE_S):
            return  # a driver hangs in another thread's call; what it may still use must stay
        try:
            self.stop()
            with suppress(GraphdawError):  # a track that is gone has nowhere to put what was recorded
                self._end_performing()
            self._keeper.join()
            self.midi.close()
            self._forget()
            if self._forget_project is not None:
                self._forget_project()
            self._tell()
            self.engine.close()
            self._tell()
        finally:
            self._turn.release()
            _open_sessions.discard(self)
        self._observers.close()

    def __enter__(self) -> Session:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _keep_up(self) -> None:
        """The keeper: look after engine and device until the session ends, whatever goes wrong."""
        told = ""
        while not self._quit.is_set():
            done = True
            try:
                done = self._look_after()
            except Exception as error:  # later edits must be heard, and recordings fed, all the same
                if told != (told := f"{type(error).__name__}: {error}"):
                    logging.getLogger("graphdaw").exception("The keeper of a session failed, and goes on.")
                    self._observers.tell(Problem("", f"The session could not be looked after: {told}"))
            self._woken.wait(FEED_S if done or not self.playing else TICK_S)
            self._woken.clear()

    def _look_after(self) -> bool:
        """Publish edits that had to wait for a fade, keep the disk ahead of the sound, and tell what happened."""
        done = self.engine.keep_up()
        self._tell()
        self.midi.follow(self.engine)
        self.driver.watch()
        return done

    def _tell(self, *events: object) -> None:
        """What the engine has to tell, and then these."""
        with self._telling:
            for event in (*self.engine.news(), *events):
                self._observers.tell(event)


@atexit.register
def _close_all() -> None:
    """A program that forgets to close its sessions ends cleanly, and its takes are complete."""
    for session in list(_open_sessions):
        session.close()
