#define _GNU_SOURCE
#include "CLinux.h"

#include <sys/syscall.h>
#include <unistd.h>

#ifndef SYS_openat2
#define SYS_openat2 437 // the same on every architecture
#endif

// <linux/openat2.h> came with Linux 5.6; older headers lack it.
struct procmem_open_how {
    uint64_t flags;
    uint64_t mode;
    uint64_t resolve;
};
#define PROCMEM_RESOLVE_IN_ROOT 0x10

long procmem_sched_getaffinity(int32_t thread_id, size_t mask_bytes, void *mask)
{
    return syscall(SYS_sched_getaffinity, thread_id, mask_bytes, mask);
}

int procmem_open_in_root(int root, const char *path, int32_t flags)
{
    struct procmem_open_how how = {.flags = (uint64_t)flags, .resolve = PROCMEM_RESOLVE_IN_ROOT};
    return (int)syscall(SYS_openat2, root, path, &how, sizeof how);
}
