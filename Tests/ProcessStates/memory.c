// States of one process and its memory.
#define _GNU_SOURCE
#include "states.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

char *map(size_t bytes, int flags, int file)
{
    char *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, flags, file, 0);
    if (memory == MAP_FAILED) {
        fail("mmap");
    }
    return memory;
}

void unmap(void *memory, size_t bytes)
{
    if (munmap(memory, bytes) != 0) {
        fail("munmap");
    }
}

/// Not checked: a kernel that is built without transparent huge pages rejects the advice, and then it has no effect.
static void advise_size(char *memory, size_t bytes, int advice) { (void)madvise(memory, bytes, advice); }

char *reserve(size_t bytes)
{
    char *memory = map(bytes, MAP_PRIVATE | MAP_ANONYMOUS, -1);
    advise_size(memory, bytes, MADV_NOHUGEPAGE);
    return memory;
}

char *hold(size_t bytes) { return memset(reserve(bytes), 1, bytes); }

char *hold_huge(size_t bytes)
{
    char *memory = map(bytes, MAP_PRIVATE | MAP_ANONYMOUS, -1);
    advise_size(memory, bytes, MADV_HUGEPAGE);
    return memset(memory, 1, bytes);
}

static void read_pages(const volatile char *memory, size_t bytes)
{
    for (size_t at = 0; at < bytes; at += (size_t)sysconf(_SC_PAGESIZE)) {
        (void)memory[at];
    }
}

static void enter_hold(char **arguments)
{
    hold(number(arguments[0]));
    ready(NULL, 0);
}

static void enter_sparse(char **arguments)
{
    size_t reserved = number(arguments[0]), bytes = number(arguments[1]);
    char *memory = map(reserved, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1);
    advise_size(memory, reserved, MADV_NOHUGEPAGE);
    memset(memory + reserved / 2, 1, bytes);
    ready(NULL, 0);
}

static void enter_mapped_twice(char **arguments)
{
    size_t bytes = number(arguments[0]);
    int file = memfd_create("procmem-test", MFD_CLOEXEC);
    if (file < 0) {
        fail("memfd_create");
    }
    if (ftruncate(file, (off_t)bytes) != 0) {
        fail("ftruncate");
    }
    memset(map(bytes, MAP_SHARED, file), 1, bytes);
    read_pages(map(bytes, MAP_SHARED, file), bytes);
    ready(NULL, 0);
}

static void enter_lazy_free(char **arguments)
{
    size_t bytes = number(arguments[0]);
    if (madvise(hold(bytes), bytes, MADV_FREE) != 0) {
        fail("madvise MADV_FREE");
    }
    ready(NULL, 0);
}

static void enter_zero_page(char **arguments)
{
    size_t bytes = number(arguments[0]);
    read_pages(reserve(bytes), bytes);
    ready(NULL, 0);
}

static void enter_some_zeros(char **arguments)
{
    size_t bytes = number(arguments[0]);
    hold(bytes);
    read_pages(reserve(bytes / 8), bytes / 8);
    ready(NULL, 0);
}

static void enter_huge(char **arguments)
{
    hold_huge(number(arguments[0]));
    ready(NULL, 0);
}

/// Every second page has other access rights: adjacent mappings with equal rights would be merged.
static void enter_mappings(char **arguments)
{
    size_t count = number(arguments[0]), page = (size_t)sysconf(_SC_PAGESIZE);
    char *memory = hold(count * page);
    for (size_t i = 1; i < count; i += 2) {
        if (mprotect(memory + i * page, page, PROT_READ) != 0) {
            fail("mprotect");
        }
    }
    ready(NULL, 0);
}

static void enter_kinds(char **arguments)
{
    size_t shared = number(arguments[0]), locked = number(arguments[1]);
    memset(map(shared, MAP_SHARED | MAP_ANONYMOUS, -1), 1, shared);
    if (mlock(map(locked, MAP_PRIVATE | MAP_ANONYMOUS, -1), locked) != 0) {
        fail("mlock");
    }
    ready(NULL, 0);
}

static void enter_executes(char **arguments)
{
    hold(number(arguments[0]));
    ready(NULL, 0);
    wait_for_line();
    execl("/proc/self/exe", "ProcessStates", "hold", "4096", NULL);
    fail("execl");
}

const struct state memory_states[] = {
    {"hold", "BYTES", "maps BYTES of private memory and writes every page", enter_hold},
    {"sparse", "RESERVED BYTES", "reserves RESERVED bytes and writes BYTES in the middle of them", enter_sparse},
    {"mapped-twice", "BYTES", "maps a file in memory of BYTES twice, and touches all of both", enter_mapped_twice},
    {"lazy-free", "BYTES", "writes BYTES that the kernel may reclaim (MADV_FREE)", enter_lazy_free},
    {"zero-page", "BYTES", "maps BYTES of private memory and reads every page", enter_zero_page},
    {"some-zeros", "BYTES", "writes BYTES, and reads every page of an eighth as much that is never written",
     enter_some_zeros},
    {"huge", "BYTES", "the same as hold, in huge pages where the kernel has them", enter_huge},
    {"mappings", "COUNT", "has COUNT mappings of a page each, and writes every page", enter_mappings},
    {"kinds", "SHARED LOCKED", "maps SHARED bytes of shared memory and LOCKED bytes of locked memory", enter_kinds},
    {"executes", "BYTES", "writes BYTES; at the next line of input it executes \"hold 4096\"", enter_executes},
    {0},
};
