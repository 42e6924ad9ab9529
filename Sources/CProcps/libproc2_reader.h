#ifndef CPROCPS_LIBPROC2_READER_H
#define CPROCPS_LIBPROC2_READER_H

#include <errno.h>
#include <libproc2/pids.h>
#include <stdlib.h>

#include "process_reader.h"

struct cprocps_reader {
    struct pids_info *info;
    struct pids_fetch *found;
    int next;
    struct cprocps_process process;
};

// Places in the list of items that the reader asks for.
enum {
    CPROCPS_AT_TASK_ID,
    CPROCPS_AT_EXIT_SIGNAL,
    CPROCPS_AT_PARENT_PID,
    CPROCPS_AT_USER_ID,
    CPROCPS_AT_START_TICKS,
    CPROCPS_AT_USER_TICKS,
    CPROCPS_AT_SYSTEM_TICKS,
    CPROCPS_AT_RESIDENT_PAGES,
    CPROCPS_AT_END
};

static inline int cprocps_reader_new(struct cprocps_reader **reader)
{
    enum pids_item items[CPROCPS_AT_END] = {
        [CPROCPS_AT_TASK_ID] = PIDS_ID_PID,
        [CPROCPS_AT_EXIT_SIGNAL] = PIDS_EXIT_SIGNAL,
        [CPROCPS_AT_PARENT_PID] = PIDS_ID_PPID,
        [CPROCPS_AT_USER_ID] = PIDS_ID_EUID,
        [CPROCPS_AT_START_TICKS] = PIDS_TICS_BEGAN,
        [CPROCPS_AT_USER_TICKS] = PIDS_TICS_USER,
        [CPROCPS_AT_SYSTEM_TICKS] = PIDS_TICS_SYSTEM,
        [CPROCPS_AT_RESIDENT_PAGES] = PIDS_MEM_RES_PGS,
    };
    *reader = calloc(1, sizeof **reader);
    if (!*reader) return ENOMEM;
    int result = procps_pids_new(&(*reader)->info, items, CPROCPS_AT_END);
    if (result < 0) {
        free(*reader);
        *reader = NULL;
    }
    return result < 0 ? -result : 0;
}

static inline int cprocps_reader_begin(struct cprocps_reader *reader, const int32_t *pids, int count)
{
    reader->next = 0;
    reader->found = count > 0
        ? procps_pids_select(reader->info, (unsigned *)pids, count, PIDS_SELECT_PID)
        : procps_pids_reap(reader->info, PIDS_FETCH_TASKS_ONLY);
    if (reader->found) return 0;
    return errno ? errno : ENOENT; // a /proc without any process leaves errno as it was
}

static inline const struct cprocps_process *cprocps_reader_next(struct cprocps_reader *reader)
{
    if (!reader->found || reader->next >= reader->found->counts->total) return NULL;
    const struct pids_result *item = reader->found->stacks[reader->next++]->head;
    reader->process = (struct cprocps_process){
        .task_id = item[CPROCPS_AT_TASK_ID].result.s_int,
        .exit_signal = item[CPROCPS_AT_EXIT_SIGNAL].result.s_int,
        .parent_pid = item[CPROCPS_AT_PARENT_PID].result.s_int,
        .user_id = item[CPROCPS_AT_USER_ID].result.u_int,
        .start_ticks = item[CPROCPS_AT_START_TICKS].result.ull_int,
        .user_ticks = item[CPROCPS_AT_USER_TICKS].result.ull_int,
        .system_ticks = item[CPROCPS_AT_SYSTEM_TICKS].result.ull_int,
        .resident_pages = item[CPROCPS_AT_RESIDENT_PAGES].result.ul_int,
    };
    return &reader->process;
}

static inline void cprocps_reader_end(struct cprocps_reader *reader)
{
    reader->found = NULL; // the memory stays with the context, for the next reading
}

static inline void cprocps_reader_free(struct cprocps_reader *reader)
{
    procps_pids_unref(&reader->info);
    free(reader);
}

#endif
