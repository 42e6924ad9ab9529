// What ProcMem's process table asks of procps, the same in both generations. Swift's `#if` cannot see which headers
// are installed, so the choice falls here: libproc2_reader.h and libprocps_reader.h each define
//
//     int  cprocps_reader_new(struct cprocps_reader **reader);      0, or an error number
//     int  cprocps_reader_begin(reader, const int32_t *pids, int count);
//          Reads the processes with these ids, at most 255, or every process where count is 0. 0, or an error number.
//     const struct cprocps_process *cprocps_reader_next(reader);    NULL behind the last
//     void cprocps_reader_end(reader);
//     void cprocps_reader_free(reader);
//
// One reading at a time in a program: libprocps keeps static buffers, and libproc2's contexts share a handle.
//
// Numbers alone. Names and command lines procps writes anew: libproc2 puts '?' for what the locale does not print (of
// names in 4.0.2, of arguments too in 4.0.7), and both generations take a newline for the end of an argument. Users'
// names come from getpwuid, which another thread of the program may be in.
#ifndef CPROCPS_PROCESS_READER_H
#define CPROCPS_PROCESS_READER_H

#include <stdint.h>

/// One process; lasts until the reader's next call.
struct cprocps_process {
    int32_t task_id;               ///< The id that was asked for: a thread's, if a thread's was given.
    int32_t exit_signal;           ///< Negative for a thread that is not the first of its process, and for no other.
    int32_t parent_pid;
    uint32_t user_id;              ///< The effective one.
    uint64_t start_ticks;
    uint64_t user_ticks;
    uint64_t system_ticks;
    uint64_t resident_pages;       ///< Of statm; 0 also where statm could not be read.
};

#endif
