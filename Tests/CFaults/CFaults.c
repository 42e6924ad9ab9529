#define _GNU_SOURCE
#include "CFaults.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/vfs.h>
#include <unistd.h>

#define MAXIMUM_NOTED 16384

static atomic_bool is_counting;
static atomic_long count;
static long failing, most_calls;
static int failing_error;
static const char *failing_name = "";
static long failing_length;
static atomic_bool is_cut_at_line_end;
static const char *volatile watched = "";
static struct {
    const char *name;
    long length;
    int file;
    char *path;
} noted[MAXIMUM_NOTED];

// Whether the code at an address is the program's own, or Swift's module for the C library, whose functions with a variable
// number of arguments call C's.
static bool is_own(const void *address)
{
    static _Thread_local const void *last_base;
    static _Thread_local bool last_is_own;
    static const void *own_base;
    Dl_info found;
    if (!own_base && dladdr(&noted, &found)) {
        own_base = found.dli_fbase;
    }
    if (!dladdr(address, &found)) {
        return false;
    }
    if (found.dli_fbase != last_base) {
        last_base = found.dli_fbase;
        last_is_own = found.dli_fbase == own_base || strstr(found.dli_fname, "/libswiftGlibc.so") ||
                      strstr(found.dli_fname, "/libswiftMusl.so");
    }
    return last_is_own;
}

// Counts a call. Returns its number, negative if it is the one to disturb, or 0 if it does not count.
static long begin_call(const char *name, const void *caller)
{
    if (!atomic_load_explicit(&is_counting, memory_order_relaxed) || !is_own(caller)) {
        return 0;
    }
    long number = atomic_fetch_add(&count, 1) + 1;
    if (number > most_calls) {
        dprintf(STDERR_FILENO, "%s: more than %ld system calls\n", watched, most_calls);
        _exit(3);
    }
    if (number <= MAXIMUM_NOTED) {
        noted[number - 1].name = name;
        noted[number - 1].length = -1;
        noted[number - 1].file = -1;
        free(noted[number - 1].path);
        noted[number - 1].path = NULL;
    }
    // With several threads the order of the calls varies. An error that a call cannot return is not injected.
    return number == failing && strcmp(name, failing_name) == 0 ? -number : number;
}

static bool fails(long number) { return number < 0 && failing_error != 0; }

static long note_read(long number, long result)
{
    if (number > 0 && number <= MAXIMUM_NOTED) {
        noted[number - 1].length = result;
    }
    return result;
}

static int note_open(long number, const char *path, int file)
{
    if (number > 0 && number <= MAXIMUM_NOTED) {
        noted[number - 1].file = file;
        noted[number - 1].path = strdup(path);
    }
    return file;
}

static void note_file(long number, int file)
{
    if (number > 0 && number <= MAXIMUM_NOTED) {
        noted[number - 1].file = file;
    }
}

// Notes whether a shortened read ends with a line.
static long note_cut(long number, const void *bytes, long result)
{
    if (number < 0 && failing_error == 0) {
        atomic_store(&is_cut_at_line_end, result > 0 && ((const char *)bytes)[result - 1] == '\n');
    }
    return note_read(number, result);
}

static size_t shortened(long number, size_t length)
{
    bool is_cut = number < 0 && failing_error == 0;
    return is_cut && (size_t)failing_length < length ? (size_t)failing_length : length;
}

// The function of the C library that a definition below replaces.
#define REAL(name)                                           \
    static __typeof__(name) *real;                           \
    if (!real) {                                             \
        real = (__typeof__(name) *)dlsym(RTLD_NEXT, #name);  \
    }
// Counts the call, and returns the failure if this is the call that must fail.
#define COUNT(name, failure)                                             \
    REAL(name)                                                           \
    long number = begin_call(#name, __builtin_return_address(0));        \
    if (fails(number)) {                                                 \
        errno = failing_error;                                           \
        return failure;                                                  \
    }                                                                    \
    (void)number;

int openat(int directory, const char *path, int flags, ...)
{
    va_list arguments;
    va_start(arguments, flags);
    int mode = va_arg(arguments, int);
    va_end(arguments);
    COUNT(openat, -1)
    return note_open(number, path, real(directory, path, flags, mode));
}

ssize_t read(int file, void *bytes, size_t length)
{
    COUNT(read, -1)
    note_file(number, file);
    length = shortened(number, length);
    return length == 0 ? note_read(number, 0) : note_cut(number, bytes, real(file, bytes, length));
}

ssize_t pread(int file, void *bytes, size_t length, off_t offset)
{
    COUNT(pread, -1)
    length = shortened(number, length);
    return length == 0 ? note_read(number, 0) : note_cut(number, bytes, real(file, bytes, length, offset));
}

ssize_t write(int file, const void *bytes, size_t length)
{
    COUNT(write, -1)
    return real(file, bytes, length);
}

// Linux releases the descriptor even if the call fails.
int close(int file)
{
    REAL(close)
    long number = begin_call("close", __builtin_return_address(0));
    int result = real(file);
    if (fails(number)) {
        errno = failing_error;
        return -1;
    }
    return result;
}

ssize_t readlink(const char *path, char *target, size_t length)
{
    COUNT(readlink, -1)
    return real(path, target, length);
}

ssize_t readlinkat(int directory, const char *path, char *target, size_t length)
{
    COUNT(readlinkat, -1)
    return real(directory, path, target, length);
}

DIR *fdopendir(int file)
{
    COUNT(fdopendir, NULL)
    return real(file);
}

struct dirent *readdir(DIR *directory)
{
    COUNT(readdir, NULL)
    return real(directory);
}

int closedir(DIR *directory)
{
    REAL(closedir)
    long number = begin_call("closedir", __builtin_return_address(0));
    int result = real(directory);
    if (fails(number)) {
        errno = failing_error;
        return -1;
    }
    return result;
}

int stat(const char *path, struct stat *result)
{
    COUNT(stat, -1)
    return real(path, result);
}

int fstat(int file, struct stat *result)
{
    COUNT(fstat, -1)
    return real(file, result);
}

int fcntl(int file, int command, ...)
{
    va_list arguments;
    va_start(arguments, command);
    void *argument = va_arg(arguments, void *);
    va_end(arguments);
    COUNT(fcntl, -1)
    return real(file, command, argument);
}

int fstatfs(int file, struct statfs *result)
{
    COUNT(fstatfs, -1)
    return real(file, result);
}

int poll(struct pollfd *files, nfds_t length, int milliseconds)
{
    COUNT(poll, -1)
    return real(files, length, milliseconds);
}

int eventfd(unsigned value, int flags)
{
    COUNT(eventfd, -1)
    return real(value, flags);
}

int inotify_init1(int flags)
{
    COUNT(inotify_init1, -1)
    return real(flags);
}

int inotify_add_watch(int queue, const char *path, uint32_t events)
{
    COUNT(inotify_add_watch, -1)
    return real(queue, path, events);
}

int inotify_rm_watch(int queue, int watch)
{
    COUNT(inotify_rm_watch, -1)
    return real(queue, watch);
}

int sched_getscheduler(pid_t process)
{
    COUNT(sched_getscheduler, -1)
    return real(process);
}

int getgroups(int length, gid_t *groups)
{
    COUNT(getgroups, -1)
    return real(length, groups);
}

int getrlimit(__rlimit_resource_t resource, struct rlimit *limit)
{
    COUNT(getrlimit, -1)
    return real(resource, limit);
}

int sysinfo(struct sysinfo *information)
{
    COUNT(sysinfo, -1)
    return real(information);
}

int prctl(int option, ...)
{
    va_list arguments;
    va_start(arguments, option);
    unsigned long values[4];
    for (int i = 0; i < 4; i++) {
        values[i] = va_arg(arguments, unsigned long);
    }
    va_end(arguments);
    REAL(prctl)
    long number = begin_call("prctl", __builtin_return_address(0));
    if (fails(number)) {
        errno = failing_error;
        return -1;
    }
    return real(option, values[0], values[1], values[2], values[3]);
}

int ioctl(int file, unsigned long request, ...)
{
    va_list arguments;
    va_start(arguments, request);
    void *argument = va_arg(arguments, void *);
    va_end(arguments);
    static int (*real)(int, unsigned long, ...);
    if (!real) {
        real = (int (*)(int, unsigned long, ...))dlsym(RTLD_NEXT, "ioctl");
    }
    long number = begin_call("ioctl", __builtin_return_address(0));
    if (fails(number)) {
        errno = failing_error;
        return -1;
    }
    return real(file, request, argument);
}

// Returns the error number instead of setting errno.
int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*body)(void *), void *context)
{
    REAL(pthread_create)
    long number = begin_call("pthread_create", __builtin_return_address(0));
    return fails(number) ? failing_error : real(thread, attributes, body, context);
}

static const char *name_of_system_call(long number)
{
    switch (number) {
    case SYS_sched_getaffinity: return "sched_getaffinity";
    case SYS_capget: return "capget";
    case SYS_kcmp: return "kcmp";
    case SYS_statx: return "statx";
    case SYS_gettid: return "gettid";
    case 437: return "openat2";
    case 457: return "statmount";
    default: return "another system call";
    }
}

long syscall(long call, ...)
{
    va_list arguments;
    va_start(arguments, call);
    long values[6];
    for (int i = 0; i < 6; i++) {
        values[i] = va_arg(arguments, long);
    }
    va_end(arguments);
    REAL(syscall)
    const char *name = name_of_system_call(call);
    long number = begin_call(name, __builtin_return_address(0));
    if (fails(number)) {
        errno = failing_error;
        return -1;
    }
    long result = real(call, values[0], values[1], values[2], values[3], values[4], values[5]);
    return call == 437 ? note_open(number, (const char *)values[1], (int)result) : result;
}

void faults_begin(int64_t number, const char *name, int error, int64_t length, int64_t most)
{
    failing = number;
    failing_name = name;
    failing_error = error;
    failing_length = length;
    most_calls = most;
    atomic_store(&is_cut_at_line_end, false);
    atomic_store(&count, 0);
    atomic_store(&is_counting, true);
}

int64_t faults_end(void)
{
    atomic_store(&is_counting, false);
    return atomic_load(&count);
}

const char *faults_name(int64_t number)
{
    return number > 0 && number <= MAXIMUM_NOTED ? noted[number - 1].name : "";
}

int64_t faults_length(int64_t number)
{
    return number > 0 && number <= MAXIMUM_NOTED ? noted[number - 1].length : -1;
}

const char *faults_path(int64_t number)
{
    return number > 0 && number <= MAXIMUM_NOTED && noted[number - 1].path ? noted[number - 1].path : "";
}

int faults_file(int64_t number) { return number > 0 && number <= MAXIMUM_NOTED ? noted[number - 1].file : -1; }

int faults_cut_line_end(void) { return atomic_load(&is_cut_at_line_end); }

int faults_open_descriptors(void)
{
    DIR *directory = opendir("/proc/self/fd");
    if (!directory) {
        return -1;
    }
    // Without `.`, `..` and the descriptor of this list.
    int entries = -3;
    while (readdir(directory)) {
        entries++;
    }
    closedir(directory);
    return entries;
}

static void report(int number)
{
    dprintf(STDERR_FILENO, "%s: signal %d\n", watched, number);
    _exit(128 + number);
}

void faults_watch(const char *text)
{
    static bool is_installed;
    watched = text;
    alarm(20);
    if (is_installed) {
        return;
    }
    is_installed = true;
    setvbuf(stdout, NULL, _IOLBF, 0);
    const int numbers[] = {SIGILL, SIGTRAP, SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGALRM};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        signal(numbers[i], report);
    }
}
