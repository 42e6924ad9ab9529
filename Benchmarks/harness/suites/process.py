"""The memory of one process."""

from __future__ import annotations

from .. import peers, scenes
from ..measuring import Case, measure

kept = "a process, cheap, with its files kept open"
cheap = "a process, cheap: RSS"
accurate = "a process of 256 MiB, accurate: PSS"


def cases(rounds: int) -> list[Case]:
    # Short rounds: other load on the machine lasts longer than a round, and affects all tools.
    few, many = 5, 200
    with scenes.holding(0, 256) as scene:
        return [
            measure(
                Case("process", kept, "MiB"),
                [
                    peers.procmem("MemoryReader", "process, cheap, kept", few, many),
                    peers.floor("process, cheap, kept", few, many),
                ],
                scene,
                rounds,
            ),
            measure(
                Case("process", cheap, "MiB"),
                [
                    peers.procmem("memoryUsage", "process, cheap", few, many),
                    peers.floor("process, cheap", few, many),
                    peers.libproc2("RSS", "process, cheap", few, many),
                    peers.psutil("memory_info", "process, cheap", few, many),
                    peers.ps("rss"),
                ],
                scene,
                rounds,
            ),
            measure(
                Case("process", accurate, "MiB"),
                [
                    peers.procmem("memoryUsage", "process, accurate", few, 2),
                    peers.floor("process, accurate", few, 2),
                    peers.libproc2("PSS", "process, accurate", few, 2),
                    peers.psutil("memory_full_info", "process, accurate", few, 2),
                    peers.procmem("sampled", "process, sampled", few, 2),
                    peers.procmem("sampler, within 100 ms", "process, within, sampler", few, 2),
                    peers.ps("pss"),
                    peers.pmap(),
                ],
                scene,
                rounds,
            ),
        ]
