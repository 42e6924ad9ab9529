// The arguments of the program, which Swift's runtime reads from /proc/self/cmdline and does not have without /proc.
#ifndef PROCMEM_CARGUMENTS_H
#define PROCMEM_CARGUMENTS_H

/// Returns an argument of the program; NULL from the number of arguments on, and for all if the C library does not pass
/// the arguments to constructors, as musl.
const char *procmem_argument(int index);

#endif
