"""The cost of a memory display: a notebook server with a process that has 2 GiB and 96 forked workers."""

from __future__ import annotations

import http.client
import subprocess
import threading
import time
from urllib.parse import urlsplit

from .. import peers, places, scenes
from ..measuring import Case, Entry, measure
from ..subjects import Sample, Scene, run

title = "the tree of a notebook server, with a process of 2 GiB and 96 forked workers"
first = "the same tree, the first call of a new process"
waiting = "the time that another request waits"
pattern = "[p]eers/tree|[j]upyter-server"


def truth(scene: Scene) -> int | None:
    """Returns the distinct memory of the tree, counted by page frames; None without permission to see them."""
    result = subprocess.run(
        [str(places.built / "truth"), scene.environment["ROOT"]], stdout=subprocess.PIPE, text=True, check=False
    )
    return int(result.stdout) if result.returncode == 0 else None


def bounds(scene: Scene, mode: str) -> str:
    lower, estimate, upper = run([str(places.release / "ProcMemCases"), f"tree, {mode}, bounds"], scene).split()
    return f"{mode}: {lower} to {upper}, estimate {estimate}"


def cases(rounds: int) -> list[Case]:
    with scenes.notebook_server(96, 2048) as (scene, address), scenes.exporter("tree") as exported:
        case = Case(
            "story", title, "MiB", truth=truth(scene), notes=[bounds(scene, mode) for mode in ("cheap", "sampled")]
        )
        measure(
            case,
            [
                peers.procmem("cheap", "tree, cheap", 10),
                peers.procmem("sampled", "tree, sampled", 5),
                peers.procmem("accurate", "tree, accurate", 1),
                peers.procmem("within 50 ms, first pass", "tree, within, first pass", 3),
                peers.procmem("sampler, cheap, warm", "tree, cheap, sampler", 20),
                peers.procmem("sampler, within 100 ms, warm", "tree, within, sampler", 20),
                peers.floor("tree, cheap", 10),
                peers.psutil("memory_info", "tree, cheap", 5),
                peers.psutil("memory_full_info", "tree, accurate", 1),
                peers.notebook(address),
                peers.libproc2("RSS of known ids", "tree, cheap", 5),
                peers.libproc2("PSS of known ids", "tree, accurate", 1),
                peers.ps("rss"),
                peers.ps("pss"),
                peers.pmap(),
                peers.smem(pattern),
                peers.exporter(exported, "tree"),
            ],
            scene,
            rounds,
        )
        cold = measure(
            Case("story", first, "MiB", truth=case.truth),
            [
                peers.procmem("cheap", "tree, cheap", 0),
                peers.procmem("sampled", "tree, sampled", 0),
                peers.procmem("accurate", "tree, accurate", 0),
                peers.procmem("within 50 ms, first pass", "tree, within, first pass", 0),
            ],
            scene,
            rounds,
        )
        return [case, cold, *([waited(case, address, rounds)] if address else [])]


def waited(case: Case, address: str, rounds: int) -> Case:
    """Measures how long a request for the server's version waits while the server answers a request of the memory
    display."""
    names = ("without a memory request", "during a request to jupyter-resource-usage")
    entries = {name: Entry(name, True, None) for name in names}
    display = peers.notebook(address)
    for _ in range(rounds):
        for entry, work in zip(entries.values(), (lambda: time.sleep(1), lambda: display.samples(Scene()))):
            entry.rounds.append([Sample(None, worst_wait(address, work))])
    return Case("story", waiting, entries=list(entries.values()))


def worst_wait(address: str, work) -> float:
    server, waits, is_done = urlsplit(address).netloc, [], threading.Event()

    def ask() -> None:
        while not is_done.is_set():
            connection = http.client.HTTPConnection(server, timeout=120)
            start = time.perf_counter_ns()
            connection.request("GET", "/api")
            connection.getresponse().read()
            waits.append(time.perf_counter_ns() - start)
            connection.close()
            time.sleep(0.005)

    thread = threading.Thread(target=ask)
    thread.start()
    time.sleep(0.1)
    try:
        work()
    finally:
        is_done.set()
        thread.join()
    return max(waits)
