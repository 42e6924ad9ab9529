#ifndef CPROCPS_LIBPROC2_READER_H
#define CPROCPS_LIBPROC2_READER_H

#include <errno.h>
#include <libproc2/pids.h>
#include <stdlib.h>
#include <string.h>

#include "process_reader.h"

struct cprocps_reader {
    struct pids_info *info;
    unsigned files;
    struct pids_fetch *found;
    int next;
    struct cprocps_process process;
};

// The numbers of each file: the destination, the item to request, and the member of the result's union.

#define CPROCPS_ITEMS_OF_ALL(ITEM) \
    ITEM(task_id, PIDS_ID_PID, s_int) \
    ITEM(exit_signal, PIDS_EXIT_SIGNAL, s_int) \
    ITEM(user_id, PIDS_ID_EUID, u_int) \
    ITEM(group_id, PIDS_ID_EGID, u_int) \
    ITEM(start_ticks, PIDS_TICS_BEGAN, ull_int)

#define CPROCPS_ITEMS_OF_STAT(ITEM) \
    ITEM(parent_pid, PIDS_ID_PPID, s_int) \
    ITEM(process_group_id, PIDS_ID_PGRP, s_int) \
    ITEM(session_id, PIDS_ID_SESSION, s_int) \
    ITEM(thread_count, PIDS_NLWP, s_int) \
    ITEM(priority, PIDS_PRIORITY, s_int) \
    ITEM(nice, PIDS_NICE, s_int) \
    ITEM(processor, PIDS_PROCESSOR, s_int) \
    ITEM(policy, PIDS_SCHED_CLASS, s_int) \
    ITEM(state, PIDS_STATE, s_ch) \
    ITEM(user_ticks, PIDS_TICS_USER, ull_int) \
    ITEM(system_ticks, PIDS_TICS_SYSTEM, ull_int) \
    ITEM(user_ticks_with_children, PIDS_TICS_USER_C, ull_int) \
    ITEM(system_ticks_with_children, PIDS_TICS_SYSTEM_C, ull_int) \
    ITEM(minor_faults, PIDS_FLT_MIN, ul_int) \
    ITEM(major_faults, PIDS_FLT_MAJ, ul_int)

#define CPROCPS_ITEMS_OF_STATM(ITEM) \
    ITEM(size_pages, PIDS_MEM_VIRT_PGS, ul_int) \
    ITEM(resident_pages, PIDS_MEM_RES_PGS, ul_int) \
    ITEM(shared_pages, PIDS_MEM_SHR_PGS, ul_int) \
    ITEM(text_pages, PIDS_MEM_CODE_PGS, ul_int) \
    ITEM(data_pages, PIDS_MEM_DATA_PGS, ul_int)

// The mask of blocked signals has 16 digits once `status` has been read, and is an empty string before.
#define CPROCPS_ITEMS_OF_STATUS(ITEM) \
    ITEM(has_status, PIDS_SIGBLOCKED, str[0] != '\0') \
    ITEM(real_user_id, PIDS_ID_RUID, u_int) \
    ITEM(saved_user_id, PIDS_ID_SUID, u_int) \
    ITEM(real_group_id, PIDS_ID_RGID, u_int) \
    ITEM(saved_group_id, PIDS_ID_SGID, u_int) \
    ITEM(vm_size, PIDS_VM_SIZE, ul_int) \
    ITEM(vm_rss, PIDS_VM_RSS, ul_int) \
    ITEM(rss_anon, PIDS_VM_RSS_ANON, ul_int) \
    ITEM(rss_file, PIDS_VM_RSS_FILE, ul_int) \
    ITEM(rss_shmem, PIDS_VM_RSS_SHARED, ul_int) \
    ITEM(vm_swap, PIDS_VM_SWAP, ul_int) \
    ITEM(vm_locked, PIDS_VM_RSS_LOCKED, ul_int) \
    ITEM(vm_stack, PIDS_VM_STACK, ul_int)

#define CPROCPS_ITEMS_OF_NAMESPACES(ITEM) \
    ITEM(ns_cgroup, PIDS_NS_CGROUP, ul_int) \
    ITEM(ns_ipc, PIDS_NS_IPC, ul_int) \
    ITEM(ns_mnt, PIDS_NS_MNT, ul_int) \
    ITEM(ns_net, PIDS_NS_NET, ul_int) \
    ITEM(ns_pid, PIDS_NS_PID, ul_int) \
    ITEM(ns_time, PIDS_NS_TIME, ul_int) \
    ITEM(ns_user, PIDS_NS_USER, ul_int) \
    ITEM(ns_uts, PIDS_NS_UTS, ul_int)

// Applies a macro to the items of the chosen files in order: to build the request, and to read the results, which have
// the same order.
#define CPROCPS_FOR_ITEMS_OF(files, ITEM) \
    CPROCPS_ITEMS_OF_ALL(ITEM) \
    if ((files) & CPROCPS_STAT) { CPROCPS_ITEMS_OF_STAT(ITEM) } \
    if ((files) & CPROCPS_STATM) { CPROCPS_ITEMS_OF_STATM(ITEM) } \
    if ((files) & CPROCPS_STATUS) { CPROCPS_ITEMS_OF_STATUS(ITEM) } \
    if ((files) & CPROCPS_NAMESPACES) { CPROCPS_ITEMS_OF_NAMESPACES(ITEM) }

static inline int cprocps_reader_new(struct cprocps_reader **reader, unsigned files)
{
    enum pids_item items[64]; // at most 46 are used
    int count = 0;
#define CPROCPS_ASK(number, item, member) items[count++] = item;
    CPROCPS_FOR_ITEMS_OF(files, CPROCPS_ASK)
#undef CPROCPS_ASK
    *reader = calloc(1, sizeof **reader);
    if (!*reader) return ENOMEM;
    (*reader)->files = files;
    int result = procps_pids_new(&(*reader)->info, items, count);
    if (result < 0) {
        free(*reader);
        *reader = NULL;
    }
    return result < 0 ? -result : 0;
}

static inline int cprocps_reader_begin(
    struct cprocps_reader *reader, enum cprocps_selection selection, const uint32_t *ids, int count)
{
    reader->next = 0;
    reader->found = selection == CPROCPS_ALL
        ? procps_pids_reap(reader->info, PIDS_FETCH_TASKS_ONLY)
        : procps_pids_select(
            reader->info, (unsigned *)ids, count, selection == CPROCPS_PIDS ? PIDS_SELECT_PID : PIDS_SELECT_UID);
    if (reader->found) return 0;
    return errno ? errno : ENOENT; // a /proc without any process leaves errno unchanged
}

static inline const struct cprocps_process *cprocps_reader_next(struct cprocps_reader *reader)
{
    if (!reader->found || reader->next >= reader->found->counts->total) return NULL;
    const struct pids_result *value = reader->found->stacks[reader->next++]->head;
    struct cprocps_process *process = &reader->process;
#define CPROCPS_TAKE(number, item, member) process->number = (value++)->result.member;
    CPROCPS_FOR_ITEMS_OF(reader->files, CPROCPS_TAKE)
#undef CPROCPS_TAKE
    return process;
}

static inline void cprocps_reader_end(struct cprocps_reader *reader)
{
    reader->found = NULL; // the context keeps the memory for the next reading
}

static inline void cprocps_reader_free(struct cprocps_reader *reader)
{
    procps_pids_unref(&reader->info);
    free(reader);
}

#undef CPROCPS_FOR_ITEMS_OF
#undef CPROCPS_ITEMS_OF_ALL
#undef CPROCPS_ITEMS_OF_STAT
#undef CPROCPS_ITEMS_OF_STATM
#undef CPROCPS_ITEMS_OF_STATUS
#undef CPROCPS_ITEMS_OF_NAMESPACES

#endif
