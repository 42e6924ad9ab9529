"""Trees at rest that belong to an ordinary user: states of the tests, and real programs."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil

from . import places
from .measuring import progress
from .scenes import members_of

MEBIBYTE = 1 << 20
as_user = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
# The states of ProcessStates, with their arguments, and the programs of programs.py.
states = {
    "one process": ["hold", 64 * MEBIBYTE],
    "one process that reads zeros": ["some-zeros", 64 * MEBIBYTE],
    "idle workers": ["tree", 8, 64 * MEBIBYTE],
    "many idle workers": ["tree", 200, 4 * MEBIBYTE],
    "workers that rewrite a part": ["rewriting", 6, 96 * MEBIBYTE],
    "many workers that rewrite a part": ["rewriting", 200, MEBIBYTE],
    "workers that allocate and free": ["churning", 6, 64 * MEBIBYTE],
    "a parent that freed its memory": ["freeing", 6, 64 * MEBIBYTE],
    "workers of workers": ["lines", 64 * MEBIBYTE],
    "generations": ["batches", 8, 64 * MEBIBYTE],
    "shared memory": ["shmem", 6, 64 * MEBIBYTE],
    "shared memory that is mapped twice": ["shmem-twice", 3, 64 * MEBIBYTE],
    "a private file": ["private-file", 4, 64 * MEBIBYTE],
    "hidden workers": ["hidden-workers", 4, 64 * MEBIBYTE],
    "a hidden parent": ["hidden-parent", 4, 64 * MEBIBYTE],
    "other layouts": ["other-layouts", 4, 64 * MEBIBYTE],
    "adopted workers": ["adopted", 3, 96 * MEBIBYTE],
    "orphaned workers": ["orphaned", 5, 64 * MEBIBYTE],
    "a lent address space": ["lent", 3, 64 * MEBIBYTE],
    "one address space of two processes": ["vm-sharer", 64 * MEBIBYTE],
    "one address space of siblings": ["vm-siblings", 3, 64 * MEBIBYTE],
    "pinned pages": ["pinned", 10, 4 * MEBIBYTE],
    "pages that another process wrote": ["written-by-parent", 3, 64 * MEBIBYTE],
    "populated pages": ["populated", 3, 64 * MEBIBYTE],
    "moved pages": ["moved", 4, 64 * MEBIBYTE],
    "lazily freed pages": ["lazily-freed", 4, 64 * MEBIBYTE],
    "scattered pages": ["scattered", 8, 1024 * MEBIBYTE],
    "a chain of programs": ["exec-chain", 2, 32 * MEBIBYTE],
    "huge pages": ["huge-tree", 4, 64 * MEBIBYTE],
}
programs = {
    "Python, preforked": "python-prefork",
    "Python, preforked after gc.freeze": "python-prefork-frozen",
    "Python, a pool that shares an array": "python-arrays",
    "Perl, preforked": "perl-prefork",
    "bash with subshells": "bash-subshells",
    "Node, a cluster": "node-cluster",
    "Java": "java",
    "PostgreSQL with four clients": "postgres",
    "Chromium": "chromium",
}


@contextlib.contextmanager
def folder_with(readers: list[str]) -> Iterator[tuple[Path, list[str]]]:
    """A folder that the ordinary user can reach, with the programs of the trees; and the copies of the readers."""
    with tempfile.TemporaryDirectory(prefix="procmem-bench") as name:
        # The ordinary user may not reach the folder of the project.
        folder = Path(name)
        folder.chmod(0o777)
        for file in (places.built / "ProcessStates", places.benchmarks / "peers" / "programs.py"):
            shutil.copy(file, folder)
        copies = []
        for index, reader in enumerate([str(places.built / "procmem"), *readers]):
            copies.append(shutil.copy(reader, folder / (f"other-{index - 1}" if index else "procmem")))
        yield folder, copies


def each(title: str, folder: Path, only: list[str]) -> Iterator[tuple[str, int]]:
    """Starts the trees in turn, or `only` those of some names; yields the name and the root's pid of each that is
    available."""
    commands = {scene: [str(folder / "ProcessStates"), *map(str, state)] for scene, state in states.items()}
    for scene, program in programs.items():
        own = folder / program
        own.mkdir()
        shutil.chown(own, 65534, 65534)
        commands[scene] = ["/usr/bin/python3", str(folder / "programs.py"), program, str(own)]
    for scene, command in commands.items():
        if only and scene not in only:
            continue
        progress(f"{title}: {scene}")
        with started(command) as root:
            if root:
                yield scene, root


@contextlib.contextmanager
def started(command: list[str]) -> Iterator[int | None]:
    """A tree at rest that belongs to the ordinary user; None if the state or the program is not available."""
    with subprocess.Popen(
        [*as_user, *command],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd="/",
        env={**os.environ, "HOME": "/tmp"},
    ) as process:
        is_ready = process.stdout.readline().startswith("ready")
        time.sleep(1.5)
        members = members_of(process.pid)
        try:
            yield process.pid if is_ready else None
        finally:
            process.stdin.close()
            for member in reversed(members):
                with contextlib.suppress(psutil.NoSuchProcess):
                    member.kill()
            process.wait()
