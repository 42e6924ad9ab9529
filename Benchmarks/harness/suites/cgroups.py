"""The memory of cgroups: the limit and free memory of a process, and the totals of a cgroup without its processes."""

from __future__ import annotations

from .. import peers, scenes
from ..measuring import Case, measure
from . import story

limit = "limit and free memory, in the inner of two cgroups, with the files kept open"
sizes = {1: 64, 100: 256, 1000: 64}


def totals(count: int) -> str:
    return f"totals of a cgroup of {count:,} {'process' if count == 1 else 'processes'}"


def cases(rounds: int) -> list[Case]:
    found = []
    with scenes.limited_cgroup() as scene:
        if scene:
            few, many = 10, 200
            subjects = [
                peers.procmem("ContainerMemoryReader", "ContainerMemoryReader", few, many),
                peers.floor("files, kept", few, many),
                peers.procmem("ContainerMemory.current()", "ContainerMemory.current()", few, many),
            ]
            found.append(measure(Case("cgroups", limit, "MiB"), subjects, scene, rounds))
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
