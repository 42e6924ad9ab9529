// System calls that Swift's Glibc and Musl modules do not declare: they require _GNU_SOURCE, or have no wrapper in
// libc.
// Unless stated otherwise, each returns the result of the system call: -1 and errno on failure.
#ifndef PROCMEM_CLINUX_H
#define PROCMEM_CLINUX_H

#include <stddef.h>
#include <stdint.h>

/// The system call sched_getaffinity(2) itself: returns the number of bytes that the kernel wrote into the mask.
long procmem_sched_getaffinity(int32_t thread_id, size_t mask_bytes, void *mask);

/// openat2(2) with RESOLVE_IN_ROOT: no link, absolute path or ".." leads out of `root`. Requires Linux 5.6.
int procmem_open_in_root(int root, const char *path, int32_t flags);

/// A mount, as statmount(2) reports it. The strings end in NUL.
struct procmem_mount {
    char type[64];
    /// Whether the kernel reported options. It reports none before Linux 6.11, and for a mount without options.
    int has_options;
    char options[512];
    char root[4096];
};

/// Reports the mount that a path leads to, after following links; the topmost one if several are stacked. Requires
/// Linux 6.8.
int procmem_mount_at(const char *path, struct procmem_mount *mount);

/// prctl(2) with PR_GET_SECCOMP: returns whether the calling thread is under a seccomp filter. 1 or 0; also 1 if a filter
/// refuses this call.
int procmem_is_filtered(void);

/// kcmp(2) with KCMP_VM: returns 0 if two threads share one memory map or have none, 1 if the first thread's map is
/// before the second one's in the kernel's order, 2 if it is after. Requires Linux 3.5 and a kernel with CONFIG_KCMP.
int procmem_compare_memory_maps(int32_t first, int32_t second);

/// PAGEMAP_SCAN: reports the first pages from `start` up to but not including `end` that are of all of these kinds, as
/// ranges of addresses. It reports at most `range_count` ranges and at most `page_count` pages; a `page_count` of 0
/// means no maximum. Returns the number of ranges; -1 and ENOTTY before Linux 6.7.
#define PROCMEM_PAGE_PRESENT (1 << 3)
#define PROCMEM_PAGE_OF_ZEROS (1 << 5)
struct procmem_page_range {
    uint64_t start;
    uint64_t end;
    uint64_t kinds;
};
int procmem_scan_pages(int pagemap, uint64_t start, uint64_t end, uint64_t kinds, uint64_t page_count,
                       struct procmem_page_range *ranges, uint64_t range_count);

/// Returns whether a capability is in the calling thread's effective set, by capget(2): 1 or 0; -1 on failure.
int procmem_has_capability(int32_t capability);

/// Registers a function that is called in every child that is forked from now on: pthread_atfork(3). Returns 0 or the
/// error number.
int procmem_at_fork_in_child(void (*function)(void));

/// eventfd(2) with the value 0, close-on-exec and non-blocking.
int procmem_event(void);

/// fcntl(2) with F_SETOWN_EX: makes the calling process, or the calling thread, the owner of an open file. Without O_ASYNC, the
/// kernel sends the owner no signal.
int procmem_set_owner(int descriptor, int is_thread);

/// The file to which a descriptor refers, and its owner; 0 if it has none, or one that has exited.
struct procmem_identity {
    uint64_t device;
    uint64_t inode;
    int32_t owner;
};

/// fstat(2), and fcntl(2) with F_GETOWN_EX.
int procmem_identify(int descriptor, struct procmem_identity *identity);

/// Starts a thread that blocks all signals. Returns 0 or the error number.
///
/// The thread is detached if `joined` is NULL. Otherwise procmem_join_thread must be called with what is returned there.
int procmem_start_thread(void *(*body)(void *), void *context, uintptr_t *joined);

/// Waits for the end of a thread.
void procmem_join_thread(uintptr_t thread);

/// Locks a mutex that exists from the start of the program, and needs no initialisation. fork() waits for the mutex, so that
/// a child can lock it.
void procmem_lock_library(void);
void procmem_unlock_library(void);

/// Sets the name of the calling thread, of at most 15 bytes, which lists of a process's threads show.
int procmem_name_thread(const char *name);

/// fstatfs(2): returns whether procfs provides an open file, 1 or 0. The corresponding C constant is PROC_SUPER_MAGIC.
int procmem_is_on_procfs(int descriptor);

/// fstatfs(2): returns whether sysfs provides an open file, 1 or 0. The corresponding C constant is SYSFS_MAGIC.
int procmem_is_on_sysfs(int descriptor);

/// fstatfs(2): returns whether cgroup v2 provides an open file, 1 or 0. The corresponding C constant is
/// CGROUP2_SUPER_MAGIC.
int procmem_is_on_cgroup2(int descriptor);

/// clock_gettime(2): returns the time of a clock in nanoseconds.
int64_t procmem_nanoseconds(int clock);

/// pthread_cond_timedwait(3): waits until an instant of the condition's clock.
void procmem_wait_until(void *condition, void *mutex, int64_t nanoseconds);

/// sysinfo(2): returns the machine's memory in bytes; 0 on failure.
uint64_t procmem_total_memory(void);

/// gettid(2): returns the id of the calling thread.
int32_t procmem_thread_id(void);

#endif
