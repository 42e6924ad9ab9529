"""The folders of the benchmarks."""

from pathlib import Path

benchmarks = Path(__file__).resolve().parent.parent
root = benchmarks.parent
peers = benchmarks / "peers"
runs = benchmarks / "runs"
scratch = root / ".build-benchmarks"
release = scratch / "release"
built = scratch / "peers"
