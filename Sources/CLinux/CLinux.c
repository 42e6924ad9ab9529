#define _GNU_SOURCE
#include "CLinux.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/vfs.h>
#include <time.h>
#include <linux/magic.h>
#include <unistd.h>

#ifndef SYS_openat2
#define SYS_openat2 437 // the same on every architecture
#endif

// <linux/openat2.h> exists since Linux 5.6; older headers lack it.
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

#ifndef SYS_statmount
#define SYS_statmount 457 // the same on every architecture
#endif

// The members of the kernel's structures that are used here. <linux/mount.h> declares some of them since Linux 6.8.
struct procmem_statx {
    uint32_t mask;
    uint8_t skipped[140];
    uint64_t mount_id;
    uint8_t rest[104];
};
_Static_assert(sizeof(struct procmem_statx) == 256, "the kernel's struct statx has 256 bytes");
#define PROCMEM_STATX_MNT_ID_UNIQUE 0x4000

struct procmem_mnt_id_req {
    uint32_t size;
    uint32_t spare;
    uint64_t mount_id;
    uint64_t mask;
};

struct procmem_statmount {
    uint32_t size;
    uint32_t options; // offsets into strings
    uint64_t mask;
    uint8_t skipped_to_type[20];
    uint32_t type;
    uint8_t skipped_to_root[64];
    uint32_t root;
    uint8_t skipped_to_strings[404];
    char strings[8192];
};
_Static_assert(offsetof(struct procmem_statmount, type) == 36, "fs_type");
_Static_assert(offsetof(struct procmem_statmount, root) == 104, "mnt_root");
_Static_assert(offsetof(struct procmem_statmount, strings) == 512, "str");
#define PROCMEM_STATMOUNT_MNT_ROOT 0x08
#define PROCMEM_STATMOUNT_FS_TYPE 0x20
#define PROCMEM_STATMOUNT_MNT_OPTS 0x80

static int copy_string(const struct procmem_statmount *found, uint32_t offset, char *to, size_t size)
{
    if (offset >= sizeof found->strings) return -1;
    size_t length = strnlen(found->strings + offset, sizeof found->strings - offset);
    if (length >= size) return -1;
    memcpy(to, found->strings + offset, length);
    to[length] = 0;
    return 0;
}

int procmem_mount_at(const char *path, struct procmem_mount *mount)
{
    struct procmem_statx stat;
    if (syscall(SYS_statx, AT_FDCWD, path, AT_NO_AUTOMOUNT, PROCMEM_STATX_MNT_ID_UNIQUE, &stat) != 0) return -1;
    const uint64_t wanted = PROCMEM_STATMOUNT_MNT_ROOT | PROCMEM_STATMOUNT_FS_TYPE | PROCMEM_STATMOUNT_MNT_OPTS;
    struct procmem_mnt_id_req request = {.size = sizeof request, .mount_id = stat.mount_id, .mask = wanted};
    struct procmem_statmount found;
    if (!(stat.mask & PROCMEM_STATX_MNT_ID_UNIQUE)) {
        errno = ENOSYS;
        return -1;
    }
    if (syscall(SYS_statmount, &request, &found, sizeof found, 0) != 0) return -1;
    const uint64_t needed = PROCMEM_STATMOUNT_MNT_ROOT | PROCMEM_STATMOUNT_FS_TYPE;
    // The bit stays clear for a mount without options, and before Linux 6.11.
    mount->options[0] = 0;
    mount->has_options = (found.mask & PROCMEM_STATMOUNT_MNT_OPTS) != 0;
    if ((found.mask & needed) != needed || copy_string(&found, found.type, mount->type, sizeof mount->type) != 0 ||
        copy_string(&found, found.root, mount->root, sizeof mount->root) != 0 ||
        (mount->has_options && copy_string(&found, found.options, mount->options, sizeof mount->options) != 0)) {
        errno = ENOSYS;
        return -1;
    }
    return 0;
}

int procmem_is_filtered(void)
{
    int mode = prctl(PR_GET_SECCOMP, 0, 0, 0, 0);
    // EINVAL: a kernel without seccomp, which has no filters. For another error, a filter has refused the call.
    return mode > 0 || (mode < 0 && errno != EINVAL);
}

#define PROCMEM_KCMP_VM 1

int procmem_compare_memory_maps(int32_t first, int32_t second)
{
    return (int)syscall(SYS_kcmp, first, second, PROCMEM_KCMP_VM, 0UL, 0UL);
}

// <linux/fs.h> declares it since Linux 6.7.
struct procmem_scan {
    uint64_t size;
    uint64_t flags;
    uint64_t start;
    uint64_t end;
    uint64_t walk_end;
    uint64_t ranges;
    uint64_t range_count;
    uint64_t page_count;
    uint64_t inverted_kinds;
    uint64_t all_of_kinds;
    uint64_t any_of_kinds;
    uint64_t returned_kinds;
};
_Static_assert(sizeof(struct procmem_scan) == 96, "struct pm_scan_arg");
_Static_assert(sizeof(struct procmem_page_range) == 24, "struct page_region");
#define PROCMEM_SCAN_PAGES _IOWR('f', 16, struct procmem_scan)

int procmem_scan_pages(int pagemap, uint64_t start, uint64_t end, uint64_t kinds, uint64_t page_count,
                       struct procmem_page_range *ranges, uint64_t range_count)
{
    struct procmem_scan scan = {
        .size = sizeof scan,
        .start = start,
        .end = end,
        .ranges = (uint64_t)(uintptr_t)ranges,
        .range_count = range_count,
        .page_count = page_count,
        .all_of_kinds = kinds,
        .returned_kinds = kinds,
    };
    return ioctl(pagemap, PROCMEM_SCAN_PAGES, &scan);
}

// From <linux/capability.h>: version 3 has 64 capabilities in two words.
struct procmem_capability_header {
    uint32_t version;
    int32_t thread_id;
};
struct procmem_capability_word {
    uint32_t effective;
    uint32_t permitted;
    uint32_t inheritable;
};
#define PROCMEM_CAPABILITY_VERSION_3 0x20080522

int procmem_has_capability(int32_t capability)
{
    struct procmem_capability_header header = {.version = PROCMEM_CAPABILITY_VERSION_3, .thread_id = 0};
    struct procmem_capability_word words[2] = {0};
    if (capability < 0 || capability > 63 || syscall(SYS_capget, &header, words) != 0) return -1;
    return (words[capability / 32].effective >> (capability % 32)) & 1;
}

int procmem_at_fork_in_child(void (*function)(void)) { return pthread_atfork(NULL, NULL, function); }

int procmem_event(void) { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }

int procmem_start_thread(void *(*body)(void *), void *context, uintptr_t *joined)
{
    pthread_attr_t attributes;
    int error = pthread_attr_init(&attributes);
    if (error != 0) return error;
    // By default, musl gives a thread 128 KiB, which is too little for a sanitizer's stack frames.
    error = pthread_attr_setstacksize(&attributes, 1 << 20);
    if (error == 0 && joined == NULL) error = pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    if (error == 0) {
        // A thread inherits the signal mask of its creator: no signal handler of the program runs on this thread.
        sigset_t all, before;
        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, &before);
        pthread_t thread;
        error = pthread_create(&thread, &attributes, body, context);
        // An integer in glibc, a pointer in musl.
        if (error == 0 && joined != NULL) *joined = (uintptr_t)thread;
        pthread_sigmask(SIG_SETMASK, &before, NULL);
    }
    pthread_attr_destroy(&attributes);
    return error;
}

void procmem_join_thread(uintptr_t thread) { pthread_join((pthread_t)thread, NULL); }

static pthread_mutex_t library_mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t library_fork_handlers = PTHREAD_ONCE_INIT;

static void lock_library(void) { pthread_mutex_lock(&library_mutex); }

void procmem_unlock_library(void) { pthread_mutex_unlock(&library_mutex); }

// A child has only the thread that forked. If another thread held the lock, nothing would release it in the child.
static void add_library_fork_handlers(void)
{
    pthread_atfork(lock_library, procmem_unlock_library, procmem_unlock_library);
}

void procmem_lock_library(void)
{
    pthread_once(&library_fork_handlers, add_library_fork_handlers);
    lock_library();
}

int procmem_name_thread(const char *name) { return prctl(PR_SET_NAME, name); }

int procmem_set_owner(int descriptor, int is_thread)
{
    struct f_owner_ex owner = {
        .type = is_thread ? F_OWNER_TID : F_OWNER_PID,
        .pid = is_thread ? (pid_t)syscall(SYS_gettid) : getpid(),
    };
    return fcntl(descriptor, F_SETOWN_EX, &owner);
}

int procmem_identify(int descriptor, struct procmem_identity *identity)
{
    struct stat file;
    struct f_owner_ex owner = {0};
    if (fstat(descriptor, &file) != 0) return -1;
    identity->device = file.st_dev;
    identity->inode = file.st_ino;
    identity->owner = fcntl(descriptor, F_GETOWN_EX, &owner) == 0 ? owner.pid : 0;
    return 0;
}

int32_t procmem_thread_id(void) { return (int32_t)syscall(SYS_gettid); }

int procmem_is_on_procfs(int descriptor) {
    struct statfs file_system;
    return fstatfs(descriptor, &file_system) == 0 && file_system.f_type == PROC_SUPER_MAGIC;
}

int procmem_is_on_sysfs(int descriptor) {
    struct statfs file_system;
    return fstatfs(descriptor, &file_system) == 0 && file_system.f_type == SYSFS_MAGIC;
}

#ifndef CGROUP2_SUPER_MAGIC
#define CGROUP2_SUPER_MAGIC 0x63677270
#endif

int procmem_is_on_cgroup2(int descriptor) {
    struct statfs file_system;
    return fstatfs(descriptor, &file_system) == 0 && file_system.f_type == CGROUP2_SUPER_MAGIC;
}

int64_t procmem_nanoseconds(int clock)
{
    struct timespec time = {0};
    clock_gettime(clock, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

void procmem_wait_until(void *condition, void *mutex, int64_t nanoseconds)
{
    const struct timespec time = {.tv_sec = nanoseconds / 1000000000, .tv_nsec = nanoseconds % 1000000000};
    pthread_cond_timedwait(condition, mutex, &time);
}

uint64_t procmem_total_memory(void)
{
    struct sysinfo information;
    return sysinfo(&information) == 0 ? (uint64_t)information.totalram * information.mem_unit : 0;
}
