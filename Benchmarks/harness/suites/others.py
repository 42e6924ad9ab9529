"""What looks do to others: a process of 4 GiB maps, touches and unmaps a page while somebody looks at it."""

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
parts = ("median", "99 %", "99.9 %", "worst")


def cases(rounds: int, seconds: float = 4) -> list[Case]:
    with subprocess.Popen(
        [str(places.built / "stalled"), "4096"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as target:
        found = {part: Case("others", f"{title}: {part}") for part in parts}
        try:
            process = target.stdout.readline().strip()
            with scenes.exporter("stalled") as address:
                commands = lookers(process, address)
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
    """How long the target's rounds took while a command was running."""
    # A session of its own: what a shell has started ends with it.
    looker = (
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
        if looker:
            time.sleep(0.5)
        print(seconds, file=target.stdin, flush=True)
        times = [float(word) for word in target.stdout.readline().split()[:4]]
        # Who has ended has stalled nobody.
        if looker and looker.poll() is not None:
            raise RuntimeError(f"{command[:4]} ended with {looker.returncode}")
        return times
    finally:
        if looker:
            os.killpg(looker.pid, signal.SIGKILL)
            looker.wait()


def lookers(process: str, exporter: str | None) -> dict[str, list[str] | None]:
    """What looks for ever, without a pause; None for what is not installed, nothing for nobody."""

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
        "nobody": [],
        "ProcMem cheap": procmem("process, cheap"),
        "ProcMem sampled": procmem("process, sampled"),
        "ProcMem sampler, bounded to 5 ms": procmem("process, bounded to 5 ms, sampler"),
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
