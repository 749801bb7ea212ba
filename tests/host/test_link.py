"""Ableton Link between two processes of this machine."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time

import pytest

from graphdaw.errors import EngineError
from graphdaw.host.link import LinkFollower
from tests.waiting import wait

GROUP, PORT = "224.76.78.75", 20_808  # where Link's peers look for each other

PEER = """
import asyncio, json, sys, time
import aalink

async def main():
    link = aalink.Link(float(sys.argv[1]))
    link.quantum, link.start_stop_sync_enabled, link.enabled = 4.0, True, True
    while True:
        await asyncio.sleep(0.05)
        now = [time.monotonic(), link.num_peers, link.tempo, link.phase, link.playing]
        print(json.dumps(now), flush=True)

asyncio.run(main())
"""


def multicast_works() -> bool:
    """Whether a datagram to a group comes back on this machine, as Link needs it; asked without Link."""
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ears,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as mouth,
    ):
        try:
            ears.bind(("", 0))
            place = socket.inet_aton(GROUP) + socket.inet_aton("127.0.0.1")
            ears.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, place)
            mouth.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton("127.0.0.1"))
            ears.settimeout(1.0)
            mouth.sendto(b"here", (GROUP, ears.getsockname()[1]))
            return ears.recv(10) == b"here"
        except OSError:
            return False


def test_alone_it_keeps_its_own_tempo() -> None:
    with LinkFollower(150.0) as link:
        assert link.bpm == pytest.approx(150.0, rel=1e-5)
        link.set_tempo(75.0)
        assert link.bpm == pytest.approx(75.0, rel=1e-5)

        now_s = time.monotonic()
        first, later = link.tick_at(now_s), link.tick_at(now_s + 0.8)
        assert first is not None and later is not None
        assert later - first == pytest.approx(960, abs=5)


def test_two_programs_share_tempo_beat_and_start() -> None:
    if not multicast_works():
        pytest.skip("multicast does not come back on this machine, so peers cannot find each other")
    peer = subprocess.Popen([sys.executable, "-c", PEER, "97"], stdout=subprocess.PIPE, text=True)
    assert peer.stdout is not None
    try:
        peer.stdout.readline()
        time.sleep(1.0)  # so that it is there first, and its tempo holds
        with LinkFollower(120.0) as link:
            assert wait(lambda: link.peers >= 1)
            assert wait(lambda: link.bpm == pytest.approx(97.0, rel=1e-4))

            link.set_tempo(130.0)
            link.set_playing(True)
            for line in peer.stdout:
                when_s, peers, tempo, phase, playing = json.loads(line)
                if playing and tempo == pytest.approx(130.0, rel=1e-4):
                    break
            tick = link.tick_at(when_s)
            assert peers == 1 and link.playing and tick is not None
            apart = abs(tick / 960 % 4.0 - phase)
            assert min(apart, 4.0 - apart) < 0.02  # beats: 10 ms
    finally:
        peer.kill()
        peer.wait()
        peer.stdout.close()


@pytest.mark.parametrize("bpm", (1.0, 1000.0, float("nan")))
def test_a_tempo_that_link_has_not_is_refused(bpm: float) -> None:
    with pytest.raises(EngineError, match=r"^Ableton Link has no tempo of .* bpm; choose 20 to 999\.$"):
        LinkFollower(bpm)


def test_without_the_library_a_sentence_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "aalink", None)

    with pytest.raises(EngineError, match=r"^Ableton Link needs the library aalink; install it by: pip install"):
        LinkFollower()
