#define _GNU_SOURCE
#include "CTestSupport.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

struct job {
    uint32_t user_id;
    void (*body)(void *);
    void *context;
    int error;
};

static void *run(void *argument)
{
    struct job *job = argument;
    if (syscall(SYS_setgroups, 0, NULL) != 0 ||
        syscall(SYS_setresgid, job->user_id, job->user_id, job->user_id) != 0 ||
        syscall(SYS_setresuid, job->user_id, job->user_id, job->user_id) != 0) {
        job->error = errno;
        return NULL;
    }
    job->body(job->context);
    return NULL;
}

int test_run_as_user(uint32_t user_id, void (*body)(void *), void *context)
{
    struct job job = {.user_id = user_id, .body = body, .context = context, .error = 0};
    pthread_t thread;
    int error = pthread_create(&thread, NULL, run, &job);
    if (error != 0) {
        return error;
    }
    pthread_join(thread, NULL);
    return job.error;
}

int test_in_fork(int (*body)(void *), void *context)
{
    // Another thread may hold a lock at the moment of the fork, for example while it initialises a global. The child then
    // waits for that lock without end.
    for (int attempt = 0; attempt < 5; attempt++) {
        int status;
        pid_t child = fork();
        if (child == 0) {
            // Threads of libdispatch block the signal.
            sigset_t alarm_signal;
            sigemptyset(&alarm_signal);
            sigaddset(&alarm_signal, SIGALRM);
            sigprocmask(SIG_UNBLOCK, &alarm_signal, NULL);
            alarm(10);
            _exit(body(context));
        }
        while (waitpid(child, &status, 0) == -1) {
            if (errno != EINTR) {
                return -1;
            }
        }
        if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGALRM) {
            return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
        }
    }
    return -1;
}

int test_become(uint32_t group, const uint32_t *user)
{
    if (setgroups(0, NULL) != 0 || setresgid(group, group, group) != 0) {
        return -1;
    }
    return user ? setresuid(*user, *user, *user) : 0;
}

int test_set_dumpable(int is_dumpable) { return prctl(PR_SET_DUMPABLE, is_dumpable); }

int test_drop_capabilities(uint64_t dropped)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct words[2];
    if (syscall(SYS_capget, &header, words) != 0) {
        return -1;
    }
    for (int i = 0; i < 2; i++) {
        uint32_t kept = ~(uint32_t)(dropped >> (32 * i));
        words[i].effective &= kept;
        words[i].permitted &= kept;
        words[i].inheritable = 0;
    }
    return (int)syscall(SYS_capset, &header, words);
}

int test_hide_proc(void)
{
    if (unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0) {
        return -1;
    }
    return mount("tmpfs", "/proc", "tmpfs", 0, NULL);
}

int test_unshare(const char *kinds)
{
    int flags = 0;
    for (const char *kind = kinds; *kind; kind++) {
        flags |= *kind == 'm' ? CLONE_NEWNS : *kind == 'c' ? CLONE_NEWCGROUP : *kind == 'p' ? CLONE_NEWPID : 0;
    }
    if (unshare(flags) != 0) {
        return -1;
    }
    return flags & CLONE_NEWNS ? mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) : 0;
}

int test_enter_namespace(const char *path)
{
    int file = open(path, O_RDONLY | O_CLOEXEC);
    int result = file < 0 ? -1 : setns(file, 0);
    if (file >= 0) {
        close(file);
    }
    return result;
}

static const int allowed_system_calls[] = {
#include "allowed_system_calls.inc"
};

#if defined(__x86_64__)
#define NATIVE_ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define NATIVE_ARCHITECTURE AUDIT_ARCH_AARCH64
#endif

#ifndef SYS_clone3
#define SYS_clone3 435
#endif

// Allows the calls of the list; any other call gets the action.
static int install_filter(unsigned other_action)
{
#ifdef NATIVE_ARCHITECTURE
    enum { count = sizeof allowed_system_calls / sizeof *allowed_system_calls };
    struct sock_filter program[2 * count + 9];
    unsigned short length = 0;
#define ADD(...) program[length++] = (struct sock_filter)__VA_ARGS__
    ADD(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)));
    ADD(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, NATIVE_ARCHITECTURE, 1, 0));
    ADD(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS));
    ADD(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)));
    // A jump reaches 255 instructions, so each call has its own return.
    for (int i = 0; i < count; i++) {
        ADD(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)allowed_system_calls[i], 0, 1));
        ADD(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
    }
    ADD(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone3, 0, 1));
    ADD(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS));
    ADD(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_get_mempolicy, 0, 1));
    ADD(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM));
    ADD(BPF_STMT(BPF_RET | BPF_K, other_action));
#undef ADD
    struct sock_fprog filter = {.len = length, .filter = program};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
        return -1;
    }
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter, 0, 0);
#else
    (void)other_action;
    errno = ENOSYS;
    return -1;
#endif
}

int test_filter_system_calls(void) { return install_filter(SECCOMP_RET_KILL_PROCESS); }

int test_refuse_system_calls(int error)
{
    return install_filter(SECCOMP_RET_ERRNO | ((unsigned)error & SECCOMP_RET_DATA));
}

int test_refuse_call(const char *name, int error)
{
    const struct {
        const char *name;
        unsigned number;
    } calls[] = {{"fcntl", SYS_fcntl}, {"clone3", SYS_clone3}, {"eventfd2", SYS_eventfd2}};
    unsigned number = 0;
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        if (strcmp(calls[i].name, name) == 0) {
            number = calls[i].number;
        }
    }
    if (number == 0) {
        errno = EINVAL;
        return -1;
    }
    struct sock_filter program[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ((unsigned)error & SECCOMP_RET_DATA)),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog filter = {.len = sizeof program / sizeof *program, .filter = program};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
        return -1;
    }
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter, 0, 0);
}

int test_call_statmount(void) { return (int)syscall(457, NULL, NULL, 0, 0); }

int test_pipe(int *numbers) { return pipe2(numbers, O_CLOEXEC); }

int test_open_terminal(int *outside, int *inside, char *path, int path_size)
{
    *outside = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (*outside < 0) return -1;
    if (grantpt(*outside) == 0 && unlockpt(*outside) == 0 && ptsname_r(*outside, path, (size_t)path_size) == 0) {
        *inside = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC);
        if (*inside >= 0) return 0;
    }
    close(*outside);
    return -1;
}

int test_temporary_file(void) { return memfd_create("procmem-test", MFD_CLOEXEC); }

#ifndef __has_feature
#define __has_feature(feature) 0 // only clang has it
#endif

#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__) && !__has_feature(address_sanitizer) && \
    !__has_feature(thread_sanitizer)

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);

static _Thread_local int64_t allocation_count;

void *malloc(size_t size)
{
    allocation_count++;
    return __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    allocation_count++;
    return __libc_calloc(count, size);
}

void *realloc(void *memory, size_t size)
{
    allocation_count++;
    return __libc_realloc(memory, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
    allocation_count++;
    return __libc_memalign(alignment, size);
}

int posix_memalign(void **memory, size_t alignment, size_t size)
{
    allocation_count++;
    *memory = __libc_memalign(alignment, size);
    return *memory == NULL ? ENOMEM : 0;
}

int64_t test_allocation_count(void) { return allocation_count; }

#else

int64_t test_allocation_count(void) { return -1; }

#endif
