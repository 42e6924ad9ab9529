"""Lists of processes, and their memory: a tree of 97 processes that share 2 GiB, and all of 2,000 processes."""

from __future__ import annotations

from .. import peers, scenes
from ..measuring import Case, measure
from . import story

tree_list = "list of a tree of 97 processes"
tree_cheap = "a tree of 97 processes that share 2 GiB, cheap"
tree_distinct = "a tree of 97 processes that share 2 GiB: distinct memory"
all_list = "list of all 2,000 processes"
all_cheap = "list of all 2,000 processes, with RSS"


def cases(rounds: int, with_all: bool = True) -> list[Case]:
    found = []
    with scenes.holding(96, 2048) as scene:
        found.append(
            measure(
                Case("processes", tree_list),
                [
                    peers.procmem("processList", "tree, list", 4),
                    peers.floor("tree, list", 4),
                    peers.psutil("children", "tree, list", 4),
                ],
                scene,
                3 * rounds,
            )
        )
        truth, notes = story.truth(scene), [story.bounds(scene, "cheap")]
        found.append(
            measure(
                Case("processes", tree_cheap, "MiB", truth=truth, notes=notes),
                [
                    peers.procmem("memorySnapshot, cheap", "tree, cheap", 4),
                    peers.floor("tree, cheap", 4),
                    peers.libproc2("RSS of known ids", "tree, cheap", 4),
                    peers.psutil("memory_info", "tree, cheap", 4),
                ],
                scene,
                3 * rounds,
            )
        )
        found.append(
            measure(
                Case("processes", tree_distinct, "MiB", truth=truth),
                [
                    peers.procmem("sampled", "tree, sampled", 5),
                    peers.procmem("sampler, within 100 ms, warm", "tree, within, sampler", 20),
                    peers.procmem("memorySnapshot, cheap", "tree, cheap", 20),
                    peers.psutil("memory_full_info", "tree, accurate", 1),
                ],
                scene,
                max(rounds // 2, 2),
            )
        )
    if with_all:
        with scenes.holding(2000, 0) as scene:
            found.append(
                measure(
                    Case("processes", all_list),
                    [
                        peers.procmem("processList", "all, list", 5),
                        peers.floor("all, list", 5),
                        peers.libproc2("", "all, list", 5),
                        peers.psutil("process_iter", "all, list", 2),
                    ],
                    scene,
                    rounds,
                )
            )
            found.append(
                measure(
                    Case("processes", all_cheap),
                    [
                        peers.procmem("memorySnapshot, cheap", "all, cheap", 5),
                        peers.floor("all, cheap", 5),
                        peers.libproc2("", "all, cheap", 5),
                        peers.psutil("process_iter", "all, cheap", 2),
                    ],
                    scene,
                    rounds,
                )
            )
    return found
