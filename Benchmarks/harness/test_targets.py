"""Every kind of target can be met, missed, and not measured. Run by scripts/lint; needs no package."""

from __future__ import annotations

import importlib.util
import sys
import types
import unittest

# The scenes use it, the targets do not.
if not importlib.util.find_spec("psutil"):
    sys.modules["psutil"] = types.ModuleType("psutil")

from . import targets
from .measuring import Case, Entry
from .subjects import Sample
from .suites import budgets, growth, processes


def entry(name: str, *samples: Sample, why_not: str | None = None) -> Entry:
    """One round for each sample."""
    return Entry(name, is_call=True, why_not=why_not, rounds=[[sample] for sample in samples])


def times(name: str, *nanoseconds: float) -> Entry:
    return entry(name, *(Sample(1, time) for time in nanoseconds))


def allocations(name: str, *counts: float | None) -> Entry:
    return entry(name, *(Sample(1, 1, count) for count in counts))


def cases(*entries: Entry, truth: int | None = None) -> dict[str, Case]:
    return {"title": Case("suite", "title", truth=truth, entries=list(entries))}


class TargetsTests(unittest.TestCase):
    def test_a_ratio(self) -> None:
        def is_met(*entries: Entry) -> bool | None:
            return targets.at_most(cases(*entries), "title", "own", "peer", 1.2).is_met

        self.assertIs(is_met(times("own", 110, 120, 200), times("peer", 100, 100, 100)), True)
        self.assertIs(is_met(times("own", 110, 121, 200), times("peer", 100, 100, 100)), False)
        self.assertIsNone(is_met(times("own", 110)))
        self.assertIsNone(is_met(times("own", 110), entry("peer", Sample(1, 100), why_not="failed")))

    def test_wider_bounds(self) -> None:
        def wider(*widths: float | None) -> list[int]:
            results = [budgets.Width("tree", budget + 1, width, 1) for budget, width in enumerate(widths)]
            return [result.budget for result in budgets.wider([*results, budgets.Width("other", 1, 1, 1)])]

        self.assertEqual(wider(100e6, 104e6, 50e6, 52e6), [])
        self.assertEqual(wider(100e6, 106e6, 50e6, 53e6, 10e6, 10e6), [2, 4])
        # The comparison is with the narrowest before, not with the last.
        self.assertEqual(wider(100e6, 104e6, 108e6), [3])
        self.assertEqual(wider(None, 100e6, None), [3])
        # The reading program maps files of its own.
        self.assertEqual(wider(0, 4096), [])

    def test_allocations(self) -> None:
        def is_met(*entries: Entry) -> bool | None:
            return targets.no_allocation(cases(*entries), "title", "own").is_met

        other = allocations("other", 3)
        self.assertIs(is_met(allocations("own", 0, 0), other), True)
        self.assertIs(is_met(allocations("own", 0, 0.005, 0), other), False)
        self.assertIsNone(is_met(allocations("own", None), other))
        self.assertIsNone(is_met(allocations("own", 0, 0)), "the counter has counted nothing")
        self.assertIsNone(is_met(other))

    def test_a_time(self) -> None:
        def is_met(*entries: Entry) -> bool | None:
            return targets.within(cases(*entries), "title", "own", 100).is_met

        self.assertIs(is_met(times("own", 90, 100, 150)), True)
        self.assertIs(is_met(times("own", 90, 101, 150)), False)
        self.assertIsNone(is_met())

    def test_every_time(self) -> None:
        def is_met(*entries: Entry) -> bool | None:
            return targets.worst(cases(*entries), "title", "own", 100).is_met

        self.assertIs(is_met(times("own", 90, 100, 20)), True)
        self.assertIs(is_met(times("own", 90, 10, 101)), False, "the median alone does not count")
        self.assertIsNone(is_met())

    def test_an_answer_near_the_truth(self) -> None:
        def is_met(*answers: int | None, truth: int | None = 100) -> bool | None:
            own = entry("own", *(Sample(answer, 1) for answer in answers))
            return targets.near(cases(own, truth=truth), "title", "own", 0.03).is_met

        self.assertIs(is_met(98, 102), True)
        self.assertIs(is_met(100, 100, 96), False)
        self.assertIsNone(is_met(None))
        self.assertIsNone(is_met(100, truth=None))

    def test_bounds(self) -> None:
        def is_met(note: str, truth: int | None = 100) -> bool | None:
            return targets.bracket(Case("suite", processes.tree_cheap, truth=truth, notes=[note])).is_met

        self.assertIs(is_met("cheap: 97 to 104, likely 100"), True)
        self.assertIs(is_met("cheap: 101 to 104, likely 102"), False)
        self.assertIs(is_met("cheap: 95 to 104, likely 100"), False)
        self.assertIsNone(is_met("another note"))
        self.assertIsNone(targets.bracket(None).is_met)

    def test_growth(self) -> None:
        def is_met(judge, scale: str, *points: tuple[int, float]) -> bool | None:
            grown = [Case("growth", str(at), at=at, scale=scale, entries=[times("own", time)]) for at, time in points]
            return judge(grown, "own").is_met

        flat, linear = (targets.flat, growth.memory_scale), (targets.linear, growth.process_scale)
        self.assertIs(is_met(*flat, (128, 10), (8192, 15)), True)
        self.assertIs(is_met(*flat, (128, 10), (8192, 16)), False)
        self.assertIs(is_met(*linear, (100, 10), (1000, 150)), True)
        self.assertIs(is_met(*linear, (100, 10), (1000, 160)), False)
        self.assertIsNone(is_met(*flat, (128, 10)))


if __name__ == "__main__":
    unittest.main()
