"""The distinct memory that `procmem memory` reports for trees at rest, compared with their page frames: once as the
ordinary user that owns the trees, and once as root."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from .. import places
from ..measuring import progress
from ..scenes import members_of

MEBIBYTE = 1 << 20
as_user = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
# The states of ProcessStates, with their arguments, and the programs of programs.py.
states = {
    "one process": ["hold", 64 * MEBIBYTE],
    "one process that reads zeros": ["some-zeros", 64 * MEBIBYTE],
    "idle workers": ["tree", 8, 64 * MEBIBYTE],
    "many idle workers": ["tree", 200, 4 * MEBIBYTE],
    "workers that rewrite a part": ["rewriting", 6, 96 * MEBIBYTE],
    "many workers that rewrite a part": ["rewriting", 200, MEBIBYTE],
    "workers that allocate and free": ["churning", 6, 64 * MEBIBYTE],
    "a parent that freed its memory": ["freeing", 6, 64 * MEBIBYTE],
    "workers of workers": ["lines", 64 * MEBIBYTE],
    "generations": ["batches", 8, 64 * MEBIBYTE],
    "shared memory": ["shmem", 6, 64 * MEBIBYTE],
    "shared memory that is mapped twice": ["shmem-twice", 3, 64 * MEBIBYTE],
    "a private file": ["private-file", 4, 64 * MEBIBYTE],
    "hidden workers": ["hidden-workers", 4, 64 * MEBIBYTE],
    "a hidden parent": ["hidden-parent", 4, 64 * MEBIBYTE],
    "other layouts": ["other-layouts", 4, 64 * MEBIBYTE],
    "adopted workers": ["adopted", 3, 96 * MEBIBYTE],
    "orphaned workers": ["orphaned", 5, 64 * MEBIBYTE],
    "a lent address space": ["lent", 3, 64 * MEBIBYTE],
    "one address space of two processes": ["vm-sharer", 64 * MEBIBYTE],
    "one address space of siblings": ["vm-siblings", 3, 64 * MEBIBYTE],
    "pinned pages": ["pinned", 10, 4 * MEBIBYTE],
    "pages that another process wrote": ["written-by-parent", 3, 64 * MEBIBYTE],
    "populated pages": ["populated", 3, 64 * MEBIBYTE],
    "moved pages": ["moved", 4, 64 * MEBIBYTE],
    "lazily freed pages": ["lazily-freed", 4, 64 * MEBIBYTE],
    "scattered pages": ["scattered", 8, 1024 * MEBIBYTE],
    "a chain of programs": ["exec-chain", 2, 32 * MEBIBYTE],
    "huge pages": ["huge-tree", 4, 64 * MEBIBYTE],
}
programs = {
    "Python, preforked": "python-prefork",
    "Python, preforked after gc.freeze": "python-prefork-frozen",
    "Python, a pool that shares an array": "python-arrays",
    "Perl, preforked": "perl-prefork",
    "bash with subshells": "bash-subshells",
    "Node, a cluster": "node-cluster",
    "Java": "java",
    "PostgreSQL with four clients": "postgres",
}
readings = [("cheap", 0), ("sampled", 64), ("sampled", 256)]


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


def measured(runs: int, others: list[str]) -> list[Accuracy]:
    """Measures all scenes.

    others: Other programs with the command line of procmem. Each reads in turn with it.
    """
    results: list[Accuracy] = []
    with tempfile.TemporaryDirectory(prefix="procmem-bench") as name:
        # The ordinary user may not reach the folder of the project.
        folder = Path(name)
        folder.chmod(0o777)
        peers = places.benchmarks / "peers"
        for file in (places.built / "ProcessStates", places.built / "procmem", peers / "programs.py"):
            shutil.copy(file, folder)
        readers = [str(folder / "procmem")]
        for index, other in enumerate(others):
            readers.append(shutil.copy(other, folder / f"other-{index}"))
        commands = {scene: [str(folder / "ProcessStates"), *map(str, state)] for scene, state in states.items()}
        for scene, program in programs.items():
            own = folder / program
            own.mkdir()
            shutil.chown(own, 65534, 65534)
            commands[scene] = ["/usr/bin/python3", str(folder / "programs.py"), program, str(own)]
        for scene, command in commands.items():
            progress(f"estimator: {scene}")
            with started(command) as root:
                if root:
                    results += accuracy(scene, root, readers, runs)
    return results


@contextlib.contextmanager
def started(command: list[str]) -> Iterator[int | None]:
    """A tree at rest that belongs to the ordinary user; None if the state or the program is not available."""
    with subprocess.Popen(
        [*as_user, *command],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd="/",
        env={**os.environ, "HOME": "/tmp"},
    ) as process:
        is_ready = process.stdout.readline().startswith("ready")
        time.sleep(1.5)
        members = members_of(process.pid)
        try:
            yield process.pid if is_ready else None
        finally:
            process.stdin.close()
            for member in reversed(members):
                with contextlib.suppress(psutil.NoSuchProcess):
                    member.kill()
            process.wait()


def truth(root: int) -> int:
    result = subprocess.run([str(places.built / "truth"), str(root)], stdout=subprocess.PIPE, text=True, check=True)
    return int(result.stdout)


def ask(reader: str, root: int, mode: str, reads: int, user: str) -> dict:
    options = ["--mode", mode, *(["--reads", str(reads)] if reads else []), "--json"]
    command = [*(as_user if user == "user" else []), reader, "memory", str(root), "--tree", *options]
    answer = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True, cwd="/").stdout)
    return {**answer["total"]["distinctBytes"], "milliseconds": answer["elapsedMicroseconds"] / 1000}


def accuracy(scene: str, root: int, readers: list[str], runs: int) -> list[Accuracy]:
    before, found = truth(root), {}
    for run in range(runs):
        for mode, reads in readings if run == 0 else readings[1:]:
            for user in ("user", "root"):
                # Each program is first in every other round.
                for reader in readers if run % 2 == 0 else readers[::-1]:
                    answer = ask(reader, root, mode, reads, user)
                    found.setdefault((f"{mode} {reads or ''}".strip(), user, reader), []).append(answer)
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
    columns = [(mode, user) for mode in ("cheap", "sampled 64", "sampled 256") for user in ("user", "root")]
    lines = [
        "| scene (processes, MiB) | program | " + " | ".join(f"{mode}, {user}" for mode, user in columns) + " |",
        "|---|---|" + "---|" * len(columns),
    ]
    for scene, program in dict.fromkeys((result.scene, result.program) for result in results):
        found = {(r.mode, r.user): r for r in results if (r.scene, r.program) == (scene, program)}
        first = next(iter(found.values()))
        cells = [cell(found[column]) if column in found else "" for column in columns]
        size = f"{first.processes}, {first.truth / MEBIBYTE:.0f}"
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
