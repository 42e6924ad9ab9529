#ifndef CPROCPS_LIBPROCPS_READER_H
#define CPROCPS_LIBPROCPS_READER_H

#include <errno.h>
#include <proc/readproc.h>
#include <stdlib.h>
#include <string.h>

#include "process_reader.h"

struct cprocps_reader {
    PROCTAB *scan;
    proc_t *found;  // filled again for each process
    pid_t *wanted;  // read by the scan to its end
    struct cprocps_process process;
};

static inline int cprocps_reader_new(struct cprocps_reader **reader)
{
    *reader = calloc(1, sizeof **reader);
    return *reader ? 0 : ENOMEM;
}

static inline void cprocps_reader_end(struct cprocps_reader *reader)
{
    closeproc(reader->scan);
    freeproc(reader->found);
    free(reader->wanted);
    reader->scan = NULL;
    reader->found = NULL;
    reader->wanted = NULL;
}

static inline int cprocps_reader_begin(struct cprocps_reader *reader, const int32_t *pids, int count)
{
    const int fields = PROC_FILLSTAT | PROC_FILLMEM;
    reader->found = calloc(1, sizeof *reader->found);
    reader->wanted = calloc((size_t)count + 1, sizeof *reader->wanted); // ends in 0
    if (!reader->found || !reader->wanted) {
        cprocps_reader_end(reader);
        return ENOMEM;
    }
    if (count > 0) memcpy(reader->wanted, pids, (size_t)count * sizeof *reader->wanted);
    errno = 0;
    reader->scan = count > 0
        ? openproc(fields | PROC_PID, reader->wanted)
        : openproc(fields);
    if (reader->scan) return 0;
    int error = errno ? errno : ENOENT;
    cprocps_reader_end(reader);
    return error;
}

static inline const struct cprocps_process *cprocps_reader_next(struct cprocps_reader *reader)
{
    const proc_t *found = reader->scan ? readproc(reader->scan, reader->found) : NULL;
    if (!found) return NULL;
    reader->process = (struct cprocps_process){
        .task_id = found->tid,
        .exit_signal = found->exit_signal,
        .parent_pid = found->ppid,
        .user_id = (uint32_t)found->euid,
        .start_ticks = found->start_time,
        .user_ticks = found->utime,
        .system_ticks = found->stime,
        .resident_pages = found->resident > 0 ? (uint64_t)found->resident : 0,
    };
    return &reader->process;
}

static inline void cprocps_reader_free(struct cprocps_reader *reader)
{
    cprocps_reader_end(reader);
    free(reader);
}

#endif
