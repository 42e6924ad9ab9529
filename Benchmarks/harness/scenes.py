"""The processes, cgroups and mounts to measure. Each is created for a measurement, and removed when its `with` ends."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil

from . import places
from .subjects import Scene


def tree_of(root: int) -> Scene:
    """Returns the processes of a tree, in the variables that the programs read."""
    return Scene({"ROOT": str(root), "PIDS": " ".join(str(process.pid) for process in members_of(root))})


@contextlib.contextmanager
def holding(workers: int, mebibytes: int, *detail: str, prefix: tuple[str, ...] = ()) -> Iterator[Scene]:
    """A process with memory, and its forked workers. `prefix` is a command that executes the process."""
    command = [*prefix, str(places.built / "tree"), str(workers), str(mebibytes), *detail]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        try:
            root = int(holder.stdout.readline())
            # Until the last worker waits.
            time.sleep(0.3 + workers / 2000)
            yield tree_of(root)
        finally:
            members = members_of(holder.pid)
            holder.stdin.close()
            holder.wait()
            psutil.wait_procs(members)


def members_of(root: int) -> list[psutil.Process]:
    """Returns a process and its descendants. The kernel takes seconds to free their shared memory. The caller waits for
    their exit, so that the next measurement is not affected."""
    process = psutil.Process(root)
    return [process, *process.children(recursive=True)]


@contextlib.contextmanager
def listed(count: int) -> Iterator[Scene]:
    """Files of processes below a directory: `stat` and `statm` of one program and its forked workers."""
    own = Path("/proc/self/stat").read_text().split(") ")[1].split()
    statm = Path("/proc/self/statm").read_text()
    # Most temporary folders are on a disk, whose directories of this size are slow.
    with tempfile.TemporaryDirectory(prefix="procmem-bench", dir="/dev/shm") as folder:
        for pid in range(1, count + 1):
            own[1] = "0" if pid == 1 else "1"
            process = Path(folder, "proc", str(pid))
            process.mkdir(parents=True)
            (process / "stat").write_text(f"{pid} (worker) {' '.join(own)}\n")
            (process / "statm").write_text(statm)
        yield Scene({"SYSROOT": folder})


@contextlib.contextmanager
def notebook_server(workers: int, mebibytes: int) -> Iterator[tuple[Scene, str | None]]:
    """A Jupyter server with a child process that has memory and forked workers. Yields the tree of the server, and the
    address of its memory display; None if jupyter-resource-usage is not installed."""
    jupyter = Path(sys.prefix) / "bin" / "jupyter-server"
    if not jupyter.exists():
        with holding(workers, mebibytes) as scene:
            yield scene, None
        return
    with tempfile.TemporaryDirectory(prefix="procmem-bench") as folder:
        fifo, output = f"{folder}/input", f"{folder}/output"
        os.mkfifo(fifo)
        port = free_port()
        # The shell executes the server, so the child of the shell becomes the child of the server.
        script = '"$1" "$2" "$3" <"$4" >"$5" & shift 5; exec "$@"'
        server = [
            str(jupyter),
            "--allow-root",
            f"--port={port}",
            "--port-retries=0",
            "--ip=127.0.0.1",
            "--no-browser",
            "--IdentityProvider.token=",
            f"--ServerApp.root_dir={folder}",
            "--log-level=ERROR",
        ]
        environment = {**os.environ, "HOME": folder, "JUPYTER_RUNTIME_DIR": f"{folder}/runtime"}
        process = subprocess.Popen(
            ["sh", "-c", script, "sh", str(places.built / "tree"), str(workers), str(mebibytes), fifo, output, *server],
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        keep = os.open(fifo, os.O_RDWR)
        try:
            wait_for(lambda: Path(output).exists() and Path(output).read_text().strip(), "the tree")
            address = f"http://127.0.0.1:{port}/api"
            wait_for(lambda: answers(address), "Jupyter's server")
            time.sleep(1)
            yield tree_of(process.pid), f"{address}/metrics/v1"
        finally:
            members = members_of(process.pid)
            os.close(keep)
            process.send_signal(signal.SIGKILL)
            process.wait()
            psutil.wait_procs(members)


@contextlib.contextmanager
def exporter(pattern: str) -> Iterator[str | None]:
    """prometheus-process-exporter for the processes with that name. Yields the address of its figures."""
    program = places.built / "usr/bin/prometheus-process-exporter"
    if not program.exists():
        yield None
        return
    port = free_port()
    with subprocess.Popen(
        [str(program), "-procnames", pattern, f"-web.listen-address=127.0.0.1:{port}"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            address = f"http://127.0.0.1:{port}"
            wait_for(lambda: answers(address), "prometheus-process-exporter")
            yield f"{address}/metrics"
        finally:
            process.kill()


def hierarchy(controller: str) -> Path | None:
    """Returns the mount of a controller: that of v1, else that of v2."""
    return next((path for path in (Path("/sys/fs/cgroup", controller), Path("/sys/fs/cgroup")) if path.is_dir()), None)


@contextlib.contextmanager
def cgroup(depth: int, quota_at: int | None = None) -> Iterator[Scene | None]:
    """Nested cgroups, `depth` levels deep, one with a quota of half a CPU; None if no cgroup can be created."""

    def limit(level: Path, number: int) -> None:
        if number != quota_at:
            return
        # With the longest period, throttling interrupts the fewest batches. An interruption shows as max.
        if (level / "cpu.cfs_quota_us").exists():
            (level / "cpu.cfs_period_us").write_text("1000000")
            (level / "cpu.cfs_quota_us").write_text("500000")
        else:
            (level / "cpu.max").write_text("500000 1000000")

    with nested_cgroups("cpu", depth, limit) as levels:
        yield Scene(prefix=(*joining, str(levels[-1]))) if levels else None


joining = ("sh", "-c", 'echo $$ >"$1"/cgroup.procs && shift && exec "$@"', "sh")


@contextlib.contextmanager
def nested_cgroups(controller: str, depth: int, limit: Callable[[Path, int], None]) -> Iterator[list[Path]]:
    """Nested cgroups with a controller, the outermost first; none if they cannot be created. `limit` sets the limits of
    one, with its number from 1 on."""
    mount = hierarchy(controller)
    levels: list[Path] = []
    try:
        try:
            if mount is None:
                raise FileNotFoundError(f"no hierarchy of the controller {controller} is mounted")
            for number in range(1, depth + 1):
                parent = levels[-1] if levels else mount
                if (parent / "cgroup.subtree_control").exists():
                    (parent / "cgroup.subtree_control").write_text(f"+{controller}")
                level = parent / ("level" if levels else f"procmem-bench-{os.getpid()}")
                level.mkdir()
                levels.append(level)
                limit(level, number)
        except OSError as error:
            print(f"bench: cannot create a cgroup: {error}", file=sys.stderr)
            remove_cgroups(levels)
            levels = []
        yield levels
    finally:
        remove_cgroups(levels)


@contextlib.contextmanager
def holding_in_cgroup(workers: int, mebibytes: int) -> Iterator[Scene | None]:
    """A process with memory, and its forked workers, in a cgroup of their own with the memory controller; None if no
    cgroup can be created."""
    with nested_cgroups("memory", 1, lambda level, number: None) as levels:
        if not levels:
            yield None
            return
        with holding(workers, mebibytes, prefix=(*joining, str(levels[0]))) as scene:
            yield Scene({**scene.environment, "CGROUP": str(levels[0])})


@contextlib.contextmanager
def limited_cgroup() -> Iterator[Scene | None]:
    """Two nested cgroups, the outer one with a limit of 256 MiB, and the files that decide the limit and the free
    memory of a process in the inner one; None if no cgroup can be created."""

    def limit(level: Path, number: int) -> None:
        if number == 1:
            is_v1 = (level / "memory.limit_in_bytes").exists()
            (level / ("memory.limit_in_bytes" if is_v1 else "memory.max")).write_text(str(256 << 20))

    with nested_cgroups("memory", 2, limit) as levels:
        if not levels:
            yield None
            return
        outer, inner = levels
        is_v1 = (outer / "memory.limit_in_bytes").exists()
        limits = ["memory.limit_in_bytes"] if is_v1 else ["memory.max", "memory.high"]
        figures = ["memory.usage_in_bytes" if is_v1 else "memory.current", "memory.stat"]
        events = ["memory.failcnt", "memory.oom_control"] if is_v1 else ["memory.events"]
        files = [outer / name for name in limits + figures]
        files += [inner / name for name in limits + figures + events]
        # The root of v1 has a limit file, which never has a limit.
        files += [outer.parent / limits[0]] if is_v1 else []
        files += ["/proc/meminfo", "/proc/self/cgroup"]
        yield Scene({"FILES": ":".join(map(str, files))}, prefix=(*joining, str(inner)))


@contextlib.contextmanager
def own_cgroups() -> Iterator[Scene | None]:
    """A cgroup of the process's own with the memory controller, and one with the cpu controller, which on v2 are one;
    None if they cannot be created."""
    mount = hierarchy("memory")
    is_one = mount is not None and mount == hierarchy("cpu")
    with (
        nested_cgroups("memory", 1, lambda level, number: None) as memory,
        nested_cgroups("cpu", 0 if is_one else 1, lambda level, number: None) as cpu,
    ):
        if not memory or not (is_one or cpu):
            yield None
            return
        if is_one:
            (mount / "cgroup.subtree_control").write_text("+cpu")
        prefix = joining + (str(memory[0]),) + (() if is_one else joining + (str(cpu[0]),))
        yield Scene({"CGROUP": str(memory[0]), "CPU_CGROUP": str((memory if is_one else cpu)[0])}, prefix=prefix)


def remove_cgroups(levels: list[Path]) -> None:
    """Removes nested cgroups, given from the outermost on. A process that ends leaves its cgroup with a delay."""
    for level in reversed(levels):
        for _ in range(50):
            with contextlib.suppress(OSError):
                level.rmdir()
                break
            time.sleep(0.02)


def filtered() -> Scene | None:
    """A seccomp filter that allows the system calls of the lists in use, and ends a process for any other; None if none
    can be installed."""
    launcher = places.built / "filtered"
    result = subprocess.run([launcher, "true"], capture_output=True, text=True, check=False)
    if result.returncode == 0:
        return Scene(prefix=(str(launcher),))
    print(f"bench: no seccomp filter can be installed: {result.stderr.strip()}", file=sys.stderr)
    return None


@contextlib.contextmanager
def mounts(count: int) -> Iterator[Scene | None]:
    """A new mount namespace with `count` additional mounts; None if none can be created."""
    with tempfile.TemporaryDirectory(prefix="procmem-bench") as folder:
        script = 'mount -t tmpfs bench "$1" && cd "$1" && '
        script += 'for i in $(seq "$2"); do mkdir $i && mount --bind $i $i || exit 1; done'
        script += " && echo ready && exec sleep infinity"
        holder = subprocess.Popen(
            ["unshare", "--mount", "--propagation", "private", "sh", "-c", script, "sh", folder, str(count)],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        try:
            if holder.stdout.readline().strip() == "ready":
                yield Scene(prefix=("nsenter", f"--mount=/proc/{holder.pid}/ns/mnt", "--"))
            else:
                print("bench: cannot create a mount namespace", file=sys.stderr)
                yield None
        finally:
            holder.kill()
            holder.wait()


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=5):
            return True
    except OSError:
        return False


def wait_for(condition, what: str, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(f"{what} did not start in {seconds} s")
        time.sleep(0.05)


def pss_of_notebook(text: str) -> int | None:
    return json.loads(text).get("pss")
