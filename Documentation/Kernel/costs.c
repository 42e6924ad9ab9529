// Prints what single readings of the kernel's files cost: the median of many calls, in microseconds.
//
//     cc -O2 -o /tmp/costs Documentation/Kernel/costs.c && /tmp/costs
//
// The main thread alone calls, because a system call on a descriptor costs more in a process with several threads.
// Compare the figures of one run with each other only: they differ by a factor of two between machines and hours.
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static char buffer[1 << 20];
static const char *path;
static int file;
static off_t offset;
static size_t length;

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1e6 + time.tv_nsec / 1e3;
}

static int ascending(const void *left, const void *right) {
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

static void timed(const char *name, void (*call)(void), int rounds, int batch) {
    double *seen = malloc(sizeof *seen * rounds);
    for (int round = 0; round < rounds; round++) {
        double start = now();
        for (int index = 0; index < batch; index++) call();
        seen[round] = (now() - start) / batch;
    }
    qsort(seen, rounds, sizeof *seen, ascending);
    printf("%-58s %9.2f   least %9.2f\n", name, seen[rounds / 2], seen[0]);
    free(seen);
}

static void open_read_close(void) {
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    while (read(descriptor, buffer, sizeof buffer) > 0) {}
    close(descriptor);
}
static char directory[64];
static void by_path(void) {
    char name[80];
    for (int index = 0; index < 2; index++) {
        snprintf(name, sizeof name, "%s/%s", directory, index ? "statm" : "stat");
        int descriptor = open(name, O_RDONLY | O_CLOEXEC);
        if (read(descriptor, buffer, 4096) < 0) exit(1);
        close(descriptor);
    }
}
static void through_directory(void) {
    int open_directory = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    for (int index = 0; index < 2; index++) {
        int descriptor = openat(open_directory, index ? "statm" : "stat", O_RDONLY | O_CLOEXEC);
        if (read(descriptor, buffer, 4096) < 0) exit(1);
        close(descriptor);
    }
    close(open_directory);
}
static void read_open(void) {
    if (pread(file, buffer, length, offset) < 0) exit(1);
}
static void affinity(void) {
    cpu_set_t mask;
    sched_getaffinity(0, sizeof mask, &mask);
}
static void seccomp(void) { prctl(PR_GET_SECCOMP, 0, 0, 0, 0); }
static int pidfd;
static void pidfd_information(void) {
    uint64_t record[8] = {7};
    ioctl(pidfd, 0xC040FF0B, record);
}
static int other;
static void compare_maps(void) { syscall(SYS_kcmp, getpid(), other, 1, 0, 0); }

static void both(const char *file_name) {
    char name[128], whole[128];
    snprintf(whole, sizeof whole, "/proc/%d/%s", other, file_name);
    path = whole;
    snprintf(name, sizeof name, "%s, open/read/close", file_name);
    timed(name, open_read_close, 300, 10);
    file = open(path, O_RDONLY);
    offset = 0;
    length = sizeof buffer;
    snprintf(name, sizeof name, "%s, pread of an open descriptor", file_name);
    timed(name, read_open, 300, 10);
    close(file);
}

// Forks a process that maps some memory and waits.
static int process(size_t bytes, int advice) {
    int ready[2];
    char byte = 1;
    if (pipe(ready)) exit(1);
    int pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, 9);
        char *memory = mmap(0, bytes + 1, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (advice) madvise(memory, bytes, advice);
        for (size_t index = 0; index < bytes; index += 4096) memory[index] = 1;
        if (write(ready[1], &byte, 1) != 1) _exit(1);
        pause();
        _exit(0);
    }
    if (read(ready[0], &byte, 1) != 1) exit(1);
    return pid;
}

static void rollup_of(const char *name, size_t bytes, int advice, int rounds) {
    char whole[128];
    int pid = process(bytes, advice);
    snprintf(whole, sizeof whole, "/proc/%d/smaps_rollup", pid);
    path = whole;
    timed(name, open_read_close, rounds, 1);
    kill(pid, 9);
    waitpid(pid, 0, 0);
}

int main(void) {
    printf("%-58s %9s   %15s\n", "microseconds a call", "median", "");
    timed("sched_getaffinity", affinity, 300, 100);
    timed("prctl(PR_GET_SECCOMP)", seccomp, 300, 100);
    pidfd = syscall(SYS_pidfd_open, getpid(), 0);
    timed("PIDFD_GET_INFO on an open pidfd", pidfd_information, 300, 100);
    path = "/proc/self/mountinfo", timed("/proc/self/mountinfo", open_read_close, 300, 10);
    path = "/proc/self/cgroup", timed("/proc/self/cgroup", open_read_close, 300, 10);
    path = "/proc/loadavg", timed("/proc/loadavg", open_read_close, 300, 10);
    path = "/proc/stat", timed("/proc/stat", open_read_close, 300, 10);
    char *const limits[] = {"/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "/sys/fs/cgroup/cpu.stat"};
    for (int index = 0; index < 2; index++) {
        if (access(limits[index], R_OK)) continue;
        path = limits[index];
        printf("(%s)\n", path);
        timed("a cgroup's file, open/read/close", open_read_close, 300, 10);
        file = open(path, O_RDONLY), offset = 0, length = 64;
        timed("a cgroup's file, pread of an open descriptor", read_open, 300, 10);
        close(file);
        break;
    }
    other = process(0, 0);
    timed("kcmp(KCMP_VM)", compare_maps, 300, 10);
    snprintf(directory, sizeof directory, "/proc/%d", other);
    timed("stat and statm, each by its path", by_path, 300, 10);
    timed("stat and statm through an open directory of the process", through_directory, 300, 10);
    both("statm");
    both("stat");
    both("status");
    both("smaps_rollup");
    kill(other, 9);
    waitpid(other, 0, 0);
    rollup_of("smaps_rollup of 64 MiB", 64 << 20, 0, 30);
    rollup_of("smaps_rollup of 512 MiB", 512 << 20, 0, 10);
    rollup_of("smaps_rollup of 512 MiB in huge pages", 512 << 20, MADV_HUGEPAGE, 30);
    char *memory = mmap(0, 64 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    memset(memory, 1, 64 << 20);
    char *hole = mmap(0, 512 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    file = open("/proc/self/pagemap", O_RDONLY);
    offset = (uintptr_t)memory / 4096 * 8;
    length = 16 * 8, timed("pagemap, pread of 16 entries", read_open, 300, 10);
    length = 256 * 8, timed("pagemap, pread of 256 entries", read_open, 300, 10);
    length = 16384 * 8, timed("pagemap, pread of 16384 entries", read_open, 30, 1);
    offset = (uintptr_t)hole / 4096 * 8;
    length = 131072 * 8, timed("pagemap, pread of 131072 entries of a hole", read_open, 30, 1);
    return 0;
}
