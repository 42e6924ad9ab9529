// The terminal of a full-screen program: its modes, its alternate screen, and the signals that must restore it. C, because a
// signal handler may call only async-signal-safe functions, which code in Swift does not guarantee.
#ifndef PROCMEM_CTERMINAL_H
#define PROCMEM_CTERMINAL_H

/// Events that procmem_terminal_events returns.
enum {
    /// The size of the terminal has changed: SIGWINCH.
    PROCMEM_TERMINAL_RESIZED = 1,
    /// The program continues after a stop, and its screen is empty: SIGCONT.
    PROCMEM_TERMINAL_RESUMED = 2,
};

/// Creates the pipe that wakes up the program. To be called once, before the other functions.
///
/// Returns the descriptor that is readable from each procmem_terminal_wake, and from each event, to the next
/// procmem_terminal_events; -1 with errno if the pipe cannot be created.
int procmem_terminal_prepare(int input, int output);

/// Switches to the alternate screen, without echo, line buffering and flow control, and installs signal handlers that restore
/// the terminal before the signal ends or stops the program. Returns 0, or an error number.
int procmem_terminal_enter(void);

/// Restores the modes and the screen. Without procmem_terminal_enter, it does nothing. Async-signal-safe.
void procmem_terminal_leave(void);

/// Makes the descriptor readable. Async-signal-safe; any thread may call it.
void procmem_terminal_wake(void);

/// Returns the events since the last call, and makes the descriptor unreadable.
int procmem_terminal_events(void);

/// Ends the program as at the default action of a hang-up.
void procmem_terminal_hang_up(void);

/// Returns the user and system time of all threads of the process in microseconds: getrusage(2); -1 if it fails.
long long procmem_own_cpu_microseconds(void);

#endif
