"""Measures all tools alternately, round after round, so that other load on the machine affects all of them equally."""

from __future__ import annotations

import statistics
import sys
from dataclasses import dataclass, field

from .subjects import Sample, Scene, Subject


@dataclass
class Entry:
    """The results of one tool: the samples of each round, or the reason why there are none."""

    name: str
    is_call: bool
    why_not: str | None
    rounds: list[list[Sample]] = field(default_factory=list)

    @property
    def samples(self) -> list[Sample]:
        return [sample for samples in self.rounds for sample in samples]

    @property
    def median(self) -> float | None:
        return median_time(self.samples)

    @property
    def least(self) -> float:
        return min(sample.nanoseconds for sample in self.samples)

    @property
    def answer(self) -> int | None:
        answers = [sample.answer for sample in self.samples if sample.answer is not None]
        return statistics.median_low(answers) if answers else None

    @property
    def allocations(self) -> float | None:
        """The largest count of all batches: a call that allocates only sometimes does allocate."""
        counts = [sample.allocations for sample in self.samples if sample.allocations is not None]
        return max(counts) if counts else None


@dataclass
class Case:
    """One measurement of several tools in one run. `at` is the position on `scale`, and `truth` the correct result, if
    known."""

    suite: str
    title: str
    unit: str = ""
    at: float | None = None
    scale: str | None = None
    truth: int | None = None
    # Bounds in bytes, and sentences.
    notes: list[str] = field(default_factory=list)
    facts: list[str] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)

    def entry(self, name: str) -> Entry | None:
        return next(
            (entry for entry in self.entries if entry.name == name and entry.samples and not entry.why_not), None
        )

    def ratios(self, name: str, reference: str) -> list[float]:
        """Returns the time of a tool divided by the time of another one, for each round."""
        one, other = self.entry(name), self.entry(reference)
        if not one or not other:
            return []
        pairs = zip(map(median_time, one.rounds), map(median_time, other.rounds))
        return [mine / theirs for mine, theirs in pairs if mine and theirs]


def median_time(samples: list[Sample]) -> float | None:
    return statistics.median(sample.nanoseconds for sample in samples) if samples else None


def measure(case: Case, subjects: list[Subject], scene: Scene, rounds: int) -> Case:
    case.entries = [Entry(subject.name, subject.is_call, subject.why_not) for subject in subjects]
    for index in range(rounds):
        pairs = list(zip(subjects, case.entries))
        # Reversed in every second round, so that no tool always runs after the same other one.
        for subject, entry in pairs if index % 2 == 0 else reversed(pairs):
            progress(f"{case.suite}: {case.title}, round {index + 1} of {rounds}: {subject.name}")
            if entry.why_not:
                continue
            try:
                entry.rounds.append(subject.samples(scene))
            except (RuntimeError, OSError) as error:
                # The failure of a tool is a result too, and must not prevent the results of the others.
                entry.why_not = f"failed: {error}"
                print(f"bench: {case.title}: {subject.name} {entry.why_not}", file=sys.stderr)
    progress("")
    return case


def progress(text: str) -> None:
    """Shows the progress, only if standard error is a terminal."""
    if sys.stderr.isatty():
        print(f"\r\033[K{text[:110]}", end="", file=sys.stderr, flush=True)
