"""The distinct memory that `procmem memory` reports for trees at rest, compared with their page frames: once as the
ordinary user that owns the trees, and once as root."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

from .. import places, trees
from ..scenes import members_of

readings = {
    "cheap": ["--mode", "cheap"],
    "sampled 64": ["--reads", "64"],
    "sampled 256": ["--reads", "256"],
    "within 100 ms": ["--budget", "100ms"],
}


@dataclass
class Accuracy:
    """What one program reported for one scene in one mode as one user, in % of the truth."""

    scene: str
    processes: int
    truth: int
    program: str
    mode: str
    user: str
    median_error: float | None
    worst_error: float | None
    lower: float
    upper: float | None
    outside: int
    falsely_proven: int
    runs: int
    milliseconds: float


def measured(runs: int, others: list[str], only: list[str]) -> list[Accuracy]:
    """Measures the scenes.

    others: Other programs with the command line of procmem. Each reads in turn with it.
    only: The names of the scenes; all if there is none.
    """
    results: list[Accuracy] = []
    with trees.folder_with(others) as (folder, readers):
        for scene, root in trees.each("estimator", folder, only):
            results += accuracy(scene, root, readers, runs)
    return results


def truth(root: int) -> int:
    result = subprocess.run([str(places.built / "truth"), str(root)], stdout=subprocess.PIPE, text=True, check=True)
    return int(result.stdout)


def ask(reader: str, root: int, options: list[str], user: str) -> dict:
    command = [*(trees.as_user if user == "user" else []), reader, "memory", str(root), "--tree", *options, "--json"]
    answer = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True, cwd="/").stdout)
    return {**answer["total"]["distinctBytes"], "milliseconds": answer["elapsedMicroseconds"] / 1000}


def accuracy(scene: str, root: int, readers: list[str], runs: int) -> list[Accuracy]:
    before, found = truth(root), {}
    for run in range(runs):
        for mode, options in readings.items():
            if mode == "cheap" and run > 0:
                continue
            for user in ("user", "root"):
                # Each program is first in every other round.
                for reader in readers if run % 2 == 0 else readers[::-1]:
                    found.setdefault((mode, user, reader), []).append(ask(reader, root, options, user))
    low, high = sorted((before, truth(root)))
    if high > low * 1.01:
        print(f"{scene}: the memory changed from {low} to {high} bytes", file=sys.stderr)
    count = len(members_of(root))
    return [
        compared(answers, low, high, scene=scene, processes=count, program=Path(reader).name, mode=mode, user=user)
        for (mode, user, reader), answers in found.items()
    ]


def compared(answers: list[dict], low: int, high: int, **description) -> Accuracy:
    def percent(value: int) -> float:
        return 100 * (value / low - 1)

    errors = [percent(answer["estimate"]) for answer in answers if answer["estimate"] is not None]
    uppers = [percent(answer["upper"]) for answer in answers if answer["upper"] is not None]
    # The command that is started to read maps some of the same files.
    outside = [
        answer
        for answer in answers
        if answer["lower"] > high * 1.0005 or (answer["upper"] is not None and answer["upper"] < low * 0.9995)
    ]
    return Accuracy(
        **description,
        truth=low,
        median_error=statistics.median(map(abs, errors)) if errors else None,
        worst_error=max(errors, key=abs) if errors else None,
        lower=statistics.median(percent(answer["lower"]) for answer in answers),
        upper=statistics.median(uppers) if uppers else None,
        outside=len(outside),
        falsely_proven=sum(answer["proven"] for answer in outside),
        runs=len(answers),
        milliseconds=statistics.median(answer["milliseconds"] for answer in answers),
    )


def table(results: list[Accuracy]) -> str:
    """One line for each scene and program: the median errors, and how often the truth was outside of the bounds."""
    columns = [(mode, user) for mode in readings for user in ("user", "root")]
    lines = [
        "| scene (processes, MiB) | program | " + " | ".join(f"{mode}, {user}" for mode, user in columns) + " |",
        "|---|---|" + "---|" * len(columns),
    ]
    for scene, program in dict.fromkeys((result.scene, result.program) for result in results):
        found = {(r.mode, r.user): r for r in results if (r.scene, r.program) == (scene, program)}
        first = next(iter(found.values()))
        cells = [cell(found[column]) if column in found else "" for column in columns]
        size = f"{first.processes}, {first.truth / trees.MEBIBYTE:.0f}"
        lines.append(f"| {scene} ({size}) | {program} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def cell(result: Accuracy) -> str:
    error = "–" if result.median_error is None else f"{result.median_error:.1f}"
    missed = f", **{result.outside} of {result.runs} outside**" if result.outside else ""
    proof = ", **falsely proven**" if result.falsely_proven else ""
    return f"{error}{missed}{proof}; {result.milliseconds:.1f} ms"


def keep(folder: Path, described: dict, results: list[Accuracy]) -> str:
    """Writes all figures and the table, and returns the table."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = [asdict(result) for result in results]
    (folder / "estimator.json").write_text(json.dumps({**described, "results": rows}, indent=1) + "\n")
    text = (
        "# The distinct memory of trees at rest\n\n"
        "Median error in % of the truth by page frames, how often the truth was outside of the bounds, and the time of "
        f"a reading.\n\n{table(results)}\n"
    )
    (folder / "estimator.md").write_text(text)
    return text
