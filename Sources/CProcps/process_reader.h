// The interface through which ProcMem's process table uses procps; it is the same for both generations. Swift's `#if`
// cannot test which headers are installed, so the generation is chosen here. libproc2_reader.h and libprocps_reader.h
// each define
//
//     int  cprocps_reader_new(struct cprocps_reader **reader, unsigned files);
//          Creates a reader of these files. Returns 0, or an error number.
//     int  cprocps_reader_begin(reader, enum cprocps_selection selection, const uint32_t *ids, int count);
//          Reads the processes with these ids, or of these users, at most 255 of them; or all processes. Returns 0, or
//          an error number.
//     const struct cprocps_process *cprocps_reader_next(reader);    Returns NULL after the last process.
//     void cprocps_reader_end(reader);
//     void cprocps_reader_free(reader);
//
// A program may have only one reading at a time: libprocps has static buffers, and libproc2's contexts share a handle.
//
// Both generations read a file completely or not at all. The caller therefore chooses files, not the numbers in them.
//
// The interface provides numbers only. procps alters names and command lines: libproc2 replaces characters that the
// locale does not print by '?' (in names in 4.0.2, in arguments too in 4.0.7), and both generations treat a newline
// as the end of an argument. User names come from getpwuid, which another thread of the program may be calling.
#ifndef CPROCPS_PROCESS_READER_H
#define CPROCPS_PROCESS_READER_H

#include <stdbool.h>
#include <stdint.h>

/// The files that a reader reads in addition to the owner of `/proc/PID` and the start time in its `stat`; a bit mask.
enum cprocps_files {
    CPROCPS_STAT = 1,
    CPROCPS_STATM = 2,
    CPROCPS_STATUS = 4,
    CPROCPS_NAMESPACES = 8,
};

enum cprocps_selection { CPROCPS_ALL, CPROCPS_PIDS, CPROCPS_USERS };

/// One process; valid until the next call of the reader. A number that was not chosen or could not be read is 0.
struct cprocps_process {
    // Available for every process.
    int32_t task_id;              ///< The requested id; it is a thread's if a thread's id was given.
    int32_t exit_signal;          ///< Negative only for a thread that is not the first of its process.
    uint32_t user_id, group_id;   ///< The effective ids.
    uint64_t start_ticks;
    // From `stat`.
    int32_t parent_pid, process_group_id, session_id;
    int32_t thread_count, priority, nice, processor, policy;
    signed char state;
    uint64_t user_ticks, system_ticks;
    uint64_t user_ticks_with_children, system_ticks_with_children;
    uint64_t minor_faults, major_faults;
    // From `statm`, in pages.
    uint64_t size_pages, resident_pages, shared_pages, text_pages, data_pages;
    // From `status`, sizes in KiB.
    bool has_status;              ///< Whether `status` could be read: 0 is a valid user id too.
    uint32_t real_user_id, saved_user_id, real_group_id, saved_group_id;
    uint64_t vm_size, vm_rss, rss_anon, rss_file, rss_shmem, vm_swap, vm_locked, vm_stack;
    // From `ns`, inode numbers.
    uint64_t ns_cgroup, ns_ipc, ns_mnt, ns_net, ns_pid, ns_time, ns_user, ns_uts;
};

#endif
