"""The cost of linking ProcMem: the size of a program, the time of its start, and its memory before the first call."""

from __future__ import annotations

import os
import subprocess
import time

from .. import places
from ..measuring import Case, Entry, measure, progress
from ..subjects import Sample, Scene, process

clients = {"a client without ProcMem": "bare", "with ProcMem, traits: []": "plain", "with ProcMem and procps": "procps"}

package = """// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "client",
    dependencies: [{dependency}],
    targets: [.executableTarget(name: "client", dependencies: [{product}])]
)
"""
# With an argument, a client waits until its standard input ends, so that its memory can be read.
waiting = """
func waitIfAsked() {
    guard CommandLine.arguments.count > 1 else { return }
    print("ready")
    fflush(nil)
    _ = getchar()
}
"""
bare = """import Glibc

waitIfAsked()
print(sysconf(Int32(_SC_NPROCESSORS_ONLN)))
"""
using = """import Glibc
import ProcMem

waitIfAsked()
print(ProcMem.effectiveCPUCount())
"""


def build() -> None:
    for kind in clients.values():
        folder = places.scratch / "linked" / kind
        source = folder / "Sources" / "client" / "main.swift"
        source.parent.mkdir(parents=True, exist_ok=True)
        traits = {"plain": "[]", "procps": '["Procps"]'}.get(kind)
        dependency = f'.package(name: "swift-procmem", path: "{places.root}", traits: {traits})' if traits else ""
        product = '.product(name: "ProcMem", package: "swift-procmem")' if traits else ""
        write(folder / "Package.swift", package.format(dependency=dependency, product=product))
        write(source, (using if traits else bare) + waiting)
        progress(f"linked: building {kind}")
        command = ["swift", "build", "--quiet", "-c", "release", "--package-path", str(folder)]
        result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        if result.returncode != 0:
            raise RuntimeError(f"{kind} cannot be built: {result.stdout[-2000:]}")


def write(path, text: str) -> None:
    """Writes a file only if its contents change, so that nothing is rebuilt without need."""
    if not path.exists() or path.read_text() != text:
        path.write_text(text)


def cases(rounds: int) -> list[Case]:
    build()
    programs = {name: str(places.scratch / "linked" / kind / ".build/release/client") for name, kind in clients.items()}
    start = measure(
        Case("linked", "start to end of a client (process)"),
        [process(name, lambda _, path=path: [path], lambda _: None, batches=10) for name, path in programs.items()],
        Scene(),
        rounds,
    )
    sizes = [
        once("size of the program", {name: os.stat(path).st_size for name, path in programs.items()}),
        once("its size without symbols", {name: stripped(path) for name, path in programs.items()}),
    ]
    resident = {name: memory(path) for name, path in programs.items()}
    return [
        start,
        *sizes,
        once("RSS after the start", {name: figures["Rss"] for name, figures in resident.items()}),
        once(
            "private part of it",
            {name: figures["Private_Clean"] + figures["Private_Dirty"] for name, figures in resident.items()},
        ),
        once("shared objects", {name: objects(path) for name, path in programs.items()}, unit=""),
    ]


def once(title: str, answers: dict[str, int], unit: str = "KiB") -> Case:
    case = Case("linked", title, unit)
    case.entries = [Entry(name, True, None, [[Sample(answer, 0)]]) for name, answer in answers.items()]
    return case


def stripped(path: str) -> int:
    copy = path + ".stripped"
    subprocess.run(["strip", "-o", copy, path], check=True)
    return os.stat(copy).st_size


def memory(path: str) -> dict[str, int]:
    with subprocess.Popen([path, "wait"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as client:
        try:
            client.stdout.readline()
            time.sleep(0.1)
            with open(f"/proc/{client.pid}/smaps_rollup") as lines:
                words = [line.split() for line in lines][1:]
            return {line[0].rstrip(":"): int(line[1]) * 1024 for line in words}
        finally:
            client.stdin.close()


def objects(path: str) -> int:
    return sum("=>" in line for line in subprocess.check_output(["ldd", path], text=True).splitlines())
