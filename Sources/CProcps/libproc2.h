// libproc2, the library of procps 4: everything that its headers declare, and functions that replace their macros.
//
// xtra-procps-debug.h checks the type that a caller names. It is included as the library intends: with
// -DXTRA_PROCPS_DEBUG, each header includes it, and the cprocps_*_get functions below check the type too.
#ifndef CPROCPS_LIBPROC2_H
#define CPROCPS_LIBPROC2_H

#include <libproc2/diskstats.h>
#include <libproc2/meminfo.h>
#include <libproc2/misc.h>
#include <libproc2/pids.h>
#include <libproc2/slabinfo.h>
#include <libproc2/stat.h>
#include <libproc2/vmstat.h>

#include "libproc2_reader.h"
#include "linux_version.h"

/// The generation in use: procps 4, with the library libproc2.
#define CPROCPS_GENERATION 4
/// The name of the library.
#define CPROCPS_LIBRARY "libproc2"

// The macros *_VAL take the member of a union as an argument, which a Swift call cannot pass. Up to 4.0.4, but not
// later, their fourth argument is the context. There is one function for each member instead:
// cprocps_pids_val_s_int(stack, index).
#define CPROCPS_VAL(subject, member, type) \
    static inline type cprocps_##subject##_val_##member(const struct subject##_stack *stack, int index) \
    { return stack->head[index].result.member; }

CPROCPS_VAL(diskstats, s_int, int)
CPROCPS_VAL(diskstats, ul_int, unsigned long)
CPROCPS_VAL(diskstats, str, const char *)
CPROCPS_VAL(meminfo, s_int, int)
CPROCPS_VAL(meminfo, ul_int, unsigned long)
CPROCPS_VAL(pids, s_ch, signed char)
CPROCPS_VAL(pids, s_int, int)
CPROCPS_VAL(pids, u_int, unsigned)
CPROCPS_VAL(pids, ul_int, unsigned long)
CPROCPS_VAL(pids, ull_int, unsigned long long)
CPROCPS_VAL(pids, str, const char *)
CPROCPS_VAL(pids, strv, char *const *)
CPROCPS_VAL(pids, real, double)
CPROCPS_VAL(slabinfo, s_int, int)
CPROCPS_VAL(slabinfo, u_int, unsigned)
CPROCPS_VAL(slabinfo, ul_int, unsigned long)
CPROCPS_VAL(slabinfo, str, const char *)
CPROCPS_VAL(stat, s_int, int)
CPROCPS_VAL(stat, sl_int, long)
CPROCPS_VAL(stat, ul_int, unsigned long)
CPROCPS_VAL(stat, ull_int, unsigned long long)
CPROCPS_VAL(vmstat, sl_int, long)
CPROCPS_VAL(vmstat, ul_int, unsigned long)

// The macros *_GET take a member too, and are statement expressions, which Swift does not import. Like the macros,
// these functions return 0 if there is no value; procps_meminfo_get itself distinguishes NULL from 0.
#define CPROCPS_GET(subject, macro, member, type) \
    static inline type cprocps_##subject##_get_##member(struct subject##_info *info, enum subject##_item item) \
    { return macro(info, item, member); }
#define CPROCPS_GET_NAMED(subject, macro, member, type) \
    static inline type cprocps_##subject##_get_##member( \
        struct subject##_info *info, const char *name, enum subject##_item item) \
    { return macro(info, name, item, member); }

CPROCPS_GET_NAMED(diskstats, DISKSTATS_GET, s_int, int)
CPROCPS_GET_NAMED(diskstats, DISKSTATS_GET, ul_int, unsigned long)
CPROCPS_GET_NAMED(diskstats, DISKSTATS_GET, str, const char *)
CPROCPS_GET(meminfo, MEMINFO_GET, s_int, int)
CPROCPS_GET(meminfo, MEMINFO_GET, ul_int, unsigned long)
CPROCPS_GET(slabinfo, SLABINFO_GET, s_int, int)
CPROCPS_GET(slabinfo, SLABINFO_GET, u_int, unsigned)
CPROCPS_GET(slabinfo, SLABINFO_GET, ul_int, unsigned long)
CPROCPS_GET(slabinfo, SLABINFO_GET, str, const char *)
CPROCPS_GET(stat, STAT_GET, s_int, int)
CPROCPS_GET(stat, STAT_GET, sl_int, long)
CPROCPS_GET(stat, STAT_GET, ul_int, unsigned long)
CPROCPS_GET(stat, STAT_GET, ull_int, unsigned long long)
CPROCPS_GET(vmstat, VMSTAT_GET, sl_int, long)
CPROCPS_GET(vmstat, VMSTAT_GET, ul_int, unsigned long)

#undef CPROCPS_VAL
#undef CPROCPS_GET
#undef CPROCPS_GET_NAMED

#endif
