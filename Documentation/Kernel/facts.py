#!/usr/bin/env python3
"""Shows facts about the kernel that ProcMem relies on. ../KernelFacts.md names a check of this file for each of them.

    python3 Documentation/Kernel/facts.py             # every check
    python3 Documentation/Kernel/facts.py NAME ...    # some of them
    python3 Documentation/Kernel/facts.py --list

Each check prints what the kernel did. A check fails if that is not the fact, and is skipped, with a reason, where the
machine cannot show it. Checks that need cgroups make their own and remove them; mounts are made in new namespaces.
With FACTS_MAY_CHANGE=1, in a guest (see `guest`), checks also enable controllers at the root and set CPUs offline.
"""

import array
import ctypes
import errno
import fcntl
import mmap
import os
import platform
import select
import signal
import struct
import subprocess
import sys
import threading
import time

libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long
PAGE = os.sysconf("SC_PAGESIZE")
MIB = 1 << 20
CHECKS = {}
# Memory that a child maps until it is ended.
KEPT = []
MAY_CHANGE = os.environ.get("FACTS_MAY_CHANGE") == "1"


class Skipped(Exception):
    pass


def check(function):
    CHECKS[function.__name__.replace("_", "-")] = function
    return function


def expect(condition, text):
    if not condition:
        raise AssertionError(text)


def error_of(call, *arguments):
    """Returns the name of the error number with which a call fails, or None."""
    try:
        call(*arguments)
        return None
    except OSError as error:
        return errno.errorcode[error.errno]


def read(path):
    with open(path) as file:
        return file.read()


def write(path, text):
    descriptor = os.open(path, os.O_WRONLY)
    try:
        os.write(descriptor, text.encode())
    finally:
        os.close(descriptor)


def fields_of_stat(pid):
    """Returns the fields of /proc/PID/stat; index 0 is field 3."""
    return read(f"/proc/{pid}/stat").rpartition(")")[2].split()


def faults(pid):
    fields = fields_of_stat(pid)
    return int(fields[7]) + int(fields[9])


def child_faults(pid):
    fields = fields_of_stat(pid)
    return int(fields[8]) + int(fields[10])


def layout(pid):
    fields = fields_of_stat(pid)
    return [fields[index] for index in (23, 24, 25, 42, 43, 44)]


def statm(pid, task=None):
    path = f"/proc/{pid}/statm" if task is None else f"/proc/{pid}/task/{task}/statm"
    return [int(field) for field in read(path).split()]


def kib(pid, file, key):
    for line in read(f"/proc/{pid}/{file}").splitlines():
        if line.startswith(key + ":"):
            return int(line.split()[1])
    return None


def anonymous(size, flags=mmap.MAP_PRIVATE):
    """Maps memory in pages of the usual size: some kernels give huge pages without being asked."""
    mapping = mmap.mmap(-1, size, flags | mmap.MAP_ANONYMOUS)
    error_of(mapping.madvise, 15)  # MADV_NOHUGEPAGE; EINVAL where the kernel has no huge pages
    return mapping


def address(mapping):
    return ctypes.addressof(ctypes.c_char.from_buffer(mapping))


def touch(mapping, size):
    for offset in range(0, size, PAGE):
        mapping[offset] = 1


class Child:
    """A forked child that runs a function, reports that it is ready, and waits to be ended."""

    def __init__(self, function=lambda: None):
        ready, into = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            try:
                function()
                os.write(into, b"1")
                signal.pause()
            except BaseException as error:
                os.write(into, repr(error).encode()[:200])
            os._exit(1)
        os.close(into)
        self.answer = os.read(ready, 200)
        os.close(ready)

    def end(self):
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)

    def __enter__(self):
        expect(self.answer == b"1", f"the child failed: {self.answer}")
        return self.pid

    def __exit__(self, *_):
        self.end()


def forked(function):
    """Returns what a function returns in a forked child, as text; passes on a failure."""
    out, into = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            text = "+" + str(function())
        except BaseException as error:
            text = ("s" if isinstance(error, Skipped) else "-") + repr(error)
        os.write(into, text.encode())
        os._exit(0)
    os.close(into)
    text = b""
    while part := os.read(out, 65536):
        text += part
    os.close(out)
    os.waitpid(pid, 0)
    text = text.decode()
    if text[:1] == "s":
        raise Skipped(text[1:])
    expect(text[:1] == "+", text[1:])
    return text[1:]


def unshare(flags):
    if libc.unshare(flags) != 0:
        raise Skipped(f"unshare: {os.strerror(ctypes.get_errno())}")


CLONE_NEWNS, CLONE_NEWCGROUP, CLONE_NEWPID, CLONE_NEWUSER = 0x20000, 0x02000000, 0x20000000, 0x10000000


def mount(source, target, kind, flags=0, data=None):
    def encoded(text):
        return text.encode() if text else None

    if libc.mount(encoded(source), encoded(target), encoded(kind), flags, encoded(data)) != 0:
        raise Skipped(f"mount: {os.strerror(ctypes.get_errno())}")


class Cgroup:
    """A new cgroup of a controller, on v1 or v2, wherever the controller is. Removed at the end."""

    def __init__(self, controller, name=None, parent=None, version=None):
        if parent:
            self.version, base = parent.version, parent.path
        else:
            self.version, base = self.find(controller, version)
        self.path = f"{base}/{name or f'facts-{os.getpid()}-{time.monotonic_ns()}'}"
        try:
            os.mkdir(self.path)
        except OSError as error:
            raise Skipped(f"no cgroup can be made below {base}: {error.strerror}") from error
        if self.version == 2 and not parent and controller not in read(self.file("cgroup.controllers")).split():
            if controller != "cgroup":
                if MAY_CHANGE:
                    write(f"{base}/cgroup.subtree_control", f"+{controller}")
                else:
                    os.rmdir(self.path)
                    raise Skipped(f"{controller} is not enabled below {base}")

    @staticmethod
    def find(controller, version):
        for line in read("/proc/self/mountinfo").splitlines():
            left, right = line.split(" - ")
            kind, _, options = right.split()
            point = left.split()[4]
            if kind == "cgroup" and controller in options.split(",") and version in (None, 1):
                return 1, point
            if kind == "cgroup2" and version in (None, 2):
                listed = read(f"{point}/cgroup.controllers").split()
                if controller == "cgroup" or controller in listed:
                    return 2, point
        raise Skipped(f"no hierarchy with {controller}" + (f" on v{version}" if version else ""))

    def file(self, name):
        return f"{self.path}/{name}"

    def add(self, pid):
        write(self.file("cgroup.procs"), str(pid))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for _ in range(100):
            try:
                os.rmdir(self.path)
                return
            except FileNotFoundError:
                return
            except OSError:
                time.sleep(0.02)


# CPU limits


@check
def quota_range():
    """The quotas and periods that v1 accepts."""
    with Cgroup("cpu", version=1) as group:
        quota, period = group.file("cpu.cfs_quota_us"), group.file("cpu.cfs_period_us")
        seen = {}
        for text in ("0", "junk", "999", "1000"):
            seen["quota " + text] = error_of(write, quota, text)
        for text in ("999", "1000", "1000000", "1000001"):
            seen["period " + text] = error_of(write, period, text)
        write(quota, "-5")
        back = read(quota).strip()
        refused = {key for key, error in seen.items() if error == "EINVAL"}
        expect(refused == {"quota 0", "quota junk", "quota 999", "period 999", "period 1000001"}, seen)
        expect(back == "-1", back)
        write(period, "100000")
        write(quota, "50000")
        with Cgroup("cpu", "child", group) as child:
            error = error_of(write, child.file("cpu.cfs_quota_us"), "60000")
            expect(error == "EINVAL", error)
    return f"EINVAL for {sorted(refused)}; -5 reads as {back}; a child's 0.6 below its parent's 0.5: {error}"


@check
def quota_range_of_v2():
    """The texts that cpu.max accepts, and a child's ratio above its parent's. The root cgroup has no cpu.max."""
    with Cgroup("cpu", version=2) as group:
        seen = {
            text: error_of(write, group.file("cpu.max"), text)
            for text in ("0 100000", "junk", "999 100000", "1000 100000", "50000 999", "50000 1000001", "max 1000000")
        }
        refused = {text for text, error in seen.items() if error == "EINVAL"}
        expect(refused == {"0 100000", "junk", "999 100000", "50000 999", "50000 1000001"}, seen)
        write(group.file("cgroup.subtree_control"), "+cpu")
        write(group.file("cpu.max"), "50000 100000")
        with Cgroup("cpu", "child", group) as child:
            error = error_of(write, child.file("cpu.max"), "60000 100000")
            expect(error is None, error)
        in_root = os.path.exists(os.path.dirname(group.path) + "/cpu.max")
        expect(not in_root, "the root has cpu.max")
    return f"EINVAL for {sorted(refused)}; a child's 0.6 below its parent's 0.5 is accepted; none in the root"


@check
def throttled_by_an_ancestor():
    """A process that its parent cgroup's quota throttles has nr_throttled 0 in its own cpu.stat."""
    with Cgroup("cpu") as group, Cgroup("cpu", "child", group) as child:
        if group.version == 1:
            write(group.file("cpu.cfs_quota_us"), "10000")
        else:
            write(group.file("cgroup.subtree_control"), "+cpu")
            write(group.file("cpu.max"), "10000 100000")
        pid = os.fork()
        if pid == 0:
            child.add(os.getpid())
            end = time.monotonic() + 0.5
            while time.monotonic() < end:
                pass
            os._exit(0)
        os.waitpid(pid, 0)
        own = dict(line.split() for line in read(child.file("cpu.stat")).splitlines())
        expect(own["nr_throttled"] == "0", own)
        try:
            local = read(child.file("cpu.stat.local")).split()
        except FileNotFoundError as error:
            raise Skipped("this kernel has no cpu.stat.local") from error
        expect(int(local[1]) > 0, local)
    return f"nr_throttled 0, cpu.stat.local: {' '.join(local)}"


@check
def open_limit_file():
    """A limit file that is kept open shows the current value; after the cgroup's removal it fails with ENODEV."""
    with Cgroup("cpu") as group:
        name, value = ("cpu.cfs_quota_us", "20000") if group.version == 1 else ("cpu.max", "20000 100000")
        descriptor = os.open(group.file(name), os.O_RDONLY)
        before = os.pread(descriptor, 64, 0)
        write(group.file(name), value)
        after = os.pread(descriptor, 64, 0)
        os.rmdir(group.path)
        error = error_of(os.pread, descriptor, 64, 0)
        os.close(descriptor)
    expect(before != after and error == "ENODEV", (before, after, error))
    return f"{before!r}, then {after!r}, then {error}"


def events(descriptor, seconds=0.3):
    found = []
    while select.select([descriptor], [], [], seconds)[0]:
        buffer = os.read(descriptor, 65536)
        while buffer:
            watch, mask, _, length = struct.unpack_from("iIII", buffer)
            found.append((watch, mask))
            buffer = buffer[16 + length :]
    return found


@check
def inotify_of_limit_files():
    """inotify reports a write to a limit file. Before Linux 7.x the removal of the cgroup shows at its parent only."""
    with Cgroup("cpu") as group:
        name, value = ("cpu.cfs_quota_us", "20000") if group.version == 1 else ("cpu.max", "20000 100000")
        notify = libc.inotify_init1(0)
        modify, delete, removed = 0x2, 0x200, 0x400 | 0x8000
        file = libc.inotify_add_watch(notify, group.file(name).encode(), modify | 0x400)
        parent = libc.inotify_add_watch(notify, os.path.dirname(group.path).encode(), delete)
        own = libc.inotify_add_watch(notify, group.path.encode(), 0x400)
        write(group.file(name), value)
        written = events(notify)
        os.rmdir(group.path)
        gone = events(notify)
        os.close(notify)
    expect((file, modify) in written, written)
    expect(any(watch == parent for watch, _ in gone), gone)
    at_itself = {mask & removed for watch, mask in gone if watch in (file, own)} - {0}
    names = [name for bit, name in ((0x400, "IN_DELETE_SELF"), (0x8000, "IN_IGNORED")) if bit in at_itself]
    return (
        "a write: IN_MODIFY; the removal: IN_DELETE at the parent, "
        f"{' and '.join(names) or 'nothing'} at the cgroup and its file"
    )


@check
def poll_of_limit_files():
    """poll does not report a write to a limit file."""
    with Cgroup("cpu") as group:
        name, value = ("cpu.cfs_quota_us", "20000") if group.version == 1 else ("cpu.max", "20000 100000")
        descriptor = os.open(group.file(name), os.O_RDONLY)
        os.read(descriptor, 64)
        poll = select.poll()
        poll.register(descriptor, select.POLLPRI)
        before = poll.poll(100)
        write(group.file(name), value)
        after = poll.poll(200)
        os.close(descriptor)
    expect(before == after, (before, after))
    return f"before the write {[hex(mask) for _, mask in before]}, after it {[hex(mask) for _, mask in after]}"


@check
def cgroup_names():
    """/proc/PID/cgroup shows a cgroup's name without escapes; a newline is refused."""
    name = "a b:c\\d#e\tf"
    with Cgroup("cpu", f"facts-{os.getpid()}-{name}", Cgroup("cpu")) as group:
        try:
            error = error_of(os.mkdir, group.path + "/x\ny")
            with Child() as pid:
                group.add(pid)
                expect(f"{name}\n" in read(f"/proc/{pid}/cgroup"), read(f"/proc/{pid}/cgroup"))
            time.sleep(0.05)
        finally:
            group.__exit__()
            os.rmdir(os.path.dirname(group.path))
    expect(error == "EINVAL", error)
    return f"{name!r} unchanged; newline: {error}"


@check
def mountinfo_escapes():
    """mountinfo writes space, tab, newline and backslash in octal."""

    def inside():
        unshare(CLONE_NEWNS)
        mount(None, "/", None, 0x4000 | 0x40000)  # MS_REC | MS_PRIVATE
        mount("facts", "/mnt", "tmpfs")
        os.mkdir("/mnt/a b\tc\nd\\e#f:g")
        mount("facts", "/mnt/a b\tc\nd\\e#f:g", "tmpfs")
        return [line.split()[4] for line in read("/proc/self/mountinfo").splitlines() if "/mnt/" in line][-1]

    text = forked(inside)
    expect(text == "/mnt/a\\040b\\011c\\012d\\134e#f:g", text)
    return text


@check
def outside_the_cgroup_namespace():
    """Cgroup paths and mount roots are written as seen from the reader's cgroup namespace."""
    with Cgroup("cpu") as group:

        def inside():
            group.add(os.getpid())
            unshare(CLONE_NEWCGROUP)
            name = "cpu" if group.version == 1 else ""

            def path_of(pid):
                lines = [line.split(":", 2) for line in read(f"/proc/{pid}/cgroup").splitlines()]
                return [path for _, controllers, path in lines if controllers.split(",")[0] == name][0]

            roots = set()
            for pid in ("self", os.getppid()):
                for line in read(f"/proc/{pid}/mountinfo").splitlines():
                    kind, _, options = line.split(" - ")[1].split()
                    if (kind == "cgroup" and "cpu" in options.split(",")) or (kind == "cgroup2" and not name):
                        roots.add(line.split()[3])
            return f"own path {path_of('self')}, its parent's {path_of(os.getppid())}, mount roots {sorted(roots)}"

        text = forked(inside)
    expect("own path /, its parent's /.., mount roots ['/..']" in text, text)
    return text


@check
def affinity_by_thread():
    """sched_getaffinity(0) is the calling thread's mask; with the process id it is the main thread's."""
    if os.cpu_count() < 2:
        raise Skipped("one CPU")
    before = os.sched_getaffinity(0)
    if len(before) < 2:
        raise Skipped("the mask has one CPU")
    seen = {}

    def body():
        os.sched_setaffinity(0, {min(before)})
        seen["thread"], seen["process"] = os.sched_getaffinity(0), os.sched_getaffinity(os.getpid())

    thread = threading.Thread(target=body)
    thread.start()
    thread.join()
    expect(seen == {"thread": {min(before)}, "process": before}, seen)
    return f"thread {seen['thread']}, process {seen['process']}"


@check
def affinity_mask_too_small():
    """The kernel refuses a mask that is smaller than its own with EINVAL."""
    number = 204 if platform.machine() == "x86_64" else 123
    result = libc.syscall(number, 0, 4, ctypes.create_string_buffer(128))
    expect(result == -1 and ctypes.get_errno() == errno.EINVAL, (result, ctypes.get_errno()))
    return "4 bytes: EINVAL"


@check
def offline_cpus_in_status():
    """Cpus_allowed of status may list CPUs that sched_getaffinity leaves out, because they are not online."""
    text = [line.split()[1] for line in read("/proc/self/status").splitlines() if line.startswith("Cpus_allowed:")][0]
    listed, given = bin(int(text.replace(",", ""), 16)).count("1"), len(os.sched_getaffinity(0))
    possible = read("/sys/devices/system/cpu/possible").strip()
    online = read("/sys/devices/system/cpu/online").strip()
    if possible == online and MAY_CHANGE and len(os.sched_getaffinity(0)) > 2:
        write("/sys/devices/system/cpu/cpu1/online", "0")
        try:
            given = len(os.sched_getaffinity(0))
            online = read("/sys/devices/system/cpu/online").strip()
        finally:
            write("/sys/devices/system/cpu/cpu1/online", "1")
        expect(given < listed, (given, listed))
    elif possible == online:
        raise Skipped(f"every possible CPU is online ({online}): {listed} in status, {given} by the call")
    expect(given <= listed, (listed, given))
    return f"status: {listed} CPUs, the call: {given}; online {online}, possible {possible}"


# Processes and /proc


@check
def fork_counts_and_flags():
    """A forked child starts with fault counts near 0, the flag 0x40, and its parent's six addresses."""
    with Child() as pid:
        flags, child, own = int(fields_of_stat(pid)[6]), faults(pid), faults(os.getpid())
        expect(flags & 0x40, hex(flags))
        expect(child < own / 4, (child, own))
        expect(layout(pid) == layout(os.getpid()), "the addresses differ")
    process = subprocess.Popen(["sleep", "9"])
    time.sleep(0.1)
    flags = int(fields_of_stat(process.pid)[6])
    process.kill()
    process.wait()
    expect(not flags & 0x40, hex(flags))
    return f"faults: parent {own}, child {child} (its own since the fork); after execve the flag is gone"


@check
def children_by_thread():
    """A child is listed in task/TID/children of the thread that forked it."""
    if not os.path.exists(f"/proc/self/task/{os.getpid()}/children"):
        raise Skipped("no CONFIG_PROC_CHILDREN")
    result = {}

    def body():
        with Child() as pid:
            own = threading.get_native_id()
            result["thread"] = str(pid) in read(f"/proc/self/task/{own}/children").split()
            result["main"] = str(pid) in read(f"/proc/self/task/{os.getpid()}/children").split()

    thread = threading.Thread(target=body)
    thread.start()
    thread.join()
    expect(result == {"thread": True, "main": False}, result)
    return "in the list of the thread that forked, not in the main thread's"


@check
def newest_pid():
    """The last field of /proc/loadavg is the newest id; a new thread changes it, as a new process does."""

    def inside():
        unshare(CLONE_NEWPID | CLONE_NEWNS)
        return forked(in_namespace)

    def in_namespace():
        mount(None, "/", None, 0x4000 | 0x40000)
        mount("proc", "/proc", "proc")
        first = int(read("/proc/loadavg").split()[-1])
        thread = threading.Thread(target=lambda: None)
        thread.start()
        thread.join()
        second = int(read("/proc/loadavg").split()[-1])
        forked(lambda: 0)
        third = int(read("/proc/loadavg").split()[-1])
        expect(second == first + 1 and third == first + 2, (first, second, third))
        return f"{first}, after a thread {second}, after a process {third} (in a pid namespace of its own)"

    return forked(inside)


@check
def exit_signal():
    """Field 38 of stat, the exit signal, is -1 for a thread that is not the main one."""
    found = {}

    def body():
        own = threading.get_native_id()
        found["thread"] = read(f"/proc/self/task/{own}/stat").rpartition(")")[2].split()[35]

    thread = threading.Thread(target=body)
    thread.start()
    thread.join()
    main = fields_of_stat(os.getpid())[35]
    expect(found["thread"] == "-1" and int(main) >= 0, (found, main))
    return f"main thread {main}, another thread {found['thread']}"


@check
def directory_of_a_collected_process():
    """Files opened through a kept /proc/PID fail with ESRCH once the process has been collected."""
    child = Child()
    directory = os.open(f"/proc/{child.pid}", os.O_RDONLY | os.O_DIRECTORY)
    child.end()
    error = error_of(lambda: os.open("stat", os.O_RDONLY, dir_fd=directory))
    os.close(directory)
    expect(error == "ESRCH", error)
    return error


@check
def zombies_and_kernel_threads():
    """statm of a zombie and of a kernel thread shows zeros; smaps_rollup fails with ESRCH."""
    child = Child()
    os.kill(child.pid, signal.SIGKILL)
    time.sleep(0.1)
    seen = (statm(child.pid)[1], error_of(read, f"/proc/{child.pid}/smaps_rollup"))
    os.waitpid(child.pid, 0)
    kernel = (statm(2)[1], error_of(read, "/proc/2/smaps_rollup")) if read("/proc/2/comm") == "kthreadd\n" else seen
    expect(seen == (0, "ESRCH") and kernel == seen, (seen, kernel))
    return f"zombie {seen}, kernel thread {kernel}"


@check
def main_thread_that_has_ended():
    """The files of a main thread that has ended show nothing, or the root cgroup on v1; those of its threads do."""
    with Cgroup("cpu") as group:
        program = (
            "import ctypes, threading, time\n"
            "threading.Thread(target=time.sleep, args=(9,)).start()\n"
            "ctypes.CDLL(None).syscall(60 if __import__('platform').machine() == 'x86_64' else 93, 0)\n"
        )
        process = subprocess.Popen([sys.executable, "-c", program])
        group.add(process.pid)
        for _ in range(100):
            time.sleep(0.05)
            if fields_of_stat(process.pid)[0] == "Z":
                break
        task = [int(name) for name in os.listdir(f"/proc/{process.pid}/task") if int(name) != process.pid][0]
        main, other = statm(process.pid)[1], statm(process.pid, task)[1]
        name = "cpu" if group.version == 1 else ""

        def cgroup(path):
            lines = [line.split(":", 2) for line in read(path).splitlines()]
            return [path for _, controllers, path in lines if controllers.split(",")[0] == name][0]

        paths = cgroup(f"/proc/{process.pid}/cgroup"), cgroup(f"/proc/{process.pid}/task/{task}/cgroup")
        process.kill()
        process.wait()
    expect(main == 0 and other > 0, (main, other))
    expect(paths[0] == "/" or group.version == 2, paths)
    return f"statm: {main} pages by the process, {other} by a thread; cgroup: {paths[0]} and {paths[1]}"


@check
def open_files_across_execve():
    """After execve, an open pagemap is empty, smaps_rollup fails with ESRCH, and statm shows the new program."""
    ready, go = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.read(ready, 1)
        os.execvp("sleep", ["sleep", "9"])
    names = ("pagemap", "smaps_rollup", "statm")
    files = {name: os.open(f"/proc/{pid}/{name}", os.O_RDONLY) for name in names}
    before = os.pread(files["statm"], 99, 0)
    os.write(go, b"1")
    time.sleep(0.3)
    position = int([line for line in read(f"/proc/{pid}/maps").splitlines() if "[stack]" in line][0].split("-")[0], 16)
    pagemap = os.pread(files["pagemap"], 64, position // PAGE * 8)
    error = error_of(os.pread, files["smaps_rollup"], 4096, 0)
    after = os.pread(files["statm"], 99, 0)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    for descriptor in files.values():
        os.close(descriptor)
    expect(pagemap == b"" and error == "ESRCH" and after != before, (pagemap, error, before, after))
    texts = f"{before.decode().strip()}, then {after.decode().strip()}"
    return f"pagemap: {len(pagemap)} bytes; smaps_rollup: {error}; statm: {texts}"


def compare_maps(first, second):
    result = libc.syscall(312 if platform.machine() == "x86_64" else 272, first, second, 1, 0, 0)  # KCMP_VM
    if result == -1:
        raise Skipped(f"kcmp: {os.strerror(ctypes.get_errno())}")
    return result


@check
def kcmp_of_zombies():
    """kcmp(2) reports two processes without an address space as sharing one."""
    children = [Child(), Child()]
    different = compare_maps(children[0].pid, children[1].pid)
    for child in children:
        os.kill(child.pid, signal.SIGKILL)
    time.sleep(0.1)
    same = compare_maps(children[0].pid, children[1].pid)
    for child in children:
        os.waitpid(child.pid, 0)
    expect(different != 0 and same == 0, (different, same))
    return f"two live processes: {different}; two zombies: {same}"


@check
def faults_of_collected_children():
    """cminflt grows when a child is waited for, and not where SIGCHLD is ignored."""

    def inside():
        def child():
            pid = os.fork()
            if pid == 0:
                touch(anonymous(4 * MIB), 4 * MIB)
                os._exit(0)
            return pid

        before = child_faults("self")
        os.waitpid(child(), 0)
        waited = child_faults("self") - before
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        before = child_faults("self")
        error_of(os.waitpid, child(), 0)
        ignored = child_faults("self") - before
        expect(waited >= 1024 and ignored == 0, (waited, ignored))
        return f"waited for: +{waited}; SIGCHLD ignored: +{ignored}"

    return forked(inside)


@check
def layout_can_be_changed():
    """PR_SET_MM_MAP changes the addresses in stat, without privileges."""

    def inside():
        os.setgroups([])
        os.setresgid(65534, 65534, 65534)
        os.setresuid(65534, 65534, 65534)
        libc.prctl(4, 1, 0, 0, 0)  # PR_SET_DUMPABLE
        fields = fields_of_stat("self")
        before = layout("self")

        def at(number):
            return int(fields[number - 3])

        libc.sbrk.restype = ctypes.c_void_p
        # struct prctl_mm_map: start_code, end_code, start_data, end_data, start_brk, brk, start_stack, arguments,
        # environment, auxv, auxv_size, exe_fd. Only end_code changes.
        values = [at(26), at(27) - 16, at(45), at(46), at(47), libc.sbrk(0), at(28), at(48), at(49), at(50), at(51)]
        record = struct.pack("11QQIi", *values, 0, 0, -1)
        if libc.prctl(35, 14, record, len(record), 0) != 0:
            raise Skipped(f"PR_SET_MM_MAP: {os.strerror(ctypes.get_errno())}")
        after = layout("self")
        expect(before != after, after)
        return f"end_code {before[1]}, then {after[1]}"

    return forked(inside)


def each_version(seen):
    """Yields a new cgroup of each version, with the version. A version without a hierarchy is noted in `seen`."""
    for version in (1, 2):
        try:
            yield version, Cgroup("cpu" if version == 1 else "cgroup", version=version)
        except Skipped as reason:
            seen.append(f"v{version}: {reason}")


def pidfd_fields(of):
    """Returns the mask, the v2 cgroup's id, pid, tgid and the parent's pid."""
    descriptor = os.pidfd_open(of)
    buffer = bytearray(struct.pack("QQ", 0x7, 0) + bytes(48))
    try:
        fcntl.ioctl(descriptor, 0xC040FF0B, buffer)
    except OSError as error:
        raise Skipped(f"PIDFD_GET_INFO: {error.strerror}") from error
    finally:
        os.close(descriptor)
    return struct.unpack_from("QQIII", buffer)


@check
def cgroup_in_a_pidfd():
    """A move to another v2 cgroup changes the id that PIDFD_GET_INFO reports; a move on v1 does not."""
    seen = []
    for version, group in each_version(seen):
        with group, Child() as pid:
            before = pidfd_fields(pid)[1]
            group.add(pid)
            after = pidfd_fields(pid)[1]
            expect((before != after) == (version == 2), (version, before, after))
            expect(version == 1 or after == os.stat(group.path).st_ino, (after, os.stat(group.path).st_ino))
            seen.append(f"v{version}: {before}, then {after}")
    return "; ".join(seen)


@check
def pidfd_information():
    """PIDFD_GET_INFO (Linux 6.13) reports pid, parent and the v2 cgroup's id."""
    mask, cgroup, pid, tgid, ppid = pidfd_fields(os.getpid())
    expect((pid, ppid) == (os.getpid(), os.getppid()), (pid, ppid))
    return f"mask {mask:#x}, pid {pid}, tgid {tgid}, parent {ppid}, cgroup id {cgroup}"


@check
def seccomp_mode():
    """prctl(PR_GET_SECCOMP) reports 2 where a filter is installed."""
    without = libc.prctl(21, 0, 0, 0, 0)

    def inside():
        libc.prctl(38, 1, 0, 0, 0)  # PR_SET_NO_NEW_PRIVS
        program = ctypes.create_string_buffer(struct.pack("HBBI", 0x06, 0, 0, 0x7FFF0000))  # return ALLOW
        record = struct.pack("HxxxxxxP", 1, ctypes.addressof(program))
        if libc.prctl(22, 2, record, 0, 0) != 0:
            raise Skipped("PR_SET_SECCOMP")
        return libc.prctl(21, 0, 0, 0, 0)

    filtered = int(forked(inside))
    expect(filtered == 2, filtered)
    return f"without a filter {without}, with one {filtered}"


# Memory of processes


@check
def rss_in_stat():
    """Field 24 of stat is not the resident size of statm."""
    differ = total = 0
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                own, other = int(fields_of_stat(name)[21]), statm(name)[1]
            except (OSError, IndexError):
                continue
            if other:
                total += 1
                differ += own != other
    return f"differs for {differ} of {total} processes with memory"


@check
def statm_and_rollup():
    """statm's resident size is Rss of smaps_rollup (exactly since Linux 6.16)."""
    with Child(lambda: None) as pid:
        time.sleep(0.1)
        own, rollup = statm(pid)[1] * PAGE // 1024, kib(pid, "smaps_rollup", "Rss")
    if tuple(int(part) for part in platform.release().split(".")[:2]) >= (6, 16):
        expect(own == rollup, (own, rollup))
    return f"statm {own} KiB, smaps_rollup {rollup} KiB"


@check
def rollup_fields():
    """The fields of smaps_rollup, which depend on the kernel's version."""
    names = [line.split(":")[0] for line in read("/proc/self/smaps_rollup").splitlines()[1:]]
    expect("Size" not in names, names)
    return ", ".join(names)


@check
def rollup_grows_with_pages():
    """The time of smaps_rollup grows with the mapped pages; that of statm does not."""

    def timed(path, rounds=15):
        best = 1e9
        for _ in range(rounds):
            start = time.perf_counter_ns()
            read(path)
            best = min(best, time.perf_counter_ns() - start)
        return best / 1000

    def fill():
        KEPT.append(anonymous(256 * MIB))
        touch(KEPT[-1], 256 * MIB)

    def fill_huge():
        KEPT.append(anonymous(256 * MIB))
        KEPT[-1].madvise(14)  # MADV_HUGEPAGE
        touch(KEPT[-1], 256 * MIB)

    with Child() as small, Child(fill) as large, Child(fill_huge) as huge:
        rollups = [timed(f"/proc/{pid}/smaps_rollup") for pid in (small, large, huge)]
        statms = [timed(f"/proc/{pid}/statm") for pid in (small, large)]
    each = (rollups[1] - rollups[0]) * 1000 / (256 * MIB / PAGE)
    expect(rollups[1] > 3 * rollups[0], rollups)
    return (
        f"smaps_rollup: small {rollups[0]:.0f} µs, 256 MiB {rollups[1]:.0f} µs ({each:.0f} ns a page), "
        f"in huge pages {rollups[2]:.0f} µs; statm {statms[0]:.0f} and {statms[1]:.0f} µs (with Python's own cost)"
    )


def entries(pid, start, count):
    descriptor = os.open(f"/proc/{pid}/pagemap", os.O_RDONLY)
    try:
        return array.array("Q", os.pread(descriptor, count * 8, start // PAGE * 8))
    finally:
        os.close(descriptor)


@check
def exclusive_bit():
    """Bit 56 of a pagemap entry: set for a page mapped once, cleared by fork, set again by a write (copy-on-write)."""

    def inside():
        os.setgroups([])
        os.setresgid(65534, 65534, 65534)
        os.setresuid(65534, 65534, 65534)
        libc.prctl(4, 1, 0, 0, 0)
        memory = anonymous(16 * PAGE)
        touch(memory, 16 * PAGE)
        start = address(memory)

        def exclusive(pid):
            return sum(entry >> 56 & 1 for entry in entries(pid, start, 16))

        alone = exclusive("self")
        frames = sum(entry & (1 << 55) - 1 for entry in entries("self", start, 16))
        out, into = os.pipe()
        go, start_writing = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.read(go, 1)
            touch(memory, 4 * PAGE)
            os.write(into, b"1")
            signal.pause()
        shared = exclusive("self")
        os.write(start_writing, b"1")
        os.read(out, 1)
        written = exclusive(pid)
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        expect((alone, shared, written, frames) == (16, 0, 4, 0), (alone, shared, written, frames))
        return f"of 16: alone {alone}, after fork {shared}, child wrote 4: {written}; frame numbers add up to {frames}"

    return forked(inside)


@check
def scan_of_present_pages():
    """PAGEMAP_SCAN (Linux 6.7) finds present pages in a sparse mapping, and distinguishes pages of zeros."""
    memory = anonymous(64 * MIB)
    start = address(memory)
    memory[0] = 1
    memory[32 * MIB] = 1
    _ = memory[48 * MIB]
    ranges = ctypes.create_string_buffer(24 * 16)
    record = bytearray(
        struct.pack("QQQQQQQQQQQQ", 96, 0, start, start + 64 * MIB, 0, ctypes.addressof(ranges), 16, 0, 0, 8, 0, 8 | 32)
    )
    descriptor = os.open("/proc/self/pagemap", os.O_RDONLY)
    try:
        found = fcntl.ioctl(descriptor, 0xC0606610, record)
    except OSError as error:
        raise Skipped(f"PAGEMAP_SCAN: {error.strerror}") from error
    finally:
        os.close(descriptor)
    seen = [struct.unpack_from("QQQ", ranges, 24 * index) for index in range(found)]
    walk_end = struct.unpack_from("Q", record, 32)[0]
    text = [f"{(one - start) // MIB} MiB, {(end - one) // PAGE} page(s), kinds {kinds:#x}" for one, end, kinds in seen]
    expect(found == 3 and seen[2][2] & 32, text)
    return "; ".join(text) + f"; walk_end at {(walk_end - start) / MIB:g} of 64 MiB"


@check
def pages_of_zeros():
    """Memory that was only read maps the kernel's page of zeros: present in pagemap, not counted in RSS."""
    memory = anonymous(8 * MIB)
    before = statm("self")[1]
    for offset in range(0, 8 * MIB, PAGE):
        _ = memory[offset]
    after = statm("self")[1]
    present = sum(entry >> 63 for entry in entries("self", address(memory), 8 * MIB // PAGE))
    expect(present == 2048 and after - before < 256, (present, before, after))
    return f"{present} of 2048 pages present, RSS grew by {after - before} pages"


@check
def huge_page_by_one_fault():
    """One fault maps a transparent huge page, 512 pages of 4 KiB."""
    size_path = "/sys/kernel/mm/transparent_hugepage/hpage_pmd_size"
    if not os.path.exists(size_path) or "[never]" in read("/sys/kernel/mm/transparent_hugepage/enabled"):
        raise Skipped("no transparent huge pages")

    def inside():
        memory = anonymous(64 * MIB)
        memory.madvise(14)
        before, pages = faults("self"), statm("self")[1]
        touch(memory, 64 * MIB)
        return f"{statm('self')[1] - pages} pages by {faults('self') - before} faults"

    text = forked(inside)
    pages, count = int(text.split()[0]), int(text.split()[3])
    if count > pages / 4:
        raise Skipped(f"the kernel had no huge pages to give: {text}")
    return text


@check
def sizes_of_huge_pages():
    """Sizes of huge pages that are not for anonymous memory have no file `enabled`."""
    folder = "/sys/kernel/mm/transparent_hugepage"
    names = [name for name in os.listdir(folder) if name.startswith("hugepages-")] if os.path.isdir(folder) else []
    if not names:
        raise Skipped("one size, or none (before Linux 6.8)")
    without = [name for name in names if not os.path.exists(f"{folder}/{name}/enabled")]
    counted = [name for name in names if os.path.exists(f"{folder}/{name}/stats/anon_fault_alloc")]
    return f"{len(names)} sizes; without `enabled`: {without}; with stats/anon_fault_alloc: {len(counted)}"


@check
def pss_is_rounded_down():
    """PSS is rounded down to whole KiB: a page that three processes map counts 1 KiB in each, not 1.33."""
    memory = anonymous(PAGE, mmap.MAP_SHARED)
    memory[0] = 1
    start = f"{address(memory):x}-"

    def pss(pid):
        lines = read(f"/proc/{pid}/smaps").splitlines()
        index = [number for number, line in enumerate(lines) if line.startswith(start)][0]
        return [int(line.split()[1]) for line in lines[index : index + 12] if line.startswith("Pss:")][0]

    def use():
        memory[0] = 2

    with Child(use) as first, Child(use) as second:
        seen = [pss(pid) for pid in (os.getpid(), first, second)]
    expect(seen == [1, 1, 1], seen)
    return f"{seen} KiB of one page of {PAGE // 1024} KiB"


@check
def vdso_in_rss():
    """Whether the page of [vdso] is part of RSS."""
    lines = read("/proc/self/smaps").splitlines()
    index = [number for number, line in enumerate(lines) if line.endswith("[vdso]")]
    if not index:
        raise Skipped("no [vdso]")
    return [line for line in lines[index[0] :] if line.startswith("Rss:")][0]


@check
def rights_of_perfmon():
    """What CAP_PERFMON alone opens of another user's process: on some kernels smaps_rollup; not pagemap."""

    def become_other():
        os.setgroups([])
        os.setresgid(65534, 65534, 65534)
        os.setresuid(65534, 65534, 65534)
        libc.prctl(4, 1, 0, 0, 0)

    with Child(become_other) as pid:

        def inside(mask):
            def body():
                os.setgroups([])
                libc.prctl(8, 1, 0, 0, 0)  # PR_SET_KEEPCAPS
                os.setresgid(65533, 65533, 65533)
                os.setresuid(65533, 65533, 65533)
                header = struct.pack("Ii", 0x20080522, 0)
                low, high = mask & 0xFFFFFFFF, mask >> 32
                if libc.capset(header, struct.pack("6I", low, low, 0, high, high, 0)) != 0:
                    raise Skipped("capset")
                return [error_of(read, f"/proc/{pid}/{file}") for file in ("smaps_rollup", "statm")] + [
                    error_of(lambda: os.close(os.open(f"/proc/{pid}/pagemap", os.O_RDONLY)))
                ]

            return forked(body)

        without, with_it, both = inside(0), inside(1 << 38), inside(1 << 38 | 1 << 2)
    expect(without == "['EACCES', None, 'EACCES']" and with_it.endswith("'EACCES']"), (without, with_it))
    return f"rollup, statm, pagemap: without {without}; CAP_PERFMON {with_it}; and CAP_DAC_READ_SEARCH {both}"


@check
def fork_copies_pinned_pages():
    """fork copies pages that io_uring has pinned at once, without a fault."""

    def inside():
        memory = anonymous(8 * MIB)
        touch(memory, 8 * MIB)
        ring = libc.syscall(425, 8, ctypes.byref(ctypes.create_string_buffer(120)))  # io_uring_setup
        if ring == -1:
            raise Skipped(f"io_uring: {os.strerror(ctypes.get_errno())}")
        vector = ctypes.create_string_buffer(struct.pack("PN", address(memory), 8 * MIB))
        if libc.syscall(427, ring, 0, vector, 1) == -1:  # IORING_REGISTER_BUFFERS
            raise Skipped(f"io_uring: {os.strerror(ctypes.get_errno())}")
        pinned = kib("self", "status", "VmPin")
        with Child() as pid:
            exclusive = sum(entry >> 56 & 1 for entry in entries(pid, address(memory), 2048))
            return (
                f"VmPin {pinned} kB here, {kib(pid, 'status', 'VmPin')} kB in the child; "
                f"of 2048 pages the child has {exclusive} to itself after {faults(pid)} faults"
            )

    text = forked(inside)
    return text


@check
def map_files():
    """Opening a file of map_files needs privileges, for one's own process too."""

    def inside():
        names = os.listdir("/proc/self/map_files")
        as_root = error_of(lambda: os.close(os.open(f"/proc/self/map_files/{names[0]}", os.O_RDONLY)))
        os.setgroups([])
        os.setresgid(65534, 65534, 65534)
        os.setresuid(65534, 65534, 65534)
        libc.prctl(4, 1, 0, 0, 0)
        as_user = error_of(lambda: os.close(os.open(f"/proc/self/map_files/{names[0]}", os.O_RDONLY)))
        expect(as_user == "EPERM", as_user)
        return f"root: {as_root}, an ordinary user: {as_user}"

    return forked(inside)


# Containers


@check
def hidden_processes_and_o_path():
    """Under hidepid=2, O_PATH opens another user's /proc/PID; its files then fail with ENOENT."""

    def inside():
        unshare(CLONE_NEWPID | CLONE_NEWNS)
        return forked(in_namespace)

    def in_namespace():
        mount(None, "/", None, 0x4000 | 0x40000)
        mount("proc", "/proc", "proc", 0, "hidepid=2")
        return forked(as_another_user)

    def as_another_user():
        os.setgroups([])
        os.setresgid(65534, 65534, 65534)
        os.setresuid(65534, 65534, 65534)
        plain = error_of(lambda: os.open("/proc/1", os.O_RDONLY | os.O_DIRECTORY))
        try:
            directory = os.open("/proc/1", os.O_PATH | os.O_DIRECTORY)
        except OSError as error:
            return f"O_RDONLY: {plain}, O_PATH: {errno.errorcode[error.errno]}"
        file = error_of(lambda: os.open("stat", os.O_RDONLY, dir_fd=directory))
        return f"O_RDONLY: {plain}, O_PATH: opened, then stat: {file}; in the list: {'1' in os.listdir('/proc')}"

    text = forked(inside)
    expect(text == "O_RDONLY: ENOENT, O_PATH: opened, then stat: ENOENT; in the list: False", text)
    return text


@check
def no_inotify_instances():
    """inotify_init1 fails with EMFILE where the user has no instances left."""

    def inside():
        unshare(CLONE_NEWUSER)
        write("/proc/sys/user/max_inotify_instances", "0")
        result = libc.inotify_init1(0)
        return errno.errorcode[ctypes.get_errno()] if result == -1 else "opened"

    text = forked(inside)
    expect(text == "EMFILE", text)
    return text


@check
def hidden_limit_of_v1():
    """hierarchical_memory_limit of v1's memory.stat shows the limit of a cgroup above that cannot be seen."""

    def limits(group):
        with Cgroup("memory", "child", group) as child:
            write(group.file("memory.limit_in_bytes"), str(96 * MIB))
            stat = dict(line.split() for line in read(child.file("memory.stat")).splitlines())
            return read(child.file("memory.limit_in_bytes")).strip(), stat["hierarchical_memory_limit"]

    text = ""
    with Cgroup("memory", version=1) as group:
        if read(group.file("memory.use_hierarchy")).strip() == "0":
            text = f"; with use_hierarchy 0: {limits(group)[1]}"
    with Cgroup("memory", version=1) as group:
        write(group.file("memory.use_hierarchy"), "1")
        own, seen = limits(group)
    expect(int(seen) == 96 * MIB, seen)
    return f"own limit {own}, hierarchical_memory_limit {seen}{text}"


@check
def processes_of_another_pid_namespace():
    """cgroup.procs leaves out processes outside of the reader's pid namespace on v1, and shows 0 for them on v2."""
    seen = []
    for version, group in each_version(seen):
        with group, Child() as outsider:
            group.add(outsider)

            def inside(group=group):
                unshare(CLONE_NEWPID)
                return forked(lambda: read(group.file("cgroup.procs")).split())

            text = forked(inside)
            expect(text == ("[]" if version == 1 else "['0']"), (version, text))
            seen.append(f"v{version}: {text}")
    return "; ".join(seen)


@check
def threaded_cgroups():
    """cgroup.procs of a threaded v2 cgroup fails with EOPNOTSUPP."""
    with Cgroup("cgroup", version=2) as group:
        try:
            write(group.file("cgroup.type"), "threaded")
        except OSError as error:
            raise Skipped(f"cgroup.type: {error.strerror}") from error
        error = error_of(read, group.file("cgroup.procs"))
    expect(error in ("EOPNOTSUPP", "ENOTSUP"), error)
    return "EOPNOTSUPP"


@check
def memory_events():
    """inotify and POLLPRI report an OOM kill at memory.events of a cgroup and its parent, not at its .local."""
    with Cgroup("memory", version=2) as group:
        write(group.file("cgroup.subtree_control"), "+memory")
        with Cgroup("memory", "child", group) as child:
            write(child.file("memory.max"), str(16 * MIB))
            if os.path.exists(child.file("memory.swap.max")):
                write(child.file("memory.swap.max"), "0")
            notify = libc.inotify_init1(0)
            names = [child.file("memory.events"), group.file("memory.events"), group.file("memory.events.local")]
            watches = [libc.inotify_add_watch(notify, name.encode(), 0x2) for name in names]
            files = [os.open(name, os.O_RDONLY) for name in names]
            poll = select.poll()
            for file in files:
                os.read(file, 999)
                poll.register(file, select.POLLPRI)
            pid = os.fork()
            if pid == 0:
                child.add(os.getpid())
                touch(anonymous(64 * MIB), 64 * MIB)
                os._exit(0)
            _, status = os.waitpid(pid, 0)
            found = {watch for watch, _ in events(notify, 1)}
            polled = {file for file, mask in poll.poll(1000) if mask & select.POLLPRI}
            for file in files:
                os.close(file)
            os.close(notify)
    expect(os.WIFSIGNALED(status), status)
    expect(found == set(watches[:2]) and polled == set(files[:2]), (found, watches, polled, files))
    return "inotify and poll: the cgroup's and its parent's memory.events, not the parent's memory.events.local"


@check
def charge_stays_after_a_move():
    """Memory stays charged to the v2 cgroup in which it was faulted in, when its process moves."""
    with Cgroup("memory", version=2) as first, Cgroup("memory", version=2) as second:

        def fill():
            first.add(os.getpid())
            KEPT.append(anonymous(32 * MIB))
            touch(KEPT[-1], 32 * MIB)

        with Child(fill) as pid:
            second.add(pid)
            time.sleep(2.5)
            texts = [read(group.file("memory.stat")).splitlines() for group in (first, second)]
            seen = [int(line.split()[1]) // MIB for text in texts for line in text if line.startswith("anon ")]
    expect(seen[0] >= 30 and seen[1] < 4, seen)
    return f"anon of the first cgroup {seen[0]} MiB, of the one that the process is in {seen[1]} MiB"


@check
def pressure_files():
    """The permissions of the files of pressure, and poll without a trigger."""
    path = "/proc/pressure/memory"
    if not os.path.exists(path):
        raise Skipped("no /proc/pressure (no CONFIG_PSI)")
    mode = oct(os.stat(path).st_mode & 0o777)
    try:
        descriptor = os.open(path, os.O_RDONLY)
        os.read(descriptor, 99)
    except OSError as error:
        return f"{path} has mode {mode}; reading fails with {errno.errorcode[error.errno]} (PSI is disabled)"
    poll = select.poll()
    poll.register(descriptor, select.POLLPRI)
    found = poll.poll(100)
    os.close(descriptor)
    expect(found and found[0][1] & select.POLLERR, found)

    def trigger(text):
        def body():
            os.setgroups([])
            os.setresuid(65534, 65534, 65534)
            return error_of(write_both, path, text)

        return forked(body)

    def write_both(path, text):
        descriptor = os.open(path, os.O_RDWR)
        # The kernel cuts the last byte off, which is meant to be a NUL.
        os.write(descriptor, text.encode() + b"\0")

    windows = [trigger(f"some 100000 {seconds}000000") for seconds in (1, 2)]
    return (
        f"mode {mode}; poll for POLLPRI without a trigger: POLLERR; "
        f"an ordinary user's trigger with a window of 1 s: {windows[0]}, of 2 s: {windows[1]}"
    )


@check
def pressure_through_a_read_only_mount():
    """memory.pressure of a cgroup cannot be opened for writing through a read-only mount, by root either."""
    with Cgroup("cgroup", version=2) as group:
        if not os.path.exists(group.file("memory.pressure")):
            raise Skipped("no memory.pressure")

        def inside():
            unshare(CLONE_NEWNS)
            mount(None, "/", None, 0x4000 | 0x40000)
            mount(group.path, "/mnt", None, 4096)  # MS_BIND
            mount(None, "/mnt", None, 4096 | 32 | 1)  # MS_REMOUNT | MS_BIND | MS_RDONLY
            return error_of(lambda: os.close(os.open("/mnt/memory.pressure", os.O_RDWR)))

        text = forked(inside)
    expect(text == "EROFS", text)
    return text


def main():
    names = sys.argv[1:]
    if names == ["--list"]:
        for name, function in CHECKS.items():
            print(f"{name:36} {function.__doc__}")
        return 0
    unknown = [name for name in names if name not in CHECKS]
    if unknown:
        print(f"no check is called {unknown[0]}; --list shows them", file=sys.stderr)
        return 64
    print(f"Linux {platform.release()}, {platform.machine()}, page size {PAGE}, uid {os.getuid()}", flush=True)
    failed = 0
    for name in names or CHECKS:
        try:
            print(f"seen     {name}: {CHECKS[name]()}", flush=True)
        except Skipped as reason:
            print(f"skipped  {name}: {reason}", flush=True)
        except Exception as error:
            failed += 1
            print(f"FAILED   {name}: {error!r}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
