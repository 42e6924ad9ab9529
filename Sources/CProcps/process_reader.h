// What ProcMem's process table asks of procps, the same in both generations. Swift's `#if` cannot see which headers
// are installed, so the choice falls here: libproc2_reader.h and libprocps_reader.h each define
//
//     int  cprocps_reader_new(struct cprocps_reader **reader, unsigned files);
//          A reader of these files. 0, or an error number.
//     int  cprocps_reader_begin(reader, enum cprocps_selection selection, const uint32_t *ids, int count);
//          Reads the processes with these ids, or of these users, at most 255 of them; or all. 0, or an error number.
//     const struct cprocps_process *cprocps_reader_next(reader);    NULL behind the last
//     void cprocps_reader_end(reader);
//     void cprocps_reader_free(reader);
//
// One reading at a time in a program: libprocps keeps static buffers, and libproc2's contexts share a handle.
//
// A file is read whole or not at all, by either generation: so files are chosen, and not the numbers in them.
//
// Numbers alone. Names and command lines procps writes anew: libproc2 puts '?' for what the locale does not print (of
// names in 4.0.2, of arguments too in 4.0.7), and both generations take a newline for the end of an argument. Users'
// names come from getpwuid, which another thread of the program may be in.
#ifndef CPROCPS_PROCESS_READER_H
#define CPROCPS_PROCESS_READER_H

#include <stdbool.h>
#include <stdint.h>

/// What a reader looks at beside the owner of `/proc/PID` and the start time in its `stat`; bits.
enum cprocps_files {
    CPROCPS_STAT = 1,
    CPROCPS_STATM = 2,
    CPROCPS_STATUS = 4,
    CPROCPS_NAMESPACES = 8,
};

enum cprocps_selection { CPROCPS_ALL, CPROCPS_PIDS, CPROCPS_USERS };

/// One process; lasts until the reader's next call. What was not chosen is 0, and so is what could not be read.
struct cprocps_process {
    // Of every process.
    int32_t task_id;              ///< The id that was asked for: a thread's, if a thread's was given.
    int32_t exit_signal;          ///< Negative for a thread that is not the first of its process, and for no other.
    uint32_t user_id, group_id;   ///< The effective ones.
    uint64_t start_ticks;
    // Of `stat`.
    int32_t parent_pid, process_group_id, session_id;
    int32_t thread_count, priority, nice, processor, policy;
    signed char state;
    uint64_t user_ticks, system_ticks;
    uint64_t user_ticks_with_children, system_ticks_with_children;
    uint64_t minor_faults, major_faults;
    // Of `statm`, in pages.
    uint64_t size_pages, resident_pages, shared_pages, text_pages, data_pages;
    // Of `status`, sizes in KiB.
    bool has_status;              ///< Whether it could be read: 0 is also the id of a user.
    uint32_t real_user_id, saved_user_id, real_group_id, saved_group_id;
    uint64_t vm_size, vm_rss, rss_anon, rss_file, rss_shmem, vm_swap, vm_locked, vm_stack;
    // Of `ns`, inode numbers.
    uint64_t ns_cgroup, ns_ipc, ns_mnt, ns_net, ns_pid, ns_time, ns_user, ns_uts;
};

#endif
