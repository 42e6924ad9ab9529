"""The number of CPUs: the time of a call, and the reported number."""

from __future__ import annotations

from .. import peers, scenes
from ..measuring import Case, measure
from ..subjects import Scene

at_root = "number of CPUs, in the cgroup of the benchmark"
filtered = "number of CPUs, under a seccomp filter, without the calls that no allow-list has"
filtered_in_fourth = "number of CPUs, under a seccomp filter, in the fourth of four nested cgroups (correct: 1)"
in_fourth = "number of CPUs, in the fourth of four nested cgroups, half a CPU on the second (correct: 1)"


def cases(rounds: int) -> list[Case]:
    # Short batches: on a busy machine every long batch would be interrupted, and so would the median. Short rounds too:
    # other load on the machine lasts longer than a round, and affects all tools.
    subjects = peers.cpu_counts(batches=6, calls=10)
    found = [measure(Case("cpu", at_root), subjects, Scene(), rounds)]
    scene = scenes.filtered()
    if scene:
        found.append(measure(Case("cpu", filtered), subjects, scene, rounds))
    with scenes.cgroup(4, quota_at=2) as nested:
        if nested:
            found.append(measure(Case("cpu", in_fourth, truth=1), subjects, nested, rounds))
            if scene:
                # The shell joins the cgroup before the filter begins.
                both = Scene(prefix=(*nested.prefix, *scene.prefix))
                found.append(measure(Case("cpu", filtered_in_fourth, truth=1), subjects, both, rounds))
    return found
