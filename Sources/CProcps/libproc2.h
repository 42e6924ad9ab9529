// libproc2, the library of procps 4: all that its headers declare, and functions for their macros.
//
// xtra-procps-debug.h, which checks the type that a caller names, comes in as the library means it to: with
// -DXTRA_PROCPS_DEBUG each header includes it, and the cprocps_*_get functions below check too.
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

/// The generation that is used: procps 4, whose library is libproc2.
#define CPROCPS_GENERATION 4

// The macros *_VAL take a union's member as an argument, which a Swift call cannot, and the context as their fourth up
// to 4.0.4 and not after. One function for each member instead: cprocps_pids_val_s_int(stack, place).
#define CPROCPS_VAL(subject, member, type) \
    static inline type cprocps_##subject##_val_##member(const struct subject##_stack *stack, int place) \
    { return stack->head[place].result.member; }

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

// The macros *_GET too take a member, and are statements in an expression, which Swift does not import. Like the macros
// these give 0 where there is no answer: procps_meminfo_get itself tells NULL from 0.
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
