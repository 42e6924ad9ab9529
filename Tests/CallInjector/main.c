// Runs a program, and makes one of its system calls fail from outside: by ptrace(2), at the calls that a seccomp filter
// reports. Without a number it lists the calls, one line for each: the number of the call and its name.
//
//     CallInjector LIST|NUMBER ERROR PROGRAM [ARGUMENT...]
//
// Calls count from the first file that ProcMem opens, which is the first openat(2) or openat2(2) with O_NOCTTY: what the
// loader and the runtime do before that is not ProcMem's. The list is written to the file LIST. ERROR is an error number.
// The exit status is the program's, or 128 plus the number of the signal that ended it. A program that makes more than
// 100,000 calls is killed.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#if defined(__x86_64__)

#define MAXIMUM_CALLS 100000

static const struct {
    unsigned number;
    const char *name;
} calls[] = {
    {SYS_openat, "openat"}, {437, "openat2"}, {SYS_read, "read"}, {SYS_pread64, "pread"},
    {SYS_getdents64, "readdir"}, {SYS_newfstatat, "stat"}, {SYS_fstat, "fstat"}, {SYS_statx, "statx"},
    {457, "statmount"}, {SYS_ioctl, "ioctl"}, {SYS_sched_getaffinity, "sched_getaffinity"},
    {SYS_sched_getscheduler, "sched_getscheduler"}, {SYS_inotify_init1, "inotify_init1"},
    {SYS_inotify_add_watch, "inotify_add_watch"}, {SYS_inotify_rm_watch, "inotify_rm_watch"}, {SYS_poll, "poll"},
    {SYS_kcmp, "kcmp"}, {SYS_clone3, "pthread_create"}, {SYS_eventfd2, "eventfd"}, {SYS_readlink, "readlink"},
    {SYS_readlinkat, "readlinkat"}, {SYS_capget, "capget"}, {SYS_getgroups, "getgroups"},
    {SYS_prlimit64, "getrlimit"}, {SYS_close, "close"}, {SYS_fstatfs, "fstatfs"}, {SYS_sysinfo, "sysinfo"},
    {SYS_prctl, "prctl"}, {SYS_write, "write"}, {SYS_fcntl, "fcntl"},
};
enum { call_count = sizeof calls / sizeof calls[0] };

static _Noreturn void fail(const char *what)
{
    perror(what);
    exit(99);
}

static void filter_and_run(char **program)
{
    struct sock_filter code[2 * call_count + 2];
    unsigned short length = 0;
    code[length++] =
        (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
    for (int i = 0; i < call_count; i++) {
        code[length++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, calls[i].number, 0, 1);
        code[length++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE);
    }
    code[length++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    struct sock_fprog filter = {.len = length, .filter = code};
    if (ptrace(PTRACE_TRACEME, 0, 0, 0) != 0) {
        fail("ptrace");
    }
    raise(SIGSTOP);
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) != 0) {
        fail("seccomp");
    }
    execvp(program[0], program);
    fail(program[0]);
}

static bool is_first_call_of_library(pid_t thread, const struct user_regs_struct *registers)
{
    unsigned long flags = registers->rdx;
    if (registers->orig_rax == 437) {
        flags = (unsigned long)ptrace(PTRACE_PEEKDATA, thread, registers->rdx, 0);
    } else if (registers->orig_rax != SYS_openat) {
        return false;
    }
    return flags & O_NOCTTY;
}

int main(int count, char **arguments)
{
    if (count < 4) {
        fprintf(stderr, "usage: CallInjector LIST|NUMBER ERROR PROGRAM [ARGUMENT...]\n");
        return 64;
    }
    char *end;
    long wanted = strtol(arguments[1], &end, 10);
    FILE *list = NULL;
    if (*end) {
        wanted = 0;
        list = fopen(arguments[1], "we");
        if (!list) {
            fail(arguments[1]);
        }
    }
    const int error = atoi(arguments[2]);
    pid_t child = fork();
    if (child == 0) {
        filter_and_run(arguments + 3);
    }
    // From a terminal or timeout(1), the program gets the signal too, and its end is waited for.
    signal(SIGINT, SIG_IGN);
    int status;
    if (child < 0 || waitpid(child, &status, 0) != child) {
        fail("fork");
    }
    ptrace(PTRACE_SETOPTIONS, child, 0,
           PTRACE_O_TRACESECCOMP | PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_EXITKILL);
    ptrace(PTRACE_CONT, child, 0, 0);
    long number = 0;
    bool is_started = false;
    int result = 99;
    for (;;) {
        pid_t thread = waitpid(-1, &status, __WALL);
        if (thread < 0) {
            if (errno == EINTR) {
                continue;
            }
            break;
        }
        if (!WIFSTOPPED(status)) {
            if (thread == child) {
                result = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
            }
            continue;
        }
        int stop = WSTOPSIG(status);
        if (stop == SIGTRAP && status >> 16 == PTRACE_EVENT_SECCOMP) {
            struct user_regs_struct registers;
            ptrace(PTRACE_GETREGS, thread, 0, &registers);
            is_started = is_started || is_first_call_of_library(thread, &registers);
            if (is_started) {
                number++;
                for (int i = 0; list && i < call_count; i++) {
                    if (calls[i].number == registers.orig_rax) {
                        fprintf(list, "%ld %s\n", number, calls[i].name);
                    }
                }
                if (number == wanted) {
                    registers.orig_rax = (unsigned long long)-1;
                    registers.rax = (unsigned long long)-error;
                    ptrace(PTRACE_SETREGS, thread, 0, &registers);
                }
                if (number > MAXIMUM_CALLS) {
                    kill(child, SIGKILL);
                }
            }
            stop = 0;
        } else if (stop == SIGTRAP || stop == SIGSTOP) {
            stop = 0;
        }
        ptrace(PTRACE_CONT, thread, 0, stop);
    }
    if (list) {
        fclose(list);
    }
    return result;
}

#else

int main(void)
{
    fprintf(stderr, "CallInjector: only for x86-64\n");
    return 77;
}

#endif
