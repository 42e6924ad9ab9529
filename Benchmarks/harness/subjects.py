"""The ways to run a tool and to measure its time."""

from __future__ import annotations

import os
import re
import subprocess
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Sample:
    """One batch: the last result, the time of a call, and its number of allocations, if they are counted."""

    answer: int | None
    nanoseconds: float
    allocations: float | None = None


@dataclass(frozen=True)
class Scene:
    """The processes to measure: environment variables that name them, and a prefix for commands that run inside."""

    environment: dict[str, str] = field(default_factory=dict)
    prefix: tuple[str, ...] = ()


@dataclass(frozen=True)
class Subject:
    """A tool. Each round has `batches` of `calls` calls. `is_call` says whether the time is that of a call, or that of
    a whole process including its start."""

    name: str
    ask: Callable[[Scene, int, int], list[Sample]]
    batches: int = 1
    calls: int = 1
    is_call: bool = True
    why_not: str | None = None

    def samples(self, scene: Scene) -> list[Sample]:
        return [] if self.why_not else self.ask(scene, self.batches, self.calls)


def missing(name: str, reason: str) -> Subject:
    """A tool that is not available on this machine."""
    return Subject(name, lambda *_: [], why_not=reason)


def program(name: str, *command: str, batches: int = 1, calls: int = 1, has_answer: bool = True) -> Subject:
    """A program that measures its own calls: `COMMAND... BATCHES CALLS` prints a line for each batch."""

    def ask(scene: Scene, batches: int, calls: int) -> list[Sample]:
        output = run([*scene.prefix, *command, str(batches), str(calls)], scene)
        lines = [line.split() for line in output.splitlines()]
        return [
            Sample(int(line[0]) if has_answer else None, float(line[1]), float(line[2]) if len(line) > 2 else None)
            for line in lines
        ]

    return Subject(name, ask, batches, calls)


def process(
    name: str, command: Callable[[Scene], list[str]], answer: Callable[[str], int | None], batches: int = 1
) -> Subject:
    """A program that is measured from its start to its end."""

    def ask(scene: Scene, batches: int, _: int) -> list[Sample]:
        words = [*scene.prefix, *command(scene)]
        samples = []
        for _ in range(batches):
            start = time.perf_counter_ns()
            output = run(words, scene)
            samples.append(Sample(answer(output), time.perf_counter_ns() - start))
        return samples

    return Subject(name, ask, batches, is_call=False)


def request(name: str, address: Callable[[], str], answer: Callable[[str], int | None], batches: int = 1) -> Subject:
    """A server that is measured by HTTP requests."""

    def ask(scene: Scene, batches: int, _: int) -> list[Sample]:
        samples = []
        for _ in range(batches):
            start = time.perf_counter_ns()
            with urllib.request.urlopen(address(), timeout=120) as response:
                text = response.read().decode()
            samples.append(Sample(answer(text), time.perf_counter_ns() - start))
        return samples

    return Subject(name, ask, batches)


def run(command: list[str], scene: Scene) -> str:
    """Runs a command and returns its standard output."""
    environment = {**os.environ, "LC_ALL": "C", **scene.environment}
    # nproc applies these variables as limits.
    for name in ("OMP_NUM_THREADS", "OMP_THREAD_LIMIT"):
        environment.pop(name, None)
    result = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        raise RuntimeError(
            f"{command[0].rsplit('/', 1)[-1]} ended with {result.returncode}, {result.stderr[-200:].strip()}"
        )
    return result.stdout


def first_number(text: str) -> int | None:
    found = re.search(r"\d+", text)
    return int(found.group()) if found else None
