#ifndef CPROCPS_LIBPROCPS_READER_H
#define CPROCPS_LIBPROCPS_READER_H

#include <errno.h>
#include <proc/readproc.h>
#include <stdlib.h>
#include <string.h>

#include "process_reader.h"

struct cprocps_reader {
    int flags;
    PROCTAB *scan;
    proc_t *found;  // overwritten for each process
    pid_t *wanted;  // used until the scan ends: process ids, or user ids, which have the same size
    struct cprocps_process process;
};

static inline int cprocps_reader_new(struct cprocps_reader **reader, unsigned files)
{
    *reader = calloc(1, sizeof **reader);
    if (!*reader) return ENOMEM;
    (*reader)->flags = PROC_FILLSTAT // always, for the start time
        | (files & CPROCPS_STATM ? PROC_FILLMEM : 0)
        | (files & CPROCPS_STATUS ? PROC_FILLSTATUS : 0)
        | (files & CPROCPS_NAMESPACES ? PROC_FILLNS : 0);
    return 0;
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

static inline int cprocps_reader_begin(
    struct cprocps_reader *reader, enum cprocps_selection selection, const uint32_t *ids, int count)
{
    reader->found = calloc(1, sizeof *reader->found);
    reader->wanted = calloc((size_t)count + 1, sizeof *reader->wanted); // ends in 0
    if (!reader->found || !reader->wanted) {
        cprocps_reader_end(reader);
        return ENOMEM;
    }
    if (count > 0) memcpy(reader->wanted, ids, (size_t)count * sizeof *reader->wanted);
    errno = 0;
    switch (selection) {
    case CPROCPS_ALL: reader->scan = openproc(reader->flags); break;
    case CPROCPS_PIDS: reader->scan = openproc(reader->flags | PROC_PID, reader->wanted); break;
    case CPROCPS_USERS: reader->scan = openproc(reader->flags | PROC_UID, (uid_t *)reader->wanted, count); break;
    }
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
        .user_id = (uint32_t)found->euid,
        .group_id = (uint32_t)found->egid,
        .start_ticks = found->start_time,
        .parent_pid = found->ppid,
        .process_group_id = found->pgrp,
        .session_id = found->session,
        .thread_count = found->nlwp,
        .priority = (int32_t)found->priority,
        .nice = (int32_t)found->nice,
        .processor = found->processor,
        .policy = (int32_t)found->sched,
        .state = (signed char)found->state,
        .user_ticks = found->utime,
        .system_ticks = found->stime,
        .user_ticks_with_children = found->utime + found->cutime,
        .system_ticks_with_children = found->stime + found->cstime,
        .minor_faults = found->min_flt,
        .major_faults = found->maj_flt,
        .size_pages = (uint64_t)found->size,
        .resident_pages = (uint64_t)found->resident,
        .shared_pages = (uint64_t)found->share,
        .text_pages = (uint64_t)found->trs,
        .data_pages = (uint64_t)found->drs,
        .has_status = found->blocked[0] != '\0', // 16 digits once `status` has been read
        .real_user_id = (uint32_t)found->ruid,
        .saved_user_id = (uint32_t)found->suid,
        .real_group_id = (uint32_t)found->rgid,
        .saved_group_id = (uint32_t)found->sgid,
        .vm_size = found->vm_size,
        .vm_rss = found->vm_rss,
        .rss_anon = found->vm_rss_anon,
        .rss_file = found->vm_rss_file,
        .rss_shmem = found->vm_rss_shared,
        .vm_swap = found->vm_swap,
        .vm_locked = found->vm_lock,
        .vm_stack = found->vm_stack,
        // The library does not provide the cgroup and time namespaces.
        .ns_ipc = (uint64_t)found->ns[IPCNS],
        .ns_mnt = (uint64_t)found->ns[MNTNS],
        .ns_net = (uint64_t)found->ns[NETNS],
        .ns_pid = (uint64_t)found->ns[PIDNS],
        .ns_user = (uint64_t)found->ns[USERNS],
        .ns_uts = (uint64_t)found->ns[UTSNS],
    };
    return &reader->process;
}

static inline void cprocps_reader_free(struct cprocps_reader *reader)
{
    cprocps_reader_end(reader);
    free(reader);
}

#endif
