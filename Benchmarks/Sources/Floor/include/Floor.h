#pragma once
#include <sys/types.h>

// The least that an answer can cost: the system calls that it needs and nothing else. Every function returns what says that
// it did its work: a number of bytes, entries or processes, or -1.

/// Opens a file of a process, reads it to the end and closes it.
long floor_read(pid_t process, const char *name);

/// Opens a file of a process, to be kept.
int floor_open(pid_t process, const char *name);
/// Reads a kept file anew, from its start.
long floor_reread(int file);
/// Reads so many entries of a kept pagemap, those of the pages from an address on.
long floor_pagemap(int file, unsigned long address, int entries);

/// The processes of a tree by the same files as ProcMem reads: the directory, stat and children; statm as well for a look at
/// the memory, or the file that is named.
long floor_tree(pid_t root, const char *memory_file);
/// The same for every process in /proc.
long floor_all(const char *memory_file);
