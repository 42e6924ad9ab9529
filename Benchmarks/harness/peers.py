"""The tools: ProcMem, the same system calls in C, and other tools."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from collections.abc import Callable

from . import places
from .subjects import Scene, Subject, first_number, missing, process, program, request


def procmem(name: str, case: str, batches: int, calls: int = 1, *, on_one_cpu: bool = False) -> Subject:
    pinned = ["taskset", "--cpu-list", str(min(os.sched_getaffinity(0)))] if on_one_cpu else []
    command = [*pinned, str(places.release / "ProcMemCases")]
    return program(f"ProcMem {name}", *command, case, batches=batches, calls=calls)


def floor(case: str, batches: int, calls: int = 1) -> Subject:
    """The same system calls in C, which compute no result except for the length of a list."""
    return program(
        "the same reads in C",
        str(places.release / "FloorProgram"),
        case,
        batches=batches,
        calls=calls,
        has_answer=case.endswith("list"),
    )


def psutil(name: str, case: str, batches: int, calls: int = 1) -> Subject:
    return program(
        f"psutil {name}", sys.executable, str(places.peers / "psutil_cases.py"), case, batches=batches, calls=calls
    )


def libproc2(name: str, case: str, batches: int, calls: int = 1) -> Subject:
    path = places.built / "libproc2"
    if not path.exists():
        return missing(f"libproc2 {name}", "its headers are not installed")
    return program(f"libproc2 {name}", str(path), case, batches=batches, calls=calls)


def of_tools(
    name: str, tool: str, command: Callable[[Scene], list[str]], answer: Callable[[str], int | None], batches: int = 1
) -> Subject:
    """An installed program; the time is that of the whole process."""
    unpacked = places.built / "usr/bin" / tool
    path = str(unpacked) if unpacked.exists() else shutil.which(tool)
    if not path:
        return missing(f"{name} (process)", "it is not installed")
    return process(f"{name} (process)", lambda scene: [path, *command(scene)], answer, batches)


def ps(column: str) -> Subject:
    return of_tools(
        f"ps -o {column}",
        "ps",
        lambda scene: ["--no-headers", "-o", column, "-p", scene.environment["PIDS"].replace(" ", ",")],
        sum_of_kibibytes,
    )


def pmap() -> Subject:
    return of_tools("pmap -X", "pmap", lambda scene: ["-X", *scene.environment["PIDS"].split()], pss_of_pmap)


def smem(pattern: str) -> Subject:
    return of_tools("smem", "smem", lambda _: ["-H", "-c", "pss", "-P", pattern], sum_of_kibibytes)


def exporter(address: str | None, group: str) -> Subject:
    name = "prometheus-process-exporter"
    if not address:
        return missing(name, "it is not installed")
    return request(name, lambda: address, lambda text: pss_of_exporter(text, group))


def notebook(address: str | None) -> Subject:
    name = "jupyter-resource-usage"
    if not address:
        return missing(name, "it is not installed")
    return request(name, lambda: address, lambda text: json.loads(text).get("pss"))


def cpu_counts(batches: int, calls: int) -> list[Subject]:
    """ProcMem's functions first. The first one is the reference of the ratios."""

    def times(name: str, *command: str) -> Subject:
        return program(name, *command, batches=batches, calls=calls)

    subjects = [
        procmem(case, case, batches, calls) for case in ("effectiveCPUCount()", "CPULimits.current()", "CPULimitReader")
    ]
    rust = places.built / "cpu_count"
    name = "Rust available_parallelism"
    subjects.append(
        times(name, str(rust), "available_parallelism") if rust.exists() else missing(name, "rustc is not installed")
    )
    subjects.append(times("SwiftNIO System.coreCount", str(places.release / "NIOCases"), "coreCount"))
    subjects.append(
        times("Foundation activeProcessorCount", str(places.release / "FoundationCases"), "activeProcessorCount")
    )
    name = "Java availableProcessors"
    subjects.append(
        times(name, "java", "-cp", str(places.built), "CPUCount", "availableProcessors")
        if (places.built / "CPUCount.class").exists()
        else missing(name, "javac is not installed")
    )
    python = str(places.peers / "python_cases.py")
    for function in ("process_cpu_count", "cpu_count"):
        name = f"Python os.{function}"
        subjects.append(
            times(name, sys.executable, python, function)
            if hasattr(__import__("os"), function)
            else missing(name, f"Python {sys.version_info.major}.{sys.version_info.minor} has none")
        )
    # nproc has no library function. `nproc --version` measures the start and the end of the same process alone.
    few = max(batches // 4, 1)
    subjects.append(of_tools("nproc", "nproc", lambda _: [], first_number, few))
    subjects.append(of_tools("nproc --version", "nproc", lambda _: ["--version"], lambda _: None, few))
    return subjects


def sum_of_kibibytes(text: str) -> int | None:
    numbers = [int(word) for word in text.split() if word.isdigit()]
    return sum(numbers) * 1024 if numbers else None


def pss_of_pmap(text: str) -> int | None:
    """Returns the sum of the Pss of all mappings. pmap 4.0.2 does not reset its own sums between processes."""
    kibibytes, column = 0, None
    for words in map(str.split, text.splitlines()):
        if "Pss" in words:
            column = words.index("Pss")
        elif column and len(words) > column and words[column].isdigit() and words[1].startswith(("r", "-")):
            kibibytes += int(words[column])
    return kibibytes * 1024 if column else None


def pss_of_exporter(text: str, group: str) -> int | None:
    found = re.search(rf'memory_bytes{{groupname="{group}",memtype="proportionalResident"}} (\S+)', text)
    return int(float(found.group(1))) if found else None
