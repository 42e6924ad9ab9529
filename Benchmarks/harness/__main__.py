"""Compares ProcMem with other tools in one run. scripts/bench builds the programs and runs this module."""

from __future__ import annotations

import argparse
import os
import sys
import time
import traceback
from datetime import date
from functools import partial

from . import keeping, machine, measuring, places, tables, targets
from .suites import (
    budgets,
    cgroups,
    cpu,
    delivery,
    estimator,
    growth,
    linked,
    many,
    micro,
    others,
    process,
    processes,
    story,
)

suites = {
    # Many short rounds: the result is the median of the ratios of the rounds.
    "cpu": lambda rounds: cpu.cases(3 * rounds),
    "process": lambda rounds: process.cases(3 * rounds),
    "processes": processes.cases,
    "cgroups": lambda rounds: cgroups.cases(3 * rounds),
    "many": many.cases,
    "delivery": lambda rounds: delivery.cases(min(rounds, 4)),
    "story": lambda rounds: story.cases(min(rounds, 3)),
    "growth": lambda rounds: growth.cases(min(rounds, 2)),
    "others": lambda rounds: others.cases(min(rounds, 3)),
    "linked": lambda rounds: linked.cases(min(rounds, 5)),
}
assert suites.keys() <= keeping.headings.keys(), "every suite has a heading in the report"


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/bench", description="Compares ProcMem with other tools in one run.")
    parser.add_argument(
        "suites",
        nargs="*",
        metavar="SUITE",
        help=f"one of {', '.join([*suites, 'micro'])}; default: all of these. "
        "Or estimator or budgets, alone and as root",
    )
    parser.add_argument("--rounds", type=int, help="rounds; each tool runs in each (8; estimator: 30; budgets: 10)")
    parser.add_argument("--check", action="store_true", help="measure only cases with a target; fail if one is missed")
    parser.add_argument(
        "--quick", action="store_true", help="with --check: less than a minute, once everything is built"
    )
    parser.add_argument(
        "--keep", metavar="NAME", help="write the run to Benchmarks/runs/NAME (default: the date, then the suites)"
    )
    parser.add_argument(
        "--against", metavar="PROGRAM", action="append", default=[], help="estimator: another procmem, read in turn"
    )
    parser.add_argument(
        "--tree", metavar="NAME", action="append", default=[], help="estimator, budgets: only the tree of this name"
    )
    arguments = parser.parse_args()
    if arguments.suites in (["estimator"], ["budgets"]):
        return of_trees(arguments)
    arguments.rounds = 8 if arguments.rounds is None else arguments.rounds
    unknown = set(arguments.suites) - {*suites, "micro"}
    if unknown or arguments.rounds < 1 or (arguments.quick and not arguments.check):
        parser.error(
            f"no such suite: {', '.join(unknown)}" if unknown else "--rounds is at least 1; --quick requires --check"
        )
    return check(arguments) if arguments.check else run(arguments)


def run(arguments: argparse.Namespace) -> int:
    described, start = machine.description(), time.monotonic()
    chosen = arguments.suites or [*suites, "micro"]
    failures: list[str] = []

    def attempted(name: str, measure) -> list:
        """Returns the results of one suite. If the suite fails, the results of the others are kept."""
        try:
            return measure()
        except Exception:
            failures.append(name)
            traceback.print_exc()
            return []

    cases = []
    for name, measure in suites.items():
        if name in chosen:
            cases += attempted(name, partial(measure, arguments.rounds))
    functions = attempted("micro", micro.functions) if "micro" in chosen else []
    # A failure of ProcMem fails the run; a failure of another tool does not.
    failures += [
        f"{entry.name}, {case.title}"
        for case in cases
        for entry in case.entries
        if entry.name.startswith("ProcMem") and entry.why_not
    ]
    verdicts = targets.verdicts(cases) if not arguments.suites else []
    name = arguments.keep or "-".join([str(date.today()), *arguments.suites])
    print(keeping.keep(places.runs / name, described, cases, functions, verdicts))
    print(f"measured in {time.monotonic() - start:.0f} s; kept in Benchmarks/runs/{name}", file=sys.stderr)
    if failures:
        print(f"bench: failed: {', '.join(failures)}", file=sys.stderr)
    return 1 if failures else 0


def of_trees(arguments: argparse.Namespace) -> int:
    """Reads trees at rest: compares estimates with page frames, or bounds with the budget."""
    [suite] = arguments.suites
    if os.geteuid() != 0:
        print(f"bench: {suite} starts trees of another user, which root alone can do", file=sys.stderr)
        return 1
    described, start = machine.description(), time.monotonic()
    folder = places.runs / (arguments.keep or f"{date.today()}-{suite}")
    if suite == "estimator":
        estimates = estimator.measured(arguments.rounds or 30, arguments.against, arguments.tree)
        print(estimator.keep(folder, described, estimates))
        missed = [result.scene for result in estimates if result.falsely_proven]
    else:
        widths = budgets.measured(arguments.rounds or 10, arguments.tree)
        print(budgets.keep(folder, described, widths))
        missed = [f"{result.scene} at {result.budget} ms" for result in budgets.wider(widths)]
    print(f"measured in {time.monotonic() - start:.0f} s; kept in Benchmarks/runs/{folder.name}", file=sys.stderr)
    if missed:
        print(f"bench: {suite} failed: {', '.join(missed)}", file=sys.stderr)
    return 1 if missed else 0


def check(arguments: argparse.Namespace) -> int:
    """Measures only the cases with a target, and writes no files."""
    rounds = 2 if arguments.quick else arguments.rounds
    start = time.monotonic()
    cases = [*suites["cpu"](rounds), *suites["process"](rounds), *processes.cases(rounds, with_all=False)]
    cases += [*suites["cgroups"](rounds), *suites["delivery"](rounds), *suites["many"](rounds)]
    ends = {
        growth.memory_scale: (128, 2048) if arguments.quick else (128, 8192),
        growth.process_scale: (100, 300) if arguments.quick else (100, 1000),
    }
    for scale, points in ends.items():
        cases += growth.along(scale, rounds, points, own_alone=True)
    verdicts = targets.verdicts(cases)
    measuring.progress("")
    print(tables.of_verdicts(verdicts))
    missed = [verdict for verdict in verdicts if not verdict.is_met]
    print(
        f"{len(verdicts) - len(missed)} of {len(verdicts)} targets met, in {time.monotonic() - start:.0f} s",
        file=sys.stderr,
    )
    return 1 if missed else 0


sys.exit(main())
