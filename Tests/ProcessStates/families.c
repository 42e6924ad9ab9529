// States of a process and its forked children.
#define _GNU_SOURCE
#include "states.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

// Used by the bodies of forked children.
static char *shared_memory;
static size_t shared_bytes;
static int done_pipe[2];
static int id_pipe[2];

void open_pipe(int ends[2])
{
    if (pipe(ends) != 0) {
        fail("pipe");
    }
}

void send_all(int file, const void *bytes, size_t count)
{
    ssize_t sent = write(file, bytes, count);
    if (sent != (ssize_t)count) {
        fail("write to a pipe");
    }
}

void receive_all(int file, void *bytes, size_t count)
{
    ssize_t received = read(file, bytes, count);
    if (received != (ssize_t)count) {
        // 0 at the end of the pipe: every child with its write end has exited.
        errno = received == 0 ? EPIPE : errno;
        fail("read from a pipe");
    }
}

size_t child_index;

pid_t checked_fork(void)
{
    pid_t id = fork();
    if (id < 0) {
        fail("fork");
    }
    return id;
}

static void die_with_parent(void)
{
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) {
        fail("prctl PR_SET_PDEATHSIG");
    }
}

pid_t fork_child(void (*body)(void))
{
    pid_t id = checked_fork();
    if (id == 0) {
        die_with_parent();
        body();
        _exit(0);
    }
    return id;
}

void await_exit(pid_t child, int options)
{
    siginfo_t info;
    while (waitid(P_PID, (id_t)child, &info, WEXITED | options) != 0) {
        if (errno != EINTR) {
            fail("waitid");
        }
    }
}

pid_t *ids_of(size_t count)
{
    pid_t *ids = calloc(count, sizeof *ids);
    if (!ids) {
        fail("calloc");
    }
    return ids;
}

pid_t *fork_children(size_t count, void (*body)(void), size_t done)
{
    pid_t *ids = ids_of(count);
    open_reports();
    for (child_index = 0; child_index < count; child_index++) {
        ids[child_index] = fork_child(body);
    }
    await_reports(done);
    return ids;
}

void open_reports(void) { open_pipe(done_pipe); }

void await_reports(size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char byte;
        receive_all(done_pipe[0], &byte, 1);
    }
}

void report_done(void) { send_all(done_pipe[1], "", 1); }

// MARK: Bodies of children

static void do_nothing(void)
{
    report_done();
    stay();
}

static void write_shared_memory(void)
{
    memset(shared_memory, 1, shared_bytes);
    do_nothing();
}

static void rewrite(void)
{
    memset(shared_memory, 2, shared_bytes / 4);
    hold(shared_bytes / 4);
    do_nothing();
}

static void rewrite_huge(void)
{
    memset(shared_memory, 2, shared_bytes / 4);
    hold_huge(shared_bytes / 4);
    do_nothing();
}

static void churn(void)
{
    for (int i = 0; i < 5; i++) {
        unmap(hold(shared_bytes / 2), shared_bytes / 2);
    }
    do_nothing();
}

static void fork_line(void)
{
    hold(shared_bytes / 2);
    fork_child(do_nothing);
    fork_child(do_nothing);
    do_nothing();
}

static void fork_again(void)
{
    pid_t id = fork_child(stay);
    send_all(id_pipe[1], &id, sizeof id);
    stay();
}

static void fork_and_exit(void)
{
    // Not with `fork_child`: the grandchild outlives its parent.
    pid_t id = checked_fork();
    if (id == 0) {
        stay();
    }
    send_all(id_pipe[1], &id, sizeof id);
    _exit(0);
}

static void exit_at_once(void) { _exit(0); }

/// Returns when the parent closes the pipe.
static void await_end_of_pipe(void)
{
    char byte;
    close(id_pipe[1]);
    (void)read(id_pipe[0], &byte, 1);
}

// MARK: States

static void enter_tree(char **arguments)
{
    size_t count = number(arguments[0]);
    hold(number(arguments[1]));
    ready(fork_children(count, do_nothing, count), count);
}

static void enter_nested(char **arguments)
{
    pid_t ids[2];
    hold(number(arguments[0]));
    open_pipe(id_pipe);
    ids[0] = fork_child(fork_again);
    receive_all(id_pipe[0], &ids[1], sizeof ids[1]);
    ready(ids, 2);
}

static void enter_zombie(char **arguments)
{
    (void)arguments;
    pid_t id = fork_child(exit_at_once);
    await_exit(id, WNOWAIT);
    ready(&id, 1);
}

static void enter_orphan(char **arguments)
{
    (void)arguments;
    pid_t id;
    open_pipe(id_pipe);
    pid_t child = fork_child(fork_and_exit);
    receive_all(id_pipe[0], &id, sizeof id);
    await_exit(child, 0);
    ready(&id, 1);
}

static void enter_shmem(char **arguments)
{
    size_t count = number(arguments[0]);
    shared_bytes = number(arguments[1]);
    shared_memory = map(shared_bytes, MAP_SHARED | MAP_ANONYMOUS, -1);
    ready(fork_children(count, write_shared_memory, count), count);
}

static void enter_rewriting(char **arguments)
{
    size_t count = number(arguments[0]);
    shared_bytes = number(arguments[1]);
    shared_memory = hold(shared_bytes);
    ready(fork_children(count, rewrite, count), count);
}

static void enter_huge_tree(char **arguments)
{
    size_t count = number(arguments[0]);
    shared_bytes = number(arguments[1]);
    shared_memory = hold_huge(shared_bytes);
    ready(fork_children(count, rewrite_huge, count), count);
}

static void enter_freeing(char **arguments)
{
    size_t count = number(arguments[0]), bytes = number(arguments[1]);
    char *memory = hold(bytes);
    pid_t *ids = fork_children(count, do_nothing, count);
    unmap(memory, bytes);
    ready(ids, count);
}

static void enter_churning(char **arguments)
{
    size_t count = number(arguments[0]);
    shared_bytes = number(arguments[1]);
    hold(shared_bytes);
    ready(fork_children(count, churn, count), count);
}

static void enter_batches(char **arguments)
{
    size_t count = number(arguments[0]), bytes = number(arguments[1]);
    char *memory = hold(bytes);
    pid_t *ids = ids_of(count);
    for (size_t batch = 0; batch < 4; batch++) {
        if (batch > 0) {
            memset(memory + (batch - 1) * (bytes / 4), (int)batch + 1, bytes / 4);
        }
        for (size_t i = count * batch / 4; i < count * (batch + 1) / 4; i++) {
            ids[i] = fork_child(stay);
        }
    }
    ready(ids, count);
}

static void enter_forks_later(char **arguments)
{
    size_t count = number(arguments[0]), bytes = number(arguments[1]);
    for (int i = 0; i < 4; i++) {
        unmap(hold(bytes), bytes);
    }
    hold(bytes);
    ready(NULL, 0);
    wait_for_line();
    ready(fork_children(count, do_nothing, count), count);
}

static void enter_lines(char **arguments)
{
    shared_bytes = number(arguments[0]);
    hold(shared_bytes);
    ready(fork_children(2, fork_line, 6), 2);
}

static void enter_comes_and_goes(char **arguments)
{
    (void)arguments;
    ready(NULL, 0);
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
    while (poll(&input, 1, 0) == 0) {
        pid_t ids[8];
        open_pipe(id_pipe);
        for (int i = 0; i < 8; i++) {
            ids[i] = fork_child(await_end_of_pipe);
        }
        close(id_pipe[0]);
        close(id_pipe[1]);
        for (int i = 0; i < 8; i++) {
            await_exit(ids[i], 0);
        }
    }
}

static void enter_forks(char **arguments)
{
    size_t rate = number(arguments[0]), forked = 0;
    ready(NULL, 0);
    struct timespec start, now;
    clock_gettime(CLOCK_MONOTONIC, &start);
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
    while (poll(&input, 1, 1) == 0) {
        clock_gettime(CLOCK_MONOTONIC, &now);
        double elapsed_s = (double)(now.tv_sec - start.tv_sec) + (double)(now.tv_nsec - start.tv_nsec) / 1e9;
        while ((double)forked < elapsed_s * (double)rate) {
            pid_t child = checked_fork();
            if (child == 0) {
                usleep((useconds_t)(forked % 8) * 1000);
                _exit(0);
            }
            forked++;
        }
        while (waitpid(-1, NULL, WNOHANG) > 0) {
        }
    }
    while (waitpid(-1, NULL, 0) > 0) {
    }
    printf("%zu\n", forked);
    fflush(stdout);
}

/// Calls no function of the C library that has state, because the parent has the same state.
static int stay_in_parents_memory(void *unused)
{
    (void)unused;
    syscall(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    for (;;) {
        syscall(SYS_ppoll, NULL, 0, NULL, NULL, 0);
    }
}

static void enter_vm_sharer(char **arguments)
{
    size_t stack_bytes = 65536;
    hold(number(arguments[0]));
    char *stack = map(stack_bytes, MAP_PRIVATE | MAP_ANONYMOUS, -1);
    pid_t id = clone(stay_in_parents_memory, stack + stack_bytes, CLONE_VM | SIGCHLD, NULL);
    if (id < 0) {
        fail("clone");
    }
    ready(&id, 1);
}

const struct state family_states[] = {
    {"tree", "WORKERS BYTES", "writes BYTES, then forks WORKERS that do nothing; prints their ids", enter_tree},
    {"nested", "BYTES", "writes BYTES, then forks a child that forks a child; prints both ids", enter_nested},
    {"zombie", "", "forks a child that exits and is not collected; prints its id", enter_zombie},
    {"orphan", "", "forks a child that forks a child and exits; prints the grandchild's id, which init adopts",
     enter_orphan},
    {"shmem", "WORKERS BYTES", "forks WORKERS that each write all of one shared memory of BYTES; prints their ids",
     enter_shmem},
    {"rewriting", "WORKERS BYTES",
     "writes BYTES and forks WORKERS that each rewrite a quarter of it and write a quarter of their own",
     enter_rewriting},
    {"huge-tree", "WORKERS BYTES", "the same as rewriting, in huge pages where the kernel has them", enter_huge_tree},
    {"freeing", "WORKERS BYTES", "the same as tree, and then unmaps its own BYTES", enter_freeing},
    {"churning", "WORKERS BYTES", "forks WORKERS that each map, write and unmap half of BYTES five times",
     enter_churning},
    {"batches", "WORKERS BYTES",
     "writes BYTES, forks WORKERS in four batches and rewrites another quarter before each but the first; prints their ids",
     enter_batches},
    {"forks-later", "WORKERS BYTES",
     "maps, writes and unmaps BYTES four times, then writes them; at the next line of input it forks WORKERS that do nothing: \"ready\" again, with their ids",
     enter_forks_later},
    {"lines", "BYTES", "writes BYTES and forks two that write half of their own and fork two that do nothing",
     enter_lines},
    {"comes-and-goes", "", "forks eight children, ends and collects them, and repeats that", enter_comes_and_goes},
    {"forks", "RATE", "forks RATE children a second that exit at once; at the end of its input it prints their number", enter_forks},
    {"vm-sharer", "BYTES", "writes BYTES, and makes a process in the same address space; prints its id",
     enter_vm_sharer},
    {0},
};
