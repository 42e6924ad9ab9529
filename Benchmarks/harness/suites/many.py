"""All processes of a large machine: 5,000 live ones, and up to 100,000 in a directory of files."""

from __future__ import annotations

import dataclasses
import os
import resource

from .. import peers, places, scenes
from ..measuring import Case, measure
from ..subjects import Scene, run

live_count, least_count, most_count = 5000, 10_000, 100_000
live = f"all of {live_count:,} live processes, on one CPU, cheap"


def listed(count: int) -> str:
    return f"all of {count:,} processes in a directory, on one CPU, cheap"


def cases(rounds: int) -> list[Case]:
    rounds = min(rounds, 5)
    # ProcMem divides long lists among threads; the program for comparison has one. The sampler keeps two files of each
    # process open.
    descriptors = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    prefix = ("prlimit", f"--nofile={descriptors}", "taskset", "--cpu-list", str(min(os.sched_getaffinity(0))))
    subjects = [peers.procmem("memorySnapshot", "all, cheap", 3), peers.floor("all, cheap", 3)]
    found = []
    with scenes.holding(live_count - 1, 0) as processes:
        scene = dataclasses.replace(processes, prefix=prefix)
        warm = peers.procmem("sampler, warm", "all, cheap, sampler", 3)
        case = Case("many", live, facts=[memory(scene, live_count)])
        found.append(measure(case, [*subjects, warm], scene, rounds))
    for count in (least_count, most_count):
        with scenes.listed(count) as files:
            scene = dataclasses.replace(files, prefix=prefix)
            case = Case("many", listed(count), at=count, facts=[memory(scene, count)])
            found.append(measure(case, subjects, scene, rounds))
    return found


def memory(scene: Scene, count: int) -> str:
    command = [*scene.prefix, str(places.release / "ProcMemCases"), "all, cheap, peak"]
    grown = int(run(command, scene))
    return f"The first snapshot raises the largest RSS of the program by {grown / count:,.0f} bytes for each process"
