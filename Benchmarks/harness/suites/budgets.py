"""The width of the bounds of trees at rest against the time that a reading may take.

A larger budget must not give wider bounds.
"""

from __future__ import annotations

import json
import statistics
from dataclasses import asdict, dataclass
from pathlib import Path

from .. import trees
from .estimator import ask

milliseconds = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000]
# By how much the bounds with a larger budget may be wider: the noise of the medians.
tolerance = 1.05
# Bounds are in whole pages, and the files that the reading program itself maps count.
least_bytes = 64 << 10


@dataclass
class Width:
    """The medians of the readings of one tree with one budget."""

    scene: str
    budget: int
    width: float | None
    milliseconds: float


def measured(runs: int, only: list[str]) -> list[Width]:
    """Reads each tree with each budget, as the ordinary user. The budgets take turns."""
    results = []
    with trees.folder_with([]) as (folder, readers):
        for scene, root in trees.each("budgets", folder, only):
            answers: dict[int, list[dict]] = {budget: [] for budget in milliseconds}
            for _ in range(runs):
                for budget in milliseconds:
                    answers[budget].append(ask(readers[0], root, ["--budget", f"{budget}ms"], "user"))
            results += [median(scene, budget, found) for budget, found in answers.items()]
    return results


def median(scene: str, budget: int, answers: list[dict]) -> Width:
    widths = [answer["upper"] - answer["lower"] for answer in answers if answer["upper"] is not None]
    return Width(
        scene,
        budget,
        statistics.median(widths) if len(widths) == len(answers) else None,
        statistics.median(answer["milliseconds"] for answer in answers),
    )


def wider(results: list[Width]) -> list[Width]:
    """The results with wider bounds than a smaller budget gave for the same tree."""
    found = []
    for scene in dict.fromkeys(result.scene for result in results):
        narrowest = None
        for result in sorted((r for r in results if r.scene == scene), key=lambda r: r.budget):
            if result.width is None:
                if narrowest is not None:
                    found.append(result)
                continue
            if narrowest is not None and result.width > narrowest * tolerance + least_bytes:
                found.append(result)
            narrowest = result.width if narrowest is None else min(narrowest, result.width)
    return found


def table(results: list[Width]) -> str:
    bad = {(result.scene, result.budget) for result in wider(results)}
    lines = [
        "| scene | " + " | ".join(f"{budget} ms" for budget in milliseconds) + " |",
        "|---|" + "---|" * len(milliseconds),
    ]
    for scene in dict.fromkeys(result.scene for result in results):
        cells = []
        for result in results:
            if result.scene == scene:
                width = "none" if result.width is None else f"{result.width / trees.MEBIBYTE:.1f}"
                mark = ", **wider**" if (scene, result.budget) in bad else ""
                cells.append(f"{width}{mark}; {result.milliseconds:.1f} ms")
        lines.append(f"| {scene} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def keep(folder: Path, described: dict, results: list[Width]) -> str:
    """Writes all figures and the table, and returns the table."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = [asdict(result) for result in results]
    (folder / "budgets.json").write_text(json.dumps({**described, "results": rows}, indent=1) + "\n")
    text = (
        "# Bounds of trees at rest against the budget of a reading\n\n"
        "The distance between the bounds in MiB, and the time that the reading took: medians, as the ordinary user "
        f"that owns the tree.\n\n{table(results)}\n"
    )
    (folder / "budgets.md").write_text(text)
    return text
