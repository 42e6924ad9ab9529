// System calls that fail on request. This target defines the functions of the C library through which ProcMem reaches the
// kernel, syscall(2) included: a program that links it makes its calls through these definitions. Each passes the call on
// and counts it, unless it is the one that must fail.
//
// Only calls of the program itself and of Swift's module for the C library count. Those of the Swift runtime, of
// libdispatch and of Foundation do not.
#ifndef PROCMEM_CFAULTS_H
#define PROCMEM_CFAULTS_H

#include <stdint.h>

/// Counts the calls from now on, up to faults_end().
///
/// - number: the call that fails, from 1; 0 for none.
/// - name: its name; it fails only if it has this name. The text must remain valid.
/// - error: its error number; 0 to shorten a read instead.
/// - length: the number of bytes that the read returns at most. With 0 it reports the end of the file.
/// - most: the number of calls after which the program ends with status 3: a call is then repeated without end.
void faults_begin(int64_t number, const char *name, int error, int64_t length, int64_t most);

/// Ends the count, and returns it.
int64_t faults_end(void);

/// The name of the system call or library function of a counted call, for example "openat"; the first call is number 1.
/// Empty beyond the first 16,384 calls.
const char *faults_name(int64_t number);

/// The number of bytes that a counted read returned; -1 if the call is not a read or failed.
int64_t faults_length(int64_t number);

/// The path that a counted call opened; empty for another call. Valid until the next faults_begin().
const char *faults_path(int64_t number);

/// The descriptor that a counted call opened or read; -1 if there is none.
int faults_file(int64_t number);

/// Whether a read has been shortened to whole lines.
int faults_cut_line_end(void);

/// The number of open descriptors of this process.
int faults_open_descriptors(void);

/// Prints this text and the signal if a signal ends the program: a trap, or 20 seconds without a call of this function.
/// The text must remain valid. The exit status is 128 plus the number of the signal.
void faults_watch(const char *text);

#endif
