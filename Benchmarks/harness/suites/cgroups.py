"""The totals of a cgroup: the estimate of its processes' distinct memory, without its processes."""

from __future__ import annotations

from .. import peers, scenes
from ..measuring import Case, measure
from . import story

sizes = {1: 64, 100: 256, 1000: 64}


def totals(count: int) -> str:
    return f"totals of a cgroup of {count:,} {'process' if count == 1 else 'processes'}"


def cases(rounds: int) -> list[Case]:
    found = []
    for count, mebibytes in sizes.items():
        with scenes.holding_in_cgroup(count - 1, mebibytes) as scene:
            if not scene:
                break
            found.append(
                measure(
                    Case("cgroups", totals(count), "MiB", truth=story.truth(scene)),
                    [
                        peers.procmem("totals", "cgroup, totals", 5, 20),
                        peers.floor("cgroup, totals", 5, 20),
                        peers.procmem("cheap", "cgroup, cheap", 2),
                    ],
                    scene,
                    rounds,
                )
            )
    return found
