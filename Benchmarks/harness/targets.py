"""The targets for the cost of ProcMem, most of them relative to other tools in the same run."""

from __future__ import annotations

import re
import statistics
from dataclasses import dataclass

from .measuring import Case
from .suites import cgroups, cpu, delivery, growth, many, process, processes


@dataclass(frozen=True)
class Verdict:
    """The result of one target: the target, the measured value, and whether the target is met; None if not measured."""

    work: str
    asked: str
    seen: str
    is_met: bool | None


def verdicts(cases: list[Case]) -> list[Verdict]:
    by_title = {case.title: case for case in cases}
    C, distinct = "the same reads in C", processes.tree_distinct
    found = [
        at_most(by_title, process.kept, "ProcMem MemoryReader", C, 1.15),
        no_allocation(by_title, process.kept, "ProcMem MemoryReader"),
        at_most(by_title, process.cheap, "ProcMem memoryUsage", C, 1.3),
        at_most(by_title, process.accurate, "ProcMem memoryUsage", C, 1.05),
        at_most(by_title, processes.tree_list, "ProcMem processList", C, 1.05),
        at_most(by_title, processes.tree_cheap, "ProcMem memorySnapshot, cheap", C, 1.2),
        bracket(by_title.get(processes.tree_cheap)),
        at_most(by_title, distinct, "ProcMem sampled", "psutil memory_full_info", 1 / 50),
        near(by_title, distinct, "ProcMem sampled", 0.03),
        at_most(by_title, distinct, "ProcMem sampler, within 100 ms, warm", "psutil memory_full_info", 1 / 3000),
        near(by_title, distinct, "ProcMem sampler, within 100 ms, warm", 0.01),
        at_most(by_title, distinct, "ProcMem sampler, within 100 ms, warm", "ProcMem memorySnapshot, cheap", 1),
        at_most(by_title, cpu.at_root, "ProcMem effectiveCPUCount()", "Rust available_parallelism", 1),
        at_most(by_title, cpu.in_fourth, "ProcMem effectiveCPUCount()", "Rust available_parallelism", 1),
        within(by_title, cpu.in_fourth, "ProcMem CPULimitReader", 4000),
        at_most(by_title, cgroups.limit, "ProcMem ContainerMemoryReader", C, 1.2),
        no_allocation(by_title, cgroups.limit, "ProcMem ContainerMemoryReader"),
        *(verdict for count in cgroups.sizes for verdict in cgroup_totals(by_title, cgroups.totals(count))),
        *(worst(by_title, title, name, limit) for title, name, limit in delivery.limits),
        at_most(by_title, many.live, "ProcMem memorySnapshot", C, 1.2),
        at_most(by_title, many.live, "ProcMem sampler, warm", "ProcMem memorySnapshot", 0.5),
        at_most(by_title, many.listed(many.most_count), "ProcMem memorySnapshot", C, 1.2),
        *(flat(cases, name) for name in ("ProcMem cheap", "ProcMem sampled", "ProcMem sampler, within 100 ms, warm")),
        *(linear(cases, name) for name in ("ProcMem cheap", "ProcMem sampled", "ProcMem sampler, within 100 ms, warm")),
    ]
    return found


def cgroup_totals(cases: dict[str, Case], title: str) -> list[Verdict]:
    return [
        at_most(cases, title, "ProcMem totals", "the same reads in C", 2),
        within(cases, title, "ProcMem totals", 200_000),
    ]


def at_most(cases: dict[str, Case], title: str, name: str, reference: str, limit: float) -> Verdict:
    asked = f"at most {ratio_text(limit)} the time of {reference}"
    ratios = cases[title].ratios(name, reference) if title in cases else []
    if not ratios:
        return Verdict(work(title, name), asked, "not measured", None)
    seen = statistics.median(ratios)
    return Verdict(
        work(title, name),
        asked,
        f"{ratio_text(seen)} ({ratio_text(min(ratios))} to {ratio_text(max(ratios))})",
        seen <= limit,
    )


def no_allocation(cases: dict[str, Case], title: str, name: str) -> Verdict:
    """No batch allocated. A counter that stands still proves nothing: something else must have been counted."""
    asked = "no heap allocation in any batch"
    entry = cases[title].entry(name) if title in cases else None
    count = entry.allocations if entry else None
    if count is None:
        return Verdict(work(title, name), asked, "not measured", None)
    if not any(other.allocations for case in cases.values() for other in case.entries):
        return Verdict(work(title, name), asked, "not measured: no allocation was counted in the whole run", None)
    return Verdict(work(title, name), asked, f"at most {count:g} a call", count == 0)


def within(cases: dict[str, Case], title: str, name: str, nanoseconds: float) -> Verdict:
    entry = cases[title].entry(name) if title in cases else None
    asked = f"at most {nanoseconds / 1000:g} µs"
    if not entry:
        return Verdict(work(title, name), asked, "not measured", None)
    return Verdict(work(title, name), asked, f"{entry.median / 1000:.2f} µs", entry.median <= nanoseconds)


def worst(cases: dict[str, Case], title: str, name: str, nanoseconds: float) -> Verdict:
    """Every sample, and not the median: a change that is delivered late is late."""
    entry = cases[title].entry(name) if title in cases else None
    asked = f"each within {nanoseconds / 1e6:g} ms"
    times = [sample.nanoseconds / 1e6 for sample in entry.samples] if entry else []
    if not times:
        return Verdict(work(title, name), asked, "not measured", None)
    seen = f"at most {max(times):.1f} ms, median {statistics.median(times):.1f} ms, of {len(times)}"
    return Verdict(work(title, name), asked, seen, max(times) * 1e6 <= nanoseconds)


def near(cases: dict[str, Case], title: str, name: str, part: float) -> Verdict:
    case = cases.get(title)
    entry = case.entry(name) if case else None
    asked = f"every result within {part:.0%} of the correct value"
    if not entry or not case.truth:
        return Verdict(work(title, name), asked, "not measured", None)
    errors = [abs(sample.answer / case.truth - 1) for sample in entry.samples if sample.answer is not None]
    if not errors:
        return Verdict(work(title, name), asked, "not measured", None)
    return Verdict(
        work(title, name), asked, f"at most {max(errors):.2%} off, {len(errors)} results", max(errors) <= part
    )


def bracket(case: Case | None) -> Verdict:
    asked = "its bounds contain the correct value and are at most 8 % wide"
    name = work(processes.tree_cheap, "ProcMem memorySnapshot, cheap")
    note = next((note for note in case.notes if note.startswith("cheap")), None) if case else None
    if not note or not case.truth:
        return Verdict(name, asked, "not measured", None)
    lower, upper, _ = map(int, re.findall(r"\d+", note))
    width = (upper - lower) / case.truth
    contains = lower <= case.truth <= upper
    found = f"{'contain it' if contains else 'do not contain it'}, {width:.1%} wide"
    return Verdict(name, asked, found, contains and width <= 0.08)


def flat(cases: list[Case], name: str) -> Verdict:
    """Compares the largest process with the smallest. A reading that grows with memory takes about 30 times as long; a
    factor of up to 1.5 may be noise."""
    return grown(cases, growth.memory_scale, name, 1.5, "flat in resident memory", lambda less, more: 1)


def linear(cases: list[Case], name: str) -> Verdict:
    return grown(cases, growth.process_scale, name, 1.5, "linear in processes", lambda less, more: more / less)


def grown(cases: list[Case], scale: str, name: str, limit: float, asked: str, expected) -> Verdict:
    points = [(case.at, case.entry(name)) for case in cases if case.scale == scale]
    points = [(at, entry) for at, entry in points if entry and at >= 100]
    asked = f"{asked}: at most {limit:g} × the expected time"
    if len(points) < 2:
        return Verdict(f"{name}, growth", asked, "not measured", None)
    (less, first), (more, last) = points[0], points[-1]
    # The minimum times, because the two were measured at different moments, and noise only adds time.
    seen = last.least / first.least / expected(less, more)
    return Verdict(f"{name}, growth", asked, f"{seen:.2f} × from {less:g} to {more:g}", seen <= limit)


def work(title: str, name: str) -> str:
    return f"{name} · {title}"


def ratio_text(ratio: float) -> str:
    if ratio < 0.4:
        return f"1/{1 / ratio:,.0f}" if ratio < 0.1 else f"1/{1 / ratio:.1f}"
    return f"{ratio:.2f} ×" if ratio < 10 else f"{ratio:,.0f} ×"
