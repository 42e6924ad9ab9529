// libprocps, the library of procps 3.3: all that its headers declare, and functions for what Swift cannot import.
//
// The headers declare more than the library exports (vminfo, pwcache_get_group, the xmalloc family …): the linker tells.
// The library ends the program when memory runs out, and keeps static buffers: one thread at a time.
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

/// The generation that is used: procps 3.3, whose library is libprocps.
#define CPROCPS_GENERATION 3

// Variadic functions are unavailable in Swift. These are the three ways in which openproc and readproctab may be called.
// The lists are not copied: they must stay until closeproc.

static inline PROCTAB *cprocps_openproc(int flags)
{
    return openproc(flags & ~(PROC_PID | PROC_UID));
}

/// @param pids Ends in 0.
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

/// @param pids Ends in 0.
static inline proc_t **cprocps_readproctab_pids(int flags, pid_t *pids)
{
    return readproctab((flags & ~PROC_UID) | PROC_PID, pids);
}

static inline proc_t **cprocps_readproctab_uids(int flags, uid_t *uids, int count)
{
    return readproctab((flags & ~PROC_PID) | PROC_UID, uids, count);
}

// Swift 6 refuses to read a C variable: it may change at any time. These read one, where the library exports it.
// meminfo() fills the kb_ ones.
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

// The same for variables that hold functions.

static inline int cprocps_numa_max_node(void) { return numa_max_node(); }
static inline int cprocps_numa_node_of_cpu(int cpu) { return numa_node_of_cpu(cpu); }

/// The message as it would be printed, handed to whatever handles the library's failures to allocate.
static inline void cprocps_call_xalloc_err_handler(const char *message) { xalloc_err_handler("%s", message); }

// The handler is variadic, and no Swift function can be: a trampoline makes one text of its arguments. What it calls is
// kept in a function, because a header's static variable is not there for Swift.
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

/// Has the library hand its last message to this function, before it ends the program for want of memory.
static inline void cprocps_set_xalloc_err_handler(cprocps_message_handler handler)
{
    *cprocps_xalloc_message_handler() = handler;
    xalloc_err_handler = cprocps_xalloc_err_trampoline;
}

#endif
