#ifndef PROCMEM_CTESTSUPPORT_H
#define PROCMEM_CTESTSUPPORT_H

#include <stdint.h>

/// Runs a function on a thread of its own that has another user's rights and no capabilities. The rights of the other
/// threads stay as they are: the system call changes one thread, other than the C library's function of the same name.
/// Returns 0, or the error number of what failed.
int test_run_as_user(uint32_t user_id, void (*body)(void *), void *context);

/// Becomes another group, in no further ones, and with `user` another user as well. Returns 0, or -1.
int test_become(uint32_t group, const uint32_t *user);

/// Whether others may trace the calling process: prctl(2) with PR_SET_DUMPABLE. Returns 0, or -1.
int test_set_dumpable(int is_dumpable);

/// Gives up those of the calling thread's capabilities whose bits are set, for good. Returns 0, or -1.
int test_drop_capabilities(uint64_t dropped);

/// Puts an empty folder in the place of /proc, for the calling process, which is in a mount namespace of its own then.
/// Only for a fork: the others of a program would lose it too. Returns 0, or -1 where that is not allowed.
int test_hide_proc(void);

/// Gives the calling process namespaces of its own: "m" its mounts, which nobody else sees then, "c" its cgroups, "p" its
/// children's ids. Returns 0, or -1.
int test_unshare(const char *kinds);

/// Becomes a member of the namespace that a file such as /proc/1/ns/cgroup stands for. Returns 0, or -1.
int test_enter_namespace(const char *path);

/// pipe2(2) with O_CLOEXEC, which Swift's Glibc module does not declare.
int test_pipe(int *numbers);

/// A file in memory that no program started later inherits: memfd_create(2), which Glibc does not declare either.
int test_temporary_file(void);

/// Puts the calling thread, and all threads and programs that it starts, under a seccomp filter that allows only the system
/// calls that systemd's @system-service and the default profiles of Docker and containerd have in common. Another call ends
/// the process with SIGSYS. Two calls fail as under Docker's profile, and systemd allows them: clone3 with ENOSYS, and
/// get_mempolicy, which procps' library makes, with EPERM. Returns 0, or -1.
int test_filter_system_calls(void);

/// Calls statmount(2) with arguments that no kernel accepts: returns -1 where no filter ends the process.
int test_call_statmount(void);

/// Runs a function in a forked child, and returns its result, which is the child's exit status; -1 where there was none.
int test_in_fork(int (*body)(void *), void *context);

/// How many times the calling thread has allocated memory on the heap since it began.
///
/// Counted by functions that stand before the C library's; -1 where the build has them not.
int64_t test_allocation_count(void);

#endif
