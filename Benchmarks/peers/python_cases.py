"""python_cases.py FUNCTION BATCHES CALLS calls a function of os, and prints the same columns as the other programs."""

import os
import sys
import time

function = getattr(os, sys.argv[1])
batches, calls = map(int, sys.argv[2:])
for batch in range(batches + 1):
    start = time.perf_counter_ns()
    for _ in range(calls):
        last = function()
    if batch > 0:
        print(last, (time.perf_counter_ns() - start) / calls)
