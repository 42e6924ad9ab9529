"""The machine of a run, and the versions of the tools."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import re
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

from . import places

# Name, command, and a pattern for the version in its output.
programs = {
    "swift": (["swift", "--version"], r"Swift version (\S+)"),
    "cc": (["cc", "--version"], r"(.+)"),
    "rustc": (["rustc", "--version"], r"rustc (\S+)"),
    "java": (["java", "-version"], r'"(.+?)"'),
    "nproc": (["nproc", "--version"], r"(\d[\d.]*)"),
    "ps": (["ps", "--version"], r"(\d[\d.]*)"),
    "pmap": (["pmap", "--version"], r"(\d[\d.]*)"),
    "libproc2": (["dpkg-query", "-W", "-f", "${Version}", "libproc2-0"], r"(.+)"),
}
distributions = ("psutil", "jupyter-resource-usage", "jupyter-server", "matplotlib")
unpacked = ("smem", "prometheus-process-exporter")
checkouts = ("swift-nio", "benchmark")


def description() -> dict:
    memory = re.search(r"MemTotal:\s+(\d+)", Path("/proc/meminfo").read_text())
    model = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    return {
        "date": datetime.now(UTC).strftime("%FT%TZ"),
        "commit": version_of(["git", "-C", str(places.root), "describe", "--always", "--dirty"], r"(.+)"),
        "machine": {
            "model": model.group(1) if model else platform.machine(),
            "onlineCPUs": os.cpu_count(),
            "memoryBytes": int(memory.group(1)) * 1024,
            # Without the suffix of a distribution or a host.
            "kernel": f"{platform.system()} {re.match(r'[0-9.]*', platform.release()).group()}",
            "loadAverage": os.getloadavg()[0],
        },
        "versions": versions(),
    }


def versions() -> dict[str, str | None]:
    found: dict[str, str | None] = {"python": platform.python_version()}
    for name, (command, pattern) in programs.items():
        found[name] = version_of(command, pattern)
    for name in distributions:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found[name] = None
    for name in unpacked:
        file = places.built / f"{name}.version"
        found[name] = file.read_text().strip() if file.exists() else None
    for name in checkouts:
        checkout = str(places.scratch / "checkouts" / name)
        found[name] = version_of(["git", "-C", checkout, "describe", "--tags"], r"(.+)")
    return found


def version_of(command: list[str], pattern: str) -> str | None:
    """Returns the version that a command prints; None if it is not installed or fails."""
    if not shutil.which(command[0]):
        return None
    result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    found = re.search(pattern, result.stdout) if result.returncode == 0 else None
    return found.group(1).strip() if found else None


def summary(described: dict) -> str:
    machine = described["machine"]
    return (
        f"{described['date'][:10]}, commit {described['commit']}: {machine['model']}, {machine['onlineCPUs']} CPUs, "
        f"{machine['memoryBytes'] / (1 << 30):.0f} GiB, {machine['kernel']}, "
        f"load {machine['loadAverage']:.1f} at the start"
    )
