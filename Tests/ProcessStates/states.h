// Shared by the files of ProcessStates: the table of states, and the checked system calls that they use.
#ifndef PROCESS_STATES_H
#define PROCESS_STATES_H

#include <stddef.h>
#include <sys/types.h>

/// One state, as a line of a table; a table ends with an entry without a name.
struct state {
    const char *name;
    /// The arguments: one word each, in brackets where it may be omitted, with "..." where more may follow.
    const char *arguments;
    const char *description;
    /// Enters the state and reports it with `ready`. The process then stays until its standard input ends.
    void (*enter)(char **arguments);
};

extern const struct state memory_states[];
extern const struct state family_states[];
extern const struct state thread_states[];
extern const struct state identity_states[];
extern const struct state sharing_states[];

/// Finds the state that the first argument names, checks the number of its arguments and enters it. If there is none,
/// prints the usage and exits with status 64.
void enter_state(char **arguments);

// MARK: Reports

/// Prints a message with the text of `errno`, and exits with status 1. Safe in a forked child.
_Noreturn void fail(const char *what);

/// Prints "ready" and these ids.
void ready(const pid_t *ids, size_t count);

/// Prints "unavailable", what failed and the text of `errno`, and exits: the kernel or the caller's rights exclude the state.
_Noreturn void unavailable(const char *what);

/// Reads the standard input until it ends, and exits.
_Noreturn void stay(void);

/// Waits for a line of input; exits if the input ends instead.
void wait_for_line(void);

/// A number in decimal digits; exits with status 64 for anything else.
size_t number(const char *text);

// MARK: Memory

/// `mmap` with read and write access.
char *map(size_t bytes, int flags, int file);

/// `munmap`.
void unmap(void *memory, size_t bytes);

/// Private memory in small pages, so that its size in pages is known; no page of it is touched.
char *reserve(size_t bytes);

/// The same, with every page written.
char *hold(size_t bytes);

/// Private memory in huge pages if the kernel has them, with every page written.
char *hold_huge(size_t bytes);

// MARK: Processes

/// Opens a pipe between this process and the processes that it forks later.
void open_pipe(int ends[2]);

/// `write` of all of these bytes.
void send_all(int file, const void *bytes, size_t count);

/// `read` of exactly as many bytes.
void receive_all(int file, void *bytes, size_t count);

/// `fork`. The child is not killed when its parent exits, but exits at the end of its standard input, if it calls `stay`.
pid_t checked_fork(void);

/// The ids of as many processes, all 0.
pid_t *ids_of(size_t count);

/// Forks a child that runs the function, exits after it, and is killed when its parent exits.
pid_t fork_child(void (*body)(void));

/// Waits for the exit of a child. `options` are those of `waitid` besides WEXITED.
void await_exit(pid_t child, int options);

/// Forks children, one after the other, that run the function. Waits until `report_done` has been called `done` times
/// in them and their children.
pid_t *fork_children(size_t count, void (*body)(void), size_t done);

/// In a child of `fork_children`: the number of children that were forked before it.
extern size_t child_index;

/// Opens the pipe of `report_done`. `fork_children` does so too.
void open_reports(void);

/// Waits for as many calls of `report_done`.
void await_reports(size_t count);

/// Reports to the process that called `fork_children` or `open_reports`.
void report_done(void);

/// Becomes user and group 65534.
void become_nobody(void);

/// `prctl` with PR_SET_DUMPABLE.
void set_dumpable(int is_dumpable);

#endif
