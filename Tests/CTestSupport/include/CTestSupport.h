#ifndef PROCMEM_CTESTSUPPORT_H
#define PROCMEM_CTESTSUPPORT_H

#include <stdint.h>

/// Runs a function on a new thread with another user's privileges and without capabilities. The other threads keep
/// theirs: the system call changes one thread, whereas the C library's function of this name changes all. Returns 0, or
/// the error number of the call that failed.
int test_run_as_user(uint32_t user_id, void (*body)(void *), void *context);

/// Changes the group, without supplementary groups, and with `user` the user as well. Returns 0, or -1.
int test_become(uint32_t group, const uint32_t *user);

/// Sets whether other processes may trace this one: prctl(2) with PR_SET_DUMPABLE. Returns 0, or -1.
int test_set_dumpable(int is_dumpable);

/// Permanently drops the capabilities of the calling thread whose bits are set. Returns 0, or -1.
int test_drop_capabilities(uint64_t dropped);

/// Mounts an empty directory on /proc for the calling process, in a new mount namespace. To be called in a forked child
/// only: the mount applies to the whole process. Returns 0, or -1 if that is not permitted.
int test_hide_proc(void);

/// Moves the calling process into new namespaces: "m" of mounts, which no other process sees, "c" of cgroups, "p" of
/// its children's pids. Returns 0, or -1.
int test_unshare(const char *kinds);

/// Enters the namespace of a file such as /proc/1/ns/cgroup. Returns 0, or -1.
int test_enter_namespace(const char *path);

/// pipe2(2) with O_CLOEXEC, which Swift's Glibc module does not declare.
int test_pipe(int *numbers);

/// Creates a file in memory that no program started later inherits: memfd_create(2), which Glibc does not declare
/// either.
int test_temporary_file(void);

/// Opens a new terminal that no program started later inherits: the end of the terminal emulator, and that of the program,
/// whose path is at least 32 bytes. Returns 0, or -1.
int test_open_terminal(int *outside, int *inside, char *path, int path_size);

/// Puts the calling thread, and all threads and programs that it starts, under a seccomp filter that allows only the system
/// calls that systemd's @system-service and the default profiles of Docker and containerd have in common. Another call ends
/// the process with SIGSYS. Two calls fail as under Docker's profile, and systemd allows them: clone3 with ENOSYS, and
/// get_mempolicy, which procps' library makes, with EPERM. Returns 0, or -1.
int test_filter_system_calls(void);

/// As test_filter_system_calls, but a call outside the list fails with this error number and does not end the process.
int test_refuse_system_calls(int error);

/// Makes one system call, "fcntl", "clone3" or "eventfd2", fail with this error number, for the calling thread and all threads and programs that it starts. All other
/// system calls work. Returns 0, or -1.
int test_refuse_call(const char *name, int error);

/// Calls statmount(2) with arguments that no kernel accepts: returns -1 where no filter ends the process.
int test_call_statmount(void);

/// Runs a function in a forked child, and returns the child's exit status; -1 if the child did not exit normally. A child that hangs
/// for 10 seconds is killed and forked again, up to five times.
int test_in_fork(int (*body)(void *), void *context);

/// The number of heap allocations that the calling thread has made since it started.
///
/// Counted by functions that replace the C library's; -1 if the build does not have them.
int64_t test_allocation_count(void);

#endif
