"""How many CPUs: how long it takes to say, and what is said."""

from __future__ import annotations

from .. import peers, scenes
from ..measuring import Case, measure
from ..subjects import Scene

at_root = "how many CPUs, as started"
in_fourth = "how many CPUs, in the fourth of four cgroups, half a CPU on the second (right: 1)"


def cases(rounds: int) -> list[Case]:
    # Short batches: on a busy machine a long one is always interrupted, and its median with it. Short turns too:
    # what else the machine does lasts longer, and meets everybody.
    subjects = peers.cpu_counts(batches=6, calls=10)
    found = [measure(Case("cpu", at_root), subjects, Scene(), rounds)]
    with scenes.cgroup(4, quota_at=2) as scene:
        if scene:
            found.append(measure(Case("cpu", in_fourth, truth=1), subjects, scene, rounds))
    return found
