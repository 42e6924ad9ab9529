"""The effect of a reading on its target: a process of 4 GiB maps, touches and unmaps a page while a tool reads it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time

from .. import places, scenes
from ..measuring import Case, Entry, progress
from ..subjects import Sample

title = "a round of mmap, touch and munmap in a process of 4 GiB"
parts = ("median", "99 %", "99.9 %", "maximum")


def cases(rounds: int, seconds: float = 4) -> list[Case]:
    with subprocess.Popen(
        [str(places.built / "stalled"), "4096"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as target:
        found = {part: Case("others", f"{title}: {part}") for part in parts}
        try:
            process = target.stdout.readline().strip()
            with scenes.exporter("stalled") as address:
                commands = readers(process, address)
                for case in found.values():
                    case.entries = [
                        Entry(name, True, None if command is not None else "it is not installed")
                        for name, command in commands.items()
                    ]
                for index in range(rounds):
                    for position, (name, command) in enumerate(commands.items()):
                        progress(f"others: round {index + 1} of {rounds}: {name}")
                        if command is None:
                            continue
                        for part, nanoseconds in zip(parts, rounds_under(target, process, command, seconds)):
                            found[part].entries[position].rounds.append([Sample(None, nanoseconds)])
        finally:
            target.stdin.close()
    progress("")
    return list(found.values())


def rounds_under(target: subprocess.Popen, process: str, command: list[str], seconds: float) -> list[float]:
    """Returns the times of the target's rounds while a command is running."""
    # In a new session, so that a shell is killed together with its children.
    reader = (
        subprocess.Popen(
            command,
            env={**os.environ, "ROOT": process, "PIDS": process},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        if command
        else None
    )
    try:
        if reader:
            time.sleep(0.5)
        print(seconds, file=target.stdin, flush=True)
        times = [float(word) for word in target.stdout.readline().split()[:4]]
        # If the command has exited, the target was not read all the time.
        if reader and reader.poll() is not None:
            raise RuntimeError(f"{command[:4]} exited with {reader.returncode}")
        return times
    finally:
        if reader:
            os.killpg(reader.pid, signal.SIGKILL)
            reader.wait()


def readers(process: str, exporter: str | None) -> dict[str, list[str] | None]:
    """Returns commands that read the target without a pause until they are killed. The value is None for a tool that is
    not installed, and empty for the measurement without a tool."""

    def procmem(case: str) -> list[str]:
        return [str(places.release / "ProcMemCases"), case, "1000000", "1"]

    def psutil(case: str) -> list[str]:
        return [sys.executable, str(places.peers / "psutil_cases.py"), case, "1000000", "1"]

    def libproc2(case: str) -> list[str] | None:
        path = places.built / "libproc2"
        return [str(path), case, "1000000", "1"] if path.exists() else None

    def again(tool: str, *arguments: str) -> list[str] | None:
        unpacked = places.built / "usr/bin" / tool
        path = str(unpacked) if unpacked.exists() else shutil.which(tool)
        return ["sh", "-c", 'while "$@" >/dev/null; do :; done', "sh", path, *arguments] if path else None

    scrape = f"import urllib.request\nwhile True: urllib.request.urlopen({exporter!r}).read()"
    return {
        "no tool": [],
        "ProcMem cheap": procmem("process, cheap"),
        "ProcMem sampled": procmem("process, sampled"),
        "ProcMem sampler, within 5 ms": procmem("process, within 5 ms, sampler"),
        "ProcMem accurate": procmem("process, accurate"),
        "psutil memory_info": psutil("process, cheap"),
        "psutil memory_full_info": psutil("process, accurate"),
        "libproc2 RSS": libproc2("process, cheap"),
        "libproc2 PSS": libproc2("process, accurate"),
        "ps -o rss": again("ps", "-o", "rss", "-p", process),
        "ps -o pss": again("ps", "-o", "pss", "-p", process),
        "pmap -X": again("pmap", "-X", process),
        "smem": again("smem", "-c", "pss", "-P", "[p]eers/stalled"),
        "prometheus-process-exporter": [sys.executable, "-c", scrape] if exporter else None,
    }
