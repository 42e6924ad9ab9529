// States of process trees that share pages in ways that counters of processes do not show.
#define _GNU_SOURCE
#include "states.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

// What the bodies of forked children use.
static char *inherited;
static size_t inherited_bytes;
static size_t part_count;
static int id_pipe[2];

static void finish(void)
{
    report_done();
    stay();
}

/// The children that exit without being waited for leave no fault counts behind.
static void ignore_exits_of_children(void)
{
    if (signal(SIGCHLD, SIG_IGN) == SIG_ERR) {
        fail("signal SIGCHLD");
    }
}

static void adopt_descendants(void)
{
    if (prctl(PR_SET_CHILD_SUBREAPER, 1) != 0) {
        fail("prctl PR_SET_CHILD_SUBREAPER");
    }
}

/// Waits until no process has the id. The parent ignores SIGCHLD, so that the kernel reports no exit.
static void await_disappearance(pid_t id)
{
    for (int milliseconds = 0; milliseconds < 60000; milliseconds++) {
        if (kill(id, 0) != 0) {
            return;
        }
        poll(NULL, 0, 1);
    }
    errno = ETIMEDOUT;
    fail("a child has not exited");
}

/// The size of one of as many parts of the inherited memory, in whole pages.
static size_t part_bytes(void) { return inherited_bytes / part_count / 4096 * 4096; }

static char *part(size_t index) { return inherited + index * part_bytes(); }

/// Unmaps the inherited memory except for one part.
static void keep_part(size_t index)
{
    for (size_t i = 0; i < part_count; i++) {
        if (i != index) {
            unmap(part(i), part_bytes());
        }
    }
}

static void inherit(char **arguments)
{
    part_count = number(arguments[0]);
    inherited_bytes = number(arguments[1]);
    inherited = hold(inherited_bytes);
}

// MARK: Hidden and changed layouts

static void hide(void)
{
    set_dumpable(0);
    finish();
}

static void enter_hidden_workers(char **arguments)
{
    inherit(arguments);
    ready(fork_children(part_count, hide, part_count), part_count);
}

static void enter_hidden_parent(char **arguments)
{
    inherit(arguments);
    pid_t *ids = fork_children(part_count, finish, part_count);
    set_dumpable(0);
    ready(ids, part_count);
}

/// Reports what failed to the parent, which has the standard output.
static void change_layout(void)
{
    char text[4096], *fields[64] = {0}, *rest = NULL;
    int file = open("/proc/self/stat", O_RDONLY | O_CLOEXEC);
    ssize_t count = file < 0 ? -1 : read(file, text, sizeof text - 1);
    if (count <= 0) {
        fail("/proc/self/stat");
    }
    close(file);
    text[count] = 0;
    // The first field after the name is number 3.
    char *word = strtok_r(strrchr(text, ')') + 1, " \n", &rest);
    for (size_t i = 3; word && i < 64; i++) {
        fields[i] = word;
        word = strtok_r(NULL, " \n", &rest);
    }
#define FIELD(index) strtoull(fields[index], NULL, 10)
    struct prctl_mm_map layout = {
        .start_code = FIELD(26), .end_code = FIELD(27), .start_stack = FIELD(28),
        .start_data = FIELD(45), .end_data = FIELD(46) - 16 * (child_index + 1), .start_brk = FIELD(47),
        .arg_start = FIELD(48), .arg_end = FIELD(49), .env_start = FIELD(50), .env_end = FIELD(51),
        .brk = (unsigned long)sbrk(0), .exe_fd = (unsigned)-1,
    };
#undef FIELD
    int error = prctl(PR_SET_MM, PR_SET_MM_MAP, &layout, sizeof layout, 0) == 0 ? 0 : errno;
    send_all(id_pipe[1], &error, sizeof error);
    finish();
}

static void enter_other_layouts(char **arguments)
{
    inherit(arguments);
    open_pipe(id_pipe);
    pid_t *ids = fork_children(part_count, change_layout, part_count);
    for (size_t i = 0; i < part_count; i++) {
        receive_all(id_pipe[0], &errno, sizeof errno);
        if (errno != 0) {
            unavailable("prctl PR_SET_MM_MAP");
        }
    }
    ready(ids, part_count);
}

// MARK: Processes that have exited

static void keep_own_part(void)
{
    keep_part(child_index);
    finish();
}

static void rewrite_part(void)
{
    memset(part(child_index), 2, part_bytes());
    hold(part_bytes());
    finish();
}

static void (*worker_body)(void);

/// Writes the memory, forks workers that outlive it, and exits.
static void fork_workers_and_exit(void)
{
    inherited = hold(inherited_bytes);
    for (child_index = 0; child_index < part_count; child_index++) {
        pid_t id = checked_fork();
        if (id == 0) {
            worker_body();
        }
        send_all(id_pipe[1], &id, sizeof id);
    }
    _exit(0);
}

static pid_t fork_middle(char **arguments, void (*body)(void))
{
    part_count = number(arguments[0]);
    inherited_bytes = number(arguments[1]);
    worker_body = body;
    adopt_descendants();
    open_pipe(id_pipe);
    open_reports();
    return fork_child(fork_workers_and_exit);
}

static void report_workers(void)
{
    pid_t *ids = ids_of(part_count);
    receive_all(id_pipe[0], ids, part_count * sizeof *ids);
    await_reports(part_count);
    ready(ids, part_count);
}

static void enter_adopted(char **arguments)
{
    ignore_exits_of_children();
    await_disappearance(fork_middle(arguments, keep_own_part));
    report_workers();
}

static void enter_orphaned(char **arguments)
{
    await_exit(fork_middle(arguments, rewrite_part), 0);
    report_workers();
}

static int write_in_parents_memory(void *unused)
{
    (void)unused;
    memset(inherited, 1, inherited_bytes);
    syscall(SYS_exit_group, 0);
    return 0;
}

static void enter_lent(char **arguments)
{
    size_t stack_bytes = 65536;
    part_count = number(arguments[0]) + 1;
    inherited_bytes = number(arguments[1]);
    inherited = reserve(inherited_bytes);
    ignore_exits_of_children();
    char *stack = map(stack_bytes, MAP_PRIVATE | MAP_ANONYMOUS, -1);
    pid_t id = clone(write_in_parents_memory, stack + stack_bytes, CLONE_VM | SIGCHLD, NULL);
    if (id < 0) {
        fail("clone");
    }
    await_disappearance(id);
    pid_t *ids = fork_children(part_count - 1, keep_own_part, part_count - 1);
    keep_part(part_count - 1);
    ready(ids, part_count - 1);
}

// MARK: Shared address spaces

static int stay_in_siblings_memory(void *unused)
{
    (void)unused;
    syscall(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    for (;;) {
        syscall(SYS_ppoll, NULL, 0, NULL, NULL, 0);
    }
}

/// Creates siblings in its own address space.
static void clone_siblings(void)
{
    size_t stack_bytes = 65536;
    hold(inherited_bytes);
    for (size_t i = 1; i < part_count; i++) {
        char *stack = map(stack_bytes, MAP_PRIVATE | MAP_ANONYMOUS, -1);
        pid_t id = clone(stay_in_siblings_memory, stack + stack_bytes, CLONE_VM | CLONE_PARENT | SIGCHLD, NULL);
        if (id < 0) {
            fail("clone");
        }
        send_all(id_pipe[1], &id, sizeof id);
    }
    finish();
}

static void enter_vm_siblings(char **arguments)
{
    part_count = number(arguments[0]);
    inherited_bytes = number(arguments[1]);
    open_pipe(id_pipe);
    pid_t *ids = ids_of(part_count);
    ids[0] = fork_children(1, clone_siblings, 1)[0];
    receive_all(id_pipe[0], ids + 1, (part_count - 1) * sizeof *ids);
    ready(ids, part_count);
}

// MARK: Pages without a fault

static void enter_pinned(char **arguments)
{
    inherit(arguments);
    char parameters[128] = {0};
    int ring = (int)syscall(SYS_io_uring_setup, 4, parameters);
    if (ring < 0) {
        unavailable("io_uring_setup");
    }
    struct iovec buffer = {inherited, inherited_bytes};
    // IORING_REGISTER_BUFFERS is 0.
    if (syscall(SYS_io_uring_register, ring, 0, &buffer, 1) != 0) {
        unavailable("io_uring_register");
    }
    ready(fork_children(part_count, finish, part_count), part_count);
}

static void enter_written_by_parent(char **arguments)
{
    size_t chunk = 1 << 20;
    part_count = number(arguments[0]);
    inherited_bytes = number(arguments[1]);
    inherited = reserve(inherited_bytes);
    pid_t *ids = fork_children(part_count, finish, part_count);
    char *source = hold(chunk);
    for (size_t i = 0; i < part_count; i++) {
        for (size_t at = 0; at + chunk <= inherited_bytes; at += chunk) {
            struct iovec local = {source, chunk}, remote = {inherited + at, chunk};
            if (process_vm_writev(ids[i], &local, 1, &remote, 1, 0) != (ssize_t)chunk) {
                unavailable("process_vm_writev");
            }
        }
    }
    ready(ids, part_count);
}

/// By MAP_POPULATE, MADV_POPULATE_WRITE or `mlock`, by turns.
static void populate(void)
{
    size_t bytes = part_bytes();
    char *memory;
    switch (child_index % 3) {
    case 0:
        map(bytes, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1);
        break;
    case 1:
        memory = reserve(bytes);
        // The advice requires Linux 5.14.
        if (madvise(memory, bytes, MADV_POPULATE_WRITE) != 0) {
            memset(memory, 1, bytes);
        }
        break;
    case 2:
        // RLIMIT_MEMLOCK may allow less.
        memory = reserve(bytes);
        if (mlock(memory, bytes) != 0) {
            memset(memory, 1, bytes);
        }
        break;
    }
    finish();
}

static void enter_populated(char **arguments)
{
    inherit(arguments);
    ready(fork_children(part_count, populate, part_count), part_count);
}

// MARK: Moved, mapped twice, and lazily freed pages

static void move_inherited(void)
{
    char *target = (char *)0x600000000000 + child_index * 2 * inherited_bytes;
    if (mremap(inherited, inherited_bytes, inherited_bytes, MREMAP_MAYMOVE | MREMAP_FIXED, target) == MAP_FAILED) {
        fail("mremap");
    }
    finish();
}

static void enter_moved(char **arguments)
{
    inherit(arguments);
    ready(fork_children(part_count, move_inherited, part_count), part_count);
}

static void read_every_page(const volatile char *memory, size_t bytes)
{
    for (size_t at = 0; at < bytes; at += 4096) {
        (void)memory[at];
    }
}

static void map_again(void)
{
    // The size 0 duplicates a shared mapping.
    char *second = mremap(inherited, 0, inherited_bytes, MREMAP_MAYMOVE);
    if (second == MAP_FAILED) {
        fail("mremap");
    }
    read_every_page(inherited, inherited_bytes);
    read_every_page(second, inherited_bytes);
    finish();
}

static void enter_shmem_twice(char **arguments)
{
    part_count = number(arguments[0]);
    inherited_bytes = number(arguments[1]);
    inherited = map(inherited_bytes, MAP_SHARED | MAP_ANONYMOUS, -1);
    memset(inherited, 1, inherited_bytes);
    ready(fork_children(part_count, map_again, part_count), part_count);
}

static void write_part_of_file(void)
{
    memset(part(child_index), 2, part_bytes());
    read_every_page(inherited, inherited_bytes);
    finish();
}

static void enter_private_file(char **arguments)
{
    part_count = number(arguments[0]);
    inherited_bytes = number(arguments[1]);
    int file = memfd_create("procmem-test", MFD_CLOEXEC);
    if (file < 0 || ftruncate(file, (off_t)inherited_bytes) != 0) {
        fail("memfd_create");
    }
    memset(map(inherited_bytes, MAP_SHARED, file), 1, inherited_bytes);
    inherited = map(inherited_bytes, MAP_PRIVATE, file);
    ready(fork_children(part_count, write_part_of_file, part_count), part_count);
}

static void free_lazily(char *memory, size_t bytes)
{
    if (madvise(memory, bytes, MADV_FREE) != 0) {
        fail("madvise MADV_FREE");
    }
}

static void free_part_lazily(void)
{
    memset(part(child_index), 2, part_bytes());
    free_lazily(part(child_index), part_bytes() / 2 / 4096 * 4096);
    free_lazily(hold(part_bytes()), part_bytes());
    finish();
}

static void enter_lazily_freed(char **arguments)
{
    inherit(arguments);
    ready(fork_children(part_count, free_part_lazily, part_count), part_count);
}

static void write_scattered(void)
{
    unsigned random = (unsigned)child_index + 1;
    for (int i = 0; i < 24; i++) {
        random = random * 1103515245 + 12345;
        size_t at = (random >> 4) % (inherited_bytes / 65536) * 65536;
        memset(inherited + at, 1, i % 3 == 0 ? 65536 : 4096);
    }
    finish();
}

static void enter_scattered(char **arguments)
{
    part_count = number(arguments[0]);
    inherited_bytes = number(arguments[1]);
    inherited = reserve(inherited_bytes);
    ready(fork_children(part_count, write_scattered, part_count), part_count);
}

// MARK: Programs

static char next_depth[24], next_bytes[24];

/// Executes the next program of the chain. Its standard output is the pipe.
static void execute_next(void)
{
    memset(part(0), 3, part_bytes());
    if (dup2(id_pipe[1], STDOUT_FILENO) < 0) {
        fail("dup2");
    }
    execl("/proc/self/exe", "ProcessStates", "exec-chain", next_depth, next_bytes, NULL);
    fail("execl");
}

static void enter_exec_chain(char **arguments)
{
    size_t depth = number(arguments[0]);
    part_count = 4;
    inherited_bytes = number(arguments[1]);
    inherited = hold(inherited_bytes);
    pid_t id = fork_children(1, rewrite_part, 1)[0];
    if (depth > 0) {
        snprintf(next_depth, sizeof next_depth, "%zu", depth - 1);
        snprintf(next_bytes, sizeof next_bytes, "%zu", inherited_bytes);
        open_pipe(id_pipe);
        fork_child(execute_next);
        // The next program reports when all after it have.
        for (char byte = 0; byte != '\n';) {
            receive_all(id_pipe[0], &byte, 1);
        }
    }
    ready(&id, 1);
}

static void enter_mergeable(char **arguments)
{
    size_t bytes = number(arguments[0]);
    char *memory = hold(bytes);
    // Different pages of one program, and equal ones in each program.
    for (size_t at = 0; at < bytes; at += 4096) {
        memcpy(memory + at, &at, sizeof at);
    }
    if (madvise(memory, bytes, MADV_MERGEABLE) != 0) {
        unavailable("madvise MADV_MERGEABLE");
    }
    ready(NULL, 0);
}

static size_t merged_pages(void)
{
    char text[32] = "";
    FILE *file = fopen("/sys/kernel/mm/ksm/pages_sharing", "re");
    if (!file) {
        unavailable("open pages_sharing");
    }
    if (!fgets(text, sizeof text, file)) {
        fail("read pages_sharing");
    }
    fclose(file);
    return strtoul(text, NULL, 10);
}

/// Writes equal pages, waits until KSM has merged them, forks a child that outlives it, and exits.
static void merge_fork_and_exit(void)
{
    char *memory = hold(inherited_bytes);
    if (madvise(memory, inherited_bytes, MADV_MERGEABLE) != 0) {
        unavailable("madvise MADV_MERGEABLE");
    }
    while (merged_pages() < inherited_bytes / 4096 * 9 / 10) {
        struct timespec pause = {.tv_nsec = 10 * 1000 * 1000};
        nanosleep(&pause, NULL);
    }
    pid_t id = checked_fork();
    if (id == 0) {
        finish();
    }
    send_all(id_pipe[1], &id, sizeof id);
    _exit(0);
}

static void enter_merged_orphan(char **arguments)
{
    part_count = 1;
    inherited_bytes = number(arguments[0]);
    adopt_descendants();
    open_pipe(id_pipe);
    open_reports();
    await_exit(fork_child(merge_fork_and_exit), 0);
    report_workers();
}

static void enter_hugetlb(char **arguments)
{
    part_count = number(arguments[0]);
    inherited_bytes = number(arguments[1]);
    char *memory = mmap(NULL, inherited_bytes, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);
    if (memory == MAP_FAILED) {
        unavailable("mmap MAP_HUGETLB");
    }
    memset(memory, 1, inherited_bytes);
    ready(fork_children(part_count, finish, part_count), part_count);
}

const struct state sharing_states[] = {
    {"hidden-workers", "WORKERS BYTES", "writes BYTES and forks WORKERS that other users may not trace",
     enter_hidden_workers},
    {"hidden-parent", "WORKERS BYTES", "writes BYTES, forks WORKERS, and then may not be traced by other users itself",
     enter_hidden_parent},
    {"other-layouts", "WORKERS BYTES", "writes BYTES and forks WORKERS that each change their layout (PR_SET_MM_MAP)",
     enter_other_layouts},
    {"adopted", "WORKERS BYTES",
     "ignores SIGCHLD and forks a child that writes BYTES, forks WORKERS that each keep a part, and exits; adopts them",
     enter_adopted},
    {"orphaned", "WORKERS BYTES",
     "forks a child that writes BYTES, forks WORKERS that each rewrite a part, and exits; waits for it and adopts them",
     enter_orphaned},
    {"lent", "WORKERS BYTES",
     "a process in the same address space writes BYTES and exits; then it forks WORKERS, and each keeps another part",
     enter_lent},
    {"vm-siblings", "COUNT BYTES", "forks COUNT siblings in one address space of their own, in which BYTES are written",
     enter_vm_siblings},
    {"pinned", "WORKERS BYTES", "writes BYTES, registers them with io_uring, and forks WORKERS", enter_pinned},
    {"written-by-parent", "WORKERS BYTES", "forks WORKERS and writes BYTES into each (process_vm_writev)",
     enter_written_by_parent},
    {"populated", "WORKERS BYTES",
     "writes BYTES and forks WORKERS that populate a part as much by MAP_POPULATE, MADV_POPULATE_WRITE or mlock",
     enter_populated},
    {"moved", "WORKERS BYTES", "writes BYTES and forks WORKERS that each move it to another address", enter_moved},
    {"shmem-twice", "WORKERS BYTES", "writes BYTES of shared memory, and forks WORKERS that each map it twice",
     enter_shmem_twice},
    {"private-file", "WORKERS BYTES", "maps a private file of BYTES, and forks WORKERS that each write a part of it",
     enter_private_file},
    {"lazily-freed", "WORKERS BYTES",
     "writes BYTES and forks WORKERS that each rewrite a part and free half of it lazily (MADV_FREE)",
     enter_lazily_freed},
    {"scattered", "WORKERS RESERVED", "reserves RESERVED bytes, and forks WORKERS that each write scattered pages of it",
     enter_scattered},
    {"exec-chain", "DEPTH BYTES",
     "writes BYTES and forks a child that rewrites a part, and one that executes the same with DEPTH less 1",
     enter_exec_chain},
    {"mergeable", "BYTES", "writes BYTES that KSM may merge with those of another process in this state", enter_mergeable},
    {"merged-orphan", "BYTES",
     "forks a child that writes BYTES of equal pages, waits until KSM has merged them, forks a child, and exits; adopts that",
     enter_merged_orphan},
    {"hugetlb", "WORKERS BYTES", "writes BYTES of hugetlb pages and forks WORKERS", enter_hugetlb},
    {0},
};
