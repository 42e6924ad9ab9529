"""The tables of a report."""

from __future__ import annotations

import re
import statistics

from tabulate import tabulate

from .measuring import Case, Entry
from .suites.micro import Function
from .targets import Verdict, ratio_text

markdown = "github"


def of_case(case: Case) -> str:
    """Returns a table with the tool, its times, the ratios to the first tool, and the reported value. The time of a
    whole process is not compared with the time of a call."""
    reference = next((entry for entry in case.entries if entry.samples), None)
    rows = [row(entry, case, reference) for entry in case.entries if entry.samples]
    reports = f"reports{', ' + case.unit if case.unit else ''}"
    heading = ["tool", "median time", "min", "max", "ratio (min–max)", reports]
    lines = [tabulate(rows, heading, markdown, colalign=("left", *["right"] * 5), disable_numparse=True)]
    if case.truth is not None:
        lines.append(
            f"The correct value is {shown(case.truth, case.unit)}{' ' + case.unit if case.unit else ''}"
            + (", counted by page frames." if case.unit else ".")
        )
    lines += [f"Bounds, {note_text(note)}." for note in case.notes]
    lines += [f"{fact}." for fact in case.facts]
    lines += not_run(case.entries)
    return "\n\n".join(lines)


def row(entry: Entry, case: Case, reference: Entry | None) -> list[str]:
    times = [sample.nanoseconds for sample in entry.samples]
    ratios = case.ratios(entry.name, reference.name) if reference and entry.is_call == reference.is_call else []
    text = (
        f"{ratio_text(statistics.median(ratios))} ({ratio_text(min(ratios))} – {ratio_text(max(ratios))})"
        if ratios
        else ""
    )
    return [
        entry.name,
        *map(time_text, (statistics.median(times), min(times), max(times))),
        text,
        answer_text(entry, case),
    ]


def not_run(entries: list[Entry]) -> list[str]:
    reasons = [f"{entry.name} ({entry.why_not})" for entry in entries if entry.why_not]
    return [f"Not run: {', '.join(reasons)}."] if reasons else []


def answer_text(entry: Entry, case: Case) -> str:
    answers = [sample.answer for sample in entry.samples if sample.answer is not None]
    if not answers:
        return ""
    least, greatest = shown(min(answers), case.unit), shown(max(answers), case.unit)
    text = least if least == greatest else f"{least} to {greatest}"
    return f"**{text}**" if is_wrong(entry, case) else text


def is_wrong(entry: Entry, case: Case) -> bool:
    """Returns whether a count is not the correct one, or memory is more than 10 % off."""
    if case.truth is None or entry.answer is None:
        return False
    return abs(entry.answer / case.truth - 1) > (0.1 if case.unit else 0)


def shown(value: int, unit: str) -> str:
    scale = {"MiB": 1 << 20, "KiB": 1 << 10}.get(unit, 1)
    return f"{value / scale:,.0f}"


def note_text(note: str) -> str:
    return re.sub(r"\d+", lambda found: f"{int(found.group()) / (1 << 20):,.0f}", note) + " MiB"


def time_text(nanoseconds: float) -> str:
    for unit, size in (("s", 1e9), ("ms", 1e6), ("µs", 1e3)):
        if nanoseconds >= size * (10 if unit == "s" else 1):
            return (
                f"{nanoseconds / size:,.3g} {unit}"
                if nanoseconds / size < 1000
                else f"{nanoseconds / size:,.0f} {unit}"
            )
    return f"{nanoseconds:.0f} ns"


def of_growth(cases: list[Case]) -> str:
    """Returns one table for a scale: the median time of each tool at each point."""
    names = list(dict.fromkeys(entry.name for case in cases for entry in case.entries))
    rows = []
    for name in names:
        entries = [case.entry(name) for case in cases]
        rows.append([name, *(time_text(entry.median) if entry else "–" for entry in entries)])
    table = tabulate(
        rows,
        [f"tool, median time by {cases[0].scale}", *(f"{case.at:,.0f}" for case in cases)],
        markdown,
        colalign=("left", *["right"] * len(cases)),
        disable_numparse=True,
    )
    # A tool may succeed at some points and fail at others.
    reasons = dict.fromkeys(reason for case in cases for reason in not_run(case.entries))
    return "\n\n".join([table, *reasons])


def of_parts(cases: list[Case]) -> str:
    """Returns one table for several cases of the same tools, with the median time in each."""
    rows = [
        [entry.name, *(time_text(other.median) if (other := case.entry(entry.name)) else "not run" for case in cases)]
        for entry in cases[0].entries
    ]
    return tabulate(
        rows,
        ["tool that reads the target", *(case.title.rsplit(": ", 1)[1] for case in cases)],
        markdown,
        colalign=("left", *["right"] * len(cases)),
        disable_numparse=True,
    )


def is_fact(case: Case) -> bool:
    """Returns whether a case is about sizes and counts, not times."""
    return all(sample.nanoseconds == 0 for entry in case.entries for sample in entry.samples)


def of_facts(cases: list[Case]) -> str:
    """Returns one table for several cases about sizes and counts of the same programs."""
    rows = [[entry.name, *(answer_text(case.entry(entry.name), case) for case in cases)] for entry in cases[0].entries]
    return tabulate(
        rows,
        ["program", *(f"{case.title}{', ' + case.unit if case.unit else ''}" for case in cases)],
        markdown,
        colalign=("left", *["right"] * len(cases)),
        disable_numparse=True,
    )


def of_functions(functions: list[Function]) -> str:
    rows = [
        [
            each.name,
            *(time_text(value * 1000) for value in (each.median, each.least, each.greatest)),
            f"{each.allocations:.4g}",
            "not counted" if each.instructions is None else f"{each.instructions:,.0f}",
        ]
        for each in functions
    ]
    return tabulate(
        rows,
        ["function", "median time of a call", "min", "max", "allocations", "instructions"],
        markdown,
        colalign=("left", *["right"] * 5),
        disable_numparse=True,
    )


def of_verdicts(verdicts: list[Verdict]) -> str:
    marks = {True: "met", False: "**missed**", None: "–"}
    return tabulate(
        [[each.work, each.asked, each.seen, marks[each.is_met]] for each in verdicts],
        ["measurement", "target", "result: median (min to max)", ""],
        markdown,
        disable_numparse=True,
    )
