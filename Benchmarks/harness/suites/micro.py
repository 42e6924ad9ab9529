"""Single functions, measured with ordo-one/benchmark: time, heap allocations, and instructions if the machine counts
them."""

from __future__ import annotations

import json
import os
import re
import subprocess
from dataclasses import dataclass

from .. import places, scenes
from ..measuring import progress


@dataclass(frozen=True)
class Function:
    """One function: the minimum, median and maximum time of a call in µs, its allocations, and its instructions, if
    they are counted."""

    name: str
    samples: int
    least: float
    median: float
    greatest: float
    allocations: float
    instructions: float | None


def functions() -> list[Function]:
    progress("micro: ordo-one/benchmark")
    with scenes.holding(8, 64) as scene:
        command = [
            "swift",
            "package",
            "--package-path",
            str(places.benchmarks),
            "--scratch-path",
            str(places.scratch),
            "--disable-sandbox",
            "benchmark",
            "--target",
            "Micro",
            "--format",
            "jmh",
            "--path",
            "stdout",
            "--no-progress",
            "--quiet",
        ]
        output = subprocess.run(
            command,
            env={**os.environ, **scene.environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            check=True,
        ).stdout
    progress("")
    # In the names, the format replaces spaces with underscores and adds a path in front.
    elements = {
        element["benchmark"].split("Micro.", 1)[1]: element for element in json.loads(output[output.index("[{") :])
    }
    return [function(name, elements[name.replace(" ", "_")]) for name in names()]


def function(name: str, element: dict) -> Function:
    metrics = element["secondaryMetrics"]
    calls = percentile(metrics["Calls"], 50)
    wall = metrics["Time (wall clock)"]
    instructions = metrics.get("Instructions")
    return Function(
        name,
        element["measurementIterations"],
        percentile(wall, 0) / calls,
        percentile(wall, 50) / calls,
        percentile(wall, 100) / calls,
        percentile(metrics["Heap allocations"], 50) / calls,
        percentile(instructions, 50) / calls if instructions and percentile(instructions, 50) > 0 else None,
    )


def percentile(metric: dict, part: int) -> float:
    return float(metric["scorePercentiles"][f"{part}.0"])


def names() -> list[str]:
    """Returns the functions in the order of the source, in which each function is followed by the same reads in C."""
    text = "".join(
        (places.benchmarks / "Benchmarks/Micro" / f"{part}Benchmarks.swift").read_text()
        for part in ("Memory", "CPU", "Parser")
    )
    listed = re.findall(r'(?:measure|Benchmark)\("([^"]*)"', text)
    return [
        name.replace("\\(name)", mode) for name in listed for mode in (("cheap", "within") if "\\(" in name else ("",))
    ]
