"""psutil: psutil_cases.py CASE BATCHES CALLS prints the same columns as the other programs. The environment variable
ROOT is the pid of the process, or of the root of the tree, to measure."""

import os
import sys
import time

import psutil

root = psutil.Process(int(os.environ.get("ROOT", os.getpid())))


def tree():
    return [root, *root.children(recursive=True)]


cases = {
    "process, cheap": lambda: root.memory_info().rss,
    "process, accurate": lambda: root.memory_full_info().pss,
    "tree, list": lambda: len(tree()),
    "tree, cheap": lambda: sum(process.memory_info().rss for process in tree()),
    "tree, accurate": lambda: sum(process.memory_full_info().pss for process in tree()),
    "all, list": lambda: len(list(psutil.process_iter(["ppid", "name", "create_time"]))),
    "all, cheap": lambda: len(list(psutil.process_iter(["ppid", "name", "create_time", "memory_info"]))),
}
run = cases[sys.argv[1]]
batches, calls = map(int, sys.argv[2:])
for batch in range(batches + 1):
    start = time.perf_counter_ns()
    for _ in range(calls):
        last = run()
    if batch > 0:
        print(last, (time.perf_counter_ns() - start) / calls)
