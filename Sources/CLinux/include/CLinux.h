// System calls that Swift's Glibc and Musl modules do not declare: they stand behind _GNU_SOURCE, or have no wrapper.
// Each returns what the system call returns: -1 and errno on failure.
#ifndef PROCMEM_CLINUX_H
#define PROCMEM_CLINUX_H

#include <stddef.h>
#include <stdint.h>

/// sched_getaffinity(2), the system call itself: the number of bytes that the kernel wrote into the mask.
long procmem_sched_getaffinity(int32_t thread_id, size_t mask_bytes, void *mask);

/// openat2(2) for reading, with RESOLVE_IN_ROOT: no link, absolute path or ".." leads out of `root`. Since Linux 5.6.
int procmem_open_in_root(int root, const char *path, int32_t flags);

/// A mount, as statmount(2) tells it. The strings end in NUL.
struct procmem_mount {
    char type[64];
    char options[512];
    char root[4096];
};

/// What is mounted where a path leads, through links and whatever lies on top. Since Linux 6.11.
int procmem_mount_at(const char *path, struct procmem_mount *mount);

/// kcmp(2) with KCMP_VM: 0 where two threads have one memory map, or none; 1 where the first one's is before the second
/// one's in the kernel's order, 2 where it is after. Since Linux 3.5, where the kernel is built with CONFIG_KCMP.
int procmem_compare_memory_maps(int32_t first, int32_t second);

/// PAGEMAP_SCAN: the first pages from `start` to below `end` that are of all of these kinds, as ranges of addresses, at most
/// `range_count` of them and, unless it is 0, `page_count` pages. Returns how many ranges; -1 and ENOTTY before Linux 6.7.
#define PROCMEM_PAGE_PRESENT (1 << 3)
#define PROCMEM_PAGE_OF_ZEROS (1 << 5)
struct procmem_page_range {
    uint64_t start;
    uint64_t end;
    uint64_t kinds;
};
int procmem_scan_pages(int pagemap, uint64_t start, uint64_t end, uint64_t kinds, uint64_t page_count,
                       struct procmem_page_range *ranges, uint64_t range_count);

/// Whether a capability is in the calling thread's effective set, by capget(2): 1 or 0.
int procmem_has_capability(int32_t capability);

/// Has a function called in every child that is forked from now on: pthread_atfork(3). Returns 0 or the error number.
int procmem_at_fork_in_child(void (*function)(void));

/// eventfd(2) at 0, closed on exec, not blocking.
int procmem_event(void);

/// Starts a thread of its own, which nobody joins and which takes no signals. Returns 0 or the error number.
int procmem_start_thread(void *(*body)(void *), void *context);

/// Names the calling thread, by at most 15 bytes, for whoever lists the threads of a process.
int procmem_name_thread(const char *name);

/// gettid(2): the calling thread's id.
int32_t procmem_thread_id(void);

#endif
