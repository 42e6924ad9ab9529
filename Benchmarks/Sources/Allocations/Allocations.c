// Counts heap allocations. The definitions of malloc and its relatives in an executable that links this file replace
// those of the C library, for every library that the executable loads, including Swift's runtime.
#include "Allocations.h"

#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>

// The internal names of malloc, calloc, realloc and memalign in glibc.
extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);

static _Atomic uint64_t count;

static void counted(void) { atomic_fetch_add_explicit(&count, 1, memory_order_relaxed); }

uint64_t allocation_count(void) { return atomic_load_explicit(&count, memory_order_relaxed); }

void *malloc(size_t size)
{
    counted();
    return __libc_malloc(size);
}

void *calloc(size_t number, size_t size)
{
    counted();
    return __libc_calloc(number, size);
}

void *realloc(void *memory, size_t size)
{
    counted();
    return __libc_realloc(memory, size);
}

void *memalign(size_t alignment, size_t size)
{
    counted();
    return __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size) { return memalign(alignment, size); }

int posix_memalign(void **memory, size_t alignment, size_t size)
{
    void *found = memalign(alignment, size);
    if (!found) return ENOMEM;
    *memory = found;
    return 0;
}
