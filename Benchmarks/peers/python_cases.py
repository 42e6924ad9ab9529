"""Prints what the Swift programs beside it print: cpu_count.py FUNCTION BATCHES CALLS; exits with 3 where there is none."""

import os
import sys
import time

function = getattr(os, sys.argv[1], None)
if function is None:
    sys.exit(3)
batches, calls = map(int, sys.argv[2:])
for batch in range(batches + 1):
    start = time.perf_counter_ns()
    for _ in range(calls):
        last = function()
    if batch > 0:
        print(last, (time.perf_counter_ns() - start) / calls)
