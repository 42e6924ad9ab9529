"""psutil's ways to many processes: processes.py CASE BATCHES CALLS; ROOT in the environment names the process whose tree
is meant. Exits with 3 where psutil is not installed."""

import os
import sys
import time

try:
    import psutil
except ImportError:
    sys.exit(3)

root = psutil.Process(int(os.environ.get("ROOT", 1)))
processes = lambda: [root, *root.children(recursive=True)]
cases = {
    "memory_info": lambda: sum(process.memory_info().rss for process in processes()) >> 20,
    "memory_full_info": lambda: sum(process.memory_full_info().pss for process in processes()) >> 20,
    "list of a tree": lambda: 1 + len(root.children(recursive=True)),
    "snapshot of a tree, cheap": lambda: len([process.memory_info() for process in [root, *root.children(recursive=True)]]),
    "list of all": lambda: len(list(psutil.process_iter(["ppid", "name", "create_time"]))),
    "snapshot of all, cheap": lambda: len(list(psutil.process_iter(["ppid", "name", "create_time", "memory_info"]))),
}
run = cases[sys.argv[1]]
batches, calls = map(int, sys.argv[2:])
for batch in range(batches + 1):
    start = time.perf_counter_ns()
    for _ in range(calls):
        last = run()
    if batch > 0:
        print(last, (time.perf_counter_ns() - start) / calls)
