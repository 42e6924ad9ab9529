"""The time from a change of a limit, or a counted event, to its delivery by a sequence with the default intervals."""

from __future__ import annotations

from .. import peers, scenes
from ..measuring import Case, measure

quota = "delivery of a change of the quota"
limit = "delivery of a change of the memory limit"
event = "delivery of a limit that is hit"
available = "delivery of available memory below a threshold, polled every second"

changes, memory_changes = "CPULimitChanges", "ContainerMemoryChanges"
# The title of the case, the subject, and the longest time in nanoseconds. A threshold takes one polling interval.
limits = [
    (quota, f"ProcMem {changes}", 100e6),
    (limit, f"ProcMem {memory_changes}", 100e6),
    (event, f"ProcMem {memory_changes}", 100e6),
    (available, f"ProcMem {memory_changes}", 1050e6),
]


def cases(rounds: int) -> list[Case]:
    """One process for each case, which measures every change."""
    found = []
    with scenes.own_cgroups() as scene:
        if not scene:
            return []
        for title, name, case, batches in (
            (quota, changes, "delivery, quota", 10 * rounds),
            (limit, memory_changes, "delivery, limit", 10 * rounds),
            (event, memory_changes, "delivery, event", 10 * rounds),
            (available, memory_changes, "delivery, available memory", 2 * rounds),
        ):
            found.append(measure(Case("delivery", title), [peers.procmem(name, case, batches)], scene, 1))
    return found
