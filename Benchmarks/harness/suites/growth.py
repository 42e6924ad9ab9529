"""The growth of the cost with resident memory, processes, mappings, cgroups and mounts."""

from __future__ import annotations

from .. import peers, scenes
from ..measuring import Case, measure
from ..subjects import Subject

memory_scale, huge_scale = "resident memory, MiB, pages of 4 KiB", "resident memory, MiB, huge pages"
process_scale, mapping_scale = "processes", "mappings"
cgroup_scale, mount_scale = "cgroups above the process", "additional mounts"

steps = {
    memory_scale: (64, 128, 256, 512, 1024, 2048, 4096, 8192),
    huge_scale: (64, 128, 256, 512, 1024, 2048, 4096, 8192),
    process_scale: (10, 30, 100, 300, 1000, 2000),
    mapping_scale: (100, 300, 1000, 3000, 10_000, 30_000, 60_000),
    cgroup_scale: (1, 2, 4, 8, 12),
    mount_scale: (20, 100, 500, 2000),
}
scene_at = {
    memory_scale: lambda point: scenes.holding(0, point),
    huge_scale: lambda point: scenes.holding(0, point, "huge"),
    # Workers with almost no memory of their own, below a parent with 64 MiB.
    process_scale: lambda point: scenes.holding(point - 1, 64),
    mapping_scale: lambda point: scenes.holding(0, 512, str(point)),
    cgroup_scale: scenes.cgroup,
    mount_scale: scenes.mounts,
}


def cases(rounds: int) -> list[Case]:
    return [case for scale in steps for case in along(scale, rounds)]


def along(scale: str, rounds: int, points: tuple[int, ...] | None = None, own_alone: bool = False) -> list[Case]:
    """Measures one case for each point of a scale; with `own_alone`, only ProcMem."""
    found = []
    for point in points or steps[scale]:
        with scene_at[scale](point) as scene:
            if not scene:
                break
            case = Case(
                "growth", f"{scale}: {point}", "" if scale in (cgroup_scale, mount_scale) else "MiB", point, scale
            )
            subjects = subjects_of(scale, point)
            if own_alone:
                subjects = [subject for subject in subjects if subject.name.startswith("ProcMem")]
            found.append(measure(case, subjects, scene, rounds))
    return found


def subjects_of(scale: str, point: int) -> list[Subject]:
    if scale in (cgroup_scale, mount_scale):
        return peers.cpu_counts(batches=4, calls=10)
    if scale == process_scale:
        few = 1 if point > 200 else 3
        return [
            peers.procmem("cheap", "tree, cheap", few),
            peers.procmem("sampled", "tree, sampled", few),
            peers.procmem("accurate", "tree, accurate", few),
            peers.procmem("sampler, within 100 ms, warm", "tree, within, sampler", 5),
            peers.psutil("memory_info", "tree, cheap", few),
            peers.psutil("memory_full_info", "tree, accurate", few),
            peers.libproc2("PSS of known ids", "tree, accurate", few),
            peers.ps("pss"),
            peers.pmap(),
            peers.smem("[p]eers/tree"),
        ]
    return [
        peers.procmem("cheap", "process, cheap", 5, 5),
        peers.procmem("sampled", "process, sampled", 5),
        peers.procmem("accurate", "process, accurate", 3),
        # On several CPUs, a pass takes longer if the thread of the sampler wakes up on another one than the caller.
        peers.procmem("sampler, within 100 ms, warm", "process, within, sampler", 30, 5, on_one_cpu=True),
        peers.psutil("memory_info", "process, cheap", 5, 5),
        peers.psutil("memory_full_info", "process, accurate", 3),
        peers.libproc2("PSS", "process, accurate", 3),
        peers.ps("pss"),
        peers.pmap(),
    ]
