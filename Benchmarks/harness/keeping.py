"""Writes a run to files: every figure as JSON, the tables as Markdown, the plots as SVG."""

from __future__ import annotations

import json
from pathlib import Path

from . import machine, plots, tables
from .measuring import Case
from .suites import growth, others, story
from .suites.micro import Function
from .targets import Verdict

headings = {
    "cpu": "Number of CPUs",
    "process": "One process",
    "processes": "Many processes",
    "cgroups": "Cgroups",
    "many": "Large machines",
    "delivery": "Delivery of changes",
    "story": "A notebook server",
    "growth": "Growth",
    "others": "Effect of a reading on its target",
    "linked": "The cost of linking ProcMem",
    "micro": "Single functions",
}


def keep(folder: Path, described: dict, cases: list[Case], functions: list[Function], verdicts: list[Verdict]) -> str:
    """Writes all files, and returns the report."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "results.json").write_text(as_json(described, cases, functions, verdicts))
    pictures = draw(folder, cases)
    text = report(described, cases, functions, verdicts, pictures)
    (folder / "report.md").write_text(text)
    return text


def report(
    described: dict, cases: list[Case], functions: list[Function], verdicts: list[Verdict], pictures: dict[str, str]
) -> str:
    versions = ", ".join(f"{name} {version or 'not installed'}" for name, version in described["versions"].items())
    parts = [
        f"# ProcMem compared with other tools\n\n{machine.summary(described)}.\n\n{versions}.",
        "Each ratio compares a tool with the first line of its table, in the same round: median (min – max). "
        "Reported values in bold are wrong.",
        "ProcMem divides lists of 512 or more processes, and 64 or more children of one process, among as many "
        "threads as there are CPUs, at most four. All other tools use one thread.",
    ]
    if verdicts:
        parts.append(f"## Targets\n\n{tables.of_verdicts(verdicts)}")
    for suite in dict.fromkeys(case.suite for case in cases):
        parts.append(f"## {headings[suite]}")
        parts += of_suite([case for case in cases if case.suite == suite], pictures)
    if functions:
        parts.append(f"## {headings['micro']}\n\n{tables.of_functions(functions)}")
    return "\n\n".join(parts) + "\n"


def of_suite(cases: list[Case], pictures: dict[str, str]) -> list[str]:
    if cases[0].suite == "others":
        return [f"{others.title}\n\n{tables.of_parts(cases)}", picture(pictures, others.title)]
    parts = []
    for scale in dict.fromkeys(case.scale for case in cases):
        group = [case for case in cases if case.scale == scale]
        if scale:
            parts += [tables.of_growth(group), picture(pictures, scale)]
            continue
        for case in (case for case in group if not tables.is_fact(case)):
            parts += [
                f"### {case.title[0].upper()}{case.title[1:]}\n\n{tables.of_case(case)}",
                picture(pictures, case.title),
            ]
    facts = [case for case in cases if tables.is_fact(case)]
    return [part for part in (*parts, tables.of_facts(facts) if facts else "") if part]


def picture(pictures: dict[str, str], title: str) -> str:
    return f"![{title}]({pictures[title]})" if title in pictures else ""


def draw(folder: Path, cases: list[Case]) -> dict[str, str]:
    """Draws the plots of the measured cases, and returns the file names by title."""
    drawn = {}
    for scale, name in {
        growth.memory_scale: "memory",
        growth.huge_scale: "huge",
        growth.process_scale: "processes",
        growth.mapping_scale: "mappings",
        growth.cgroup_scale: "cgroups",
        growth.mount_scale: "mounts",
    }.items():
        group = [case for case in cases if case.scale == scale]
        if len(group) > 1:
            drawn[scale] = f"growth-{name}.svg"
            plots.growth(group, folder / drawn[scale])
    for case in cases:
        if case.title == story.title:
            drawn[case.title] = "story.svg"
            plots.story(case, folder / drawn[case.title])
    group = [case for case in cases if case.suite == "others"]
    if group:
        drawn[others.title] = "others.svg"
        plots.others(group, folder / drawn[others.title])
    return drawn


def as_json(described: dict, cases: list[Case], functions: list[Function], verdicts: list[Verdict]) -> str:
    """Returns JSON with one line for each tool, so that two runs can be compared line by line."""
    lines = [json.dumps(described)[:-1] + ","]
    lines.append(' "targets": [' + ",".join("\n  " + json.dumps(vars(verdict)) for verdict in verdicts) + "],")
    lines.append(' "functions": [' + ",".join("\n  " + json.dumps(vars(function)) for function in functions) + "],")
    lines.append(' "cases": [' + ",".join(case_json(case) for case in cases) + "]}\n")
    return "\n".join(lines)


def case_json(case: Case) -> str:
    head = {
        "suite": case.suite,
        "title": case.title,
        "at": case.at,
        "scale": case.scale,
        "truth": case.truth,
        "notes": case.notes,
    }
    entries = ",".join(
        "\n   "
        + json.dumps(
            {
                "name": entry.name,
                "isCall": entry.is_call,
                "notRun": entry.why_not,
                "rounds": [
                    [[sample.answer, round(sample.nanoseconds), sample.allocations] for sample in samples]
                    for samples in entry.rounds
                ],
            }
        )
        for entry in case.entries
    )
    return "\n  " + json.dumps(head)[:-1] + f', "subjects": [{entries}]}}'
