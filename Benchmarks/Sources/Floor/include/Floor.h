#pragma once
#include <sys/types.h>

// The floor: the minimum cost of a result, which is the necessary system calls and nothing else. Every function returns
// a number of bytes, entries or processes, or -1 on failure, so that a caller can check that it has worked.

/// Opens a file of a process, reads it and closes it.
long floor_read(pid_t process, const char *name);

/// Opens a file of a process and returns its descriptor.
int floor_open(pid_t process, const char *name);
/// Reads an open file from its start.
long floor_reread(int file);
/// Reads entries of an open pagemap, starting with the page of an address.
long floor_pagemap(int file, unsigned long address, int entries);

/// Opens files and keeps them open. `paths` is a list that colons separate. Returns the number of files.
long floor_keep_files(const char *paths);
/// Reads each file that floor_keep_files opened from its start. Returns the number of bytes.
long floor_reread_files(void);

/// Returns the number of processes in a tree. It opens the same files as ProcMem: the directory, stat and children, and
/// also `memory_file`, such as statm, if it is not NULL.
long floor_tree(pid_t root, const char *memory_file);
/// Returns the number of processes in /proc below the directory `system`, or of the running system if that is NULL. It
/// opens the directory, stat and `memory_file` of each.
long floor_all(const char *system, const char *memory_file);

/// Reads the files of a cgroup and of the system that the totals of the cgroup consist of. Returns the number of bytes of
/// those of the cgroup.
long floor_totals(const char *cgroup);
