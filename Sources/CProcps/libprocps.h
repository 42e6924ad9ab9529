// libprocps, the library of procps 3.3: everything that its headers declare, and functions for what Swift cannot
// import.
//
// The headers declare more than the library exports (vminfo, pwcache_get_group, the xmalloc family …): using these
// fails at link time. The library terminates the program if memory runs out. It has static buffers, so only one thread
// may use it at a time.
#ifndef CPROCPS_LIBPROCPS_H
#define CPROCPS_LIBPROCPS_H

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <proc/alloc.h>
#include <proc/devname.h>
#include <proc/escape.h>
#include <proc/numa.h>
#include <proc/procps.h>
#include <proc/pwcache.h>
#include <proc/readproc.h>
#include <proc/sig.h>
#include <proc/slab.h>
#include <proc/sysinfo.h>
#include <proc/version.h>
#include <proc/wchan.h>
#include <proc/whattime.h>

#include "libprocps_reader.h"
#include "linux_version.h"

/// The generation in use: procps 3.3, with the library libprocps.
#define CPROCPS_GENERATION 3
/// The name of the library.
#define CPROCPS_LIBRARY "libprocps"

// Variadic functions are not available in Swift. These functions cover the three ways to call openproc and readproctab.
// The lists are not copied: they must remain valid until closeproc.

static inline PROCTAB *cprocps_openproc(int flags)
{
    return openproc(flags & ~(PROC_PID | PROC_UID));
}

/// @param pids A list that ends in 0.
static inline PROCTAB *cprocps_openproc_pids(int flags, pid_t *pids)
{
    return openproc((flags & ~PROC_UID) | PROC_PID, pids);
}

static inline PROCTAB *cprocps_openproc_uids(int flags, uid_t *uids, int count)
{
    return openproc((flags & ~PROC_PID) | PROC_UID, uids, count);
}

static inline proc_t **cprocps_readproctab(int flags)
{
    return readproctab(flags & ~(PROC_PID | PROC_UID));
}

/// @param pids A list that ends in 0.
static inline proc_t **cprocps_readproctab_pids(int flags, pid_t *pids)
{
    return readproctab((flags & ~PROC_UID) | PROC_PID, pids);
}

static inline proc_t **cprocps_readproctab_uids(int flags, uid_t *uids, int count)
{
    return readproctab((flags & ~PROC_PID) | PROC_UID, uids, count);
}

// Swift 6 does not allow reading a C variable, because it may change at any time. Each of these functions reads one
// variable, provided that the library exports it. meminfo() sets the variables with names that begin with kb_.
#define CPROCPS_GET(variable, type) \
    static inline type cprocps_get_##variable(void) { return variable; }

CPROCPS_GET(Hertz, unsigned long long)
CPROCPS_GET(page_bytes, long)
CPROCPS_GET(smp_num_cpus, long)
CPROCPS_GET(kb_active, unsigned long)
CPROCPS_GET(kb_high_free, unsigned long)
CPROCPS_GET(kb_high_total, unsigned long)
CPROCPS_GET(kb_inactive, unsigned long)
CPROCPS_GET(kb_low_free, unsigned long)
CPROCPS_GET(kb_low_total, unsigned long)
CPROCPS_GET(kb_main_available, unsigned long)
CPROCPS_GET(kb_main_buffers, unsigned long)
CPROCPS_GET(kb_main_cached, unsigned long)
CPROCPS_GET(kb_main_free, unsigned long)
CPROCPS_GET(kb_main_shared, unsigned long)
CPROCPS_GET(kb_main_total, unsigned long)
CPROCPS_GET(kb_main_used, unsigned long)
CPROCPS_GET(kb_swap_free, unsigned long)
CPROCPS_GET(kb_swap_total, unsigned long)
CPROCPS_GET(kb_swap_used, unsigned long)

#undef CPROCPS_GET

// The same for variables that are function pointers.

static inline int cprocps_numa_max_node(void) { return numa_max_node(); }
static inline int cprocps_numa_node_of_cpu(int cpu) { return numa_node_of_cpu(cpu); }

/// Passes a formatted message to the current handler of the library's allocation failures.
static inline void cprocps_call_xalloc_err_handler(const char *message) { xalloc_err_handler("%s", message); }

// The handler is variadic, and no Swift function can be variadic: a trampoline formats its arguments into one string.
// The function that it calls is stored in a static variable inside a function, because Swift does not import a static
// variable of a header.
typedef void (*cprocps_message_handler)(const char *message);

static inline cprocps_message_handler *cprocps_xalloc_message_handler(void)
{
    static cprocps_message_handler handler;
    return &handler;
}

static inline void cprocps_xalloc_err_trampoline(const char *format, ...)
{
    char message[256];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    (*cprocps_xalloc_message_handler())(message);
}

/// Sets the function that receives the library's last message before the library terminates the program because memory
/// has run out.
static inline void cprocps_set_xalloc_err_handler(cprocps_message_handler handler)
{
    *cprocps_xalloc_message_handler() = handler;
    xalloc_err_handler = cprocps_xalloc_err_trampoline;
}

#endif
