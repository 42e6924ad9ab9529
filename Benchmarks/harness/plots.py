"""Plots of the growth of the cost, of the notebook server, and of the effect of a reading on its target."""

from __future__ import annotations

from pathlib import Path

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt
from matplotlib.ticker import FuncFormatter

from .measuring import Case
from .tables import time_text

# The same figures give the same file, so that a plot in Benchmarks/runs changes only with its figures.
plt.rcParams.update(
    {
        "svg.hashsalt": "procmem",
        "font.size": 9,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.grid": True,
        "axes.axisbelow": True,
        "grid.color": "#dddddd",
        "figure.facecolor": "white",
    }
)
# ProcMem is in colours and the other tools are in grey, which also differ in print and for colour-blind readers.
own = ["#0072b2", "#009e73", "#e69f00", "#cc79a7", "#56b4e9"]
marks = "os^Dv<>pXP*h"
times = FuncFormatter(lambda value, _: time_text(value * 1000))


def growth(cases: list[Case], file: Path) -> None:
    """Draws the time of each tool over a scale, with logarithmic axes."""
    figure, axes = plt.subplots(figsize=(7.2, 4.2))
    names = list(dict.fromkeys(entry.name for case in cases for entry in case.entries))
    colours, greys = iter(own), iter(["#333333", "#555555", "#777777", "#999999", "#aaaaaa", "#bbbbbb", "#888888"])
    for index, name in enumerate(name for name in names if not name.startswith("nproc --version")):
        points = [(case.at, entry.median / 1000) for case in cases if (entry := case.entry(name))]
        if not points:
            continue
        is_own = name.startswith("ProcMem")
        axes.plot(
            *zip(*points),
            label=name,
            marker=marks[index % len(marks)],
            markersize=4,
            color=next(colours if is_own else greys, "#666666"),
            linewidth=1.8 if is_own else 1,
            linestyle="-" if is_own else "--",
        )
    axes.set(xscale="log", yscale="log", xlabel=cases[0].scale, ylabel="median time of one reading")
    axes.set_xticks([case.at for case in cases], [f"{case.at:,.0f}" for case in cases])
    axes.minorticks_off()
    axes.yaxis.set_major_formatter(times)
    axes.legend(fontsize=7.5, frameon=False, loc="center left", bbox_to_anchor=(1.01, 0.5))
    save(figure, file)


def story(case: Case, file: Path) -> None:
    """Draws the time of each tool as a bar, with the time and the reported memory beside it."""
    entries = sorted((entry for entry in case.entries if entry.samples), key=lambda entry: entry.median)
    figure, axes = plt.subplots(figsize=(8.4, 0.34 * len(entries) + 1.2))
    for position, entry in enumerate(entries):
        is_own = entry.name.startswith("ProcMem")
        axes.barh(position, entry.median / 1000, color=own[0] if is_own else "#aaaaaa", height=0.7)
        # The same reads in C compute no sum.
        sum_text = f"{entry.answer / (1 << 30):,.2f} GiB" if entry.answer and entry.answer > 1 << 20 else "no sum"
        label = f"{time_text(entry.median)} · {sum_text}"
        axes.text(entry.median / 1000 * 1.08, position, label, va="center", fontsize=8)
    correct = f"; correct: {case.truth / (1 << 30):.2f} GiB" if case.truth else ""
    axes.set(xscale="log", xlabel=f"median time of one reading · reported memory{correct}")
    axes.set_yticks(range(len(entries)), [entry.name for entry in entries])
    axes.invert_yaxis()
    axes.set_xlim(right=axes.get_xlim()[1] * 12)
    axes.xaxis.set_major_formatter(times)
    axes.grid(axis="y", visible=False)
    save(figure, file)


def others(cases: list[Case], file: Path) -> None:
    """Draws for each tool the times of the target's rounds, from the median to the maximum."""
    names = [entry.name for entry in cases[0].entries if entry.samples]
    figure, axes = plt.subplots(figsize=(8.4, 0.34 * len(names) + 1.2))
    for position, name in enumerate(names):
        values = [case.entry(name).median / 1000 for case in cases]
        axes.plot(values, [position] * len(values), color="#bbbbbb", linewidth=1, zorder=1)
        for value, mark, label in zip(values, "o^sX", ("median", "99 %", "99.9 %", "maximum")):
            axes.scatter(
                value,
                position,
                marker=mark,
                s=26,
                zorder=2,
                label=label if position == 0 else None,
                color=own[0] if name.startswith("ProcMem") else "#555555",
            )
    axes.set(xscale="log", xlabel="time of one round of mmap, touch and munmap in the target")
    axes.set_yticks(range(len(names)), names)
    axes.invert_yaxis()
    axes.xaxis.set_major_formatter(times)
    axes.legend(fontsize=8, frameon=False, ncols=4, loc="lower center", bbox_to_anchor=(0.5, 1))
    save(figure, file)


def save(figure, file: Path) -> None:
    figure.savefig(file, bbox_inches="tight", metadata={"Date": None})
    plt.close(figure)
