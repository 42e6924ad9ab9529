#define _GNU_SOURCE
#include "CTerminal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/resource.h>
#include <termios.h>
#include <unistd.h>

static int input = -1, output = -1, wake_read = -1, wake_write = -1;
static struct termios original;
/// Whether the program has switched the terminal to its own modes.
static volatile sig_atomic_t is_active;
/// Whether the terminal is to be switched again when the program continues.
static volatile sig_atomic_t is_wanted;
static volatile sig_atomic_t events;

/// Alternate screen, no cursor, no line wrap.
static const char enter_sequence[] = "\033[?1049h\033[?25l\033[?7l\033[2J";
/// The reverse, after the end of a synchronized update that was interrupted, and without colours.
static const char leave_sequence[] = "\033[?2026l\033[0m\033[?7h\033[?25h\033[?1049l";

/// The signals that end the program, unless the parent process ignores them.
static const int ending[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGALRM, SIGUSR1, SIGUSR2, SIGXCPU, SIGABRT, SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGSYS};
enum { ending_count = sizeof ending / sizeof *ending };
static struct sigaction before[ending_count];

static sigset_t handled_signals(void)
{
    sigset_t set;
    sigemptyset(&set);
    for (int index = 0; index < ending_count; index++) sigaddset(&set, ending[index]);
    sigaddset(&set, SIGTSTP);
    sigaddset(&set, SIGCONT);
    sigaddset(&set, SIGWINCH);
    return set;
}

static void write_sequence(const char *text, size_t length)
{
    while (length > 0) {
        // A terminal that takes no output must not delay the end of the program.
        struct pollfd room = {.fd = output, .events = POLLOUT};
        int count = poll(&room, 1, 200);
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0 || !(room.revents & POLLOUT)) return;
        ssize_t done = write(output, text, length);
        if (done < 0 && errno == EINTR) continue;
        if (done <= 0) return;
        text += done;
        length -= (size_t)done;
    }
}

static int set_modes(const struct termios *modes)
{
    while (tcsetattr(input, TCSANOW, modes) != 0) {
        if (errno != EINTR) return errno;
    }
    return 0;
}

/// Whether the terminal belongs to this program's job. A program in the background must leave the terminal to the other job.
static int is_foreground(void)
{
    pid_t group = tcgetpgrp(input);
    return group == -1 || group == getpgrp();
}

static int enter(void)
{
    if (!is_active && tcgetattr(input, &original) != 0) return errno;
    struct termios modes = original;
    // The keys of signals (ISIG) still work.
    modes.c_lflag &= ~(tcflag_t)(ICANON | ECHO | IEXTEN);
    modes.c_iflag &= ~(tcflag_t)(IXON | ISTRIP | INLCR | IGNCR);
    modes.c_cc[VMIN] = 1;
    modes.c_cc[VTIME] = 0;
    // First: a signal from here on restores the terminal.
    is_active = 1;
    int error = set_modes(&modes);
    if (error != 0) {
        is_active = 0;
        return error;
    }
    write_sequence(enter_sequence, sizeof enter_sequence - 1);
    return 0;
}

void procmem_terminal_leave(void)
{
    is_wanted = 0;
    if (!is_active) return;
    is_active = 0;
    if (!is_foreground()) return;
    int saved = errno;
    write_sequence(leave_sequence, sizeof leave_sequence - 1);
    set_modes(&original);
    errno = saved;
}

static void end(int number)
{
    procmem_terminal_leave();
    for (int index = 0; index < ending_count; index++) {
        if (ending[index] == number) sigaction(number, &before[index], NULL);
    }
    // Swift's runtime prints a backtrace at fatal signals, and at this one, by which a user ends the program.
    if (number == SIGQUIT) signal(number, SIG_DFL);
    // The signal is blocked here: its previous action follows when the handler returns.
    raise(number);
}

static void handle_resize(int number)
{
    (void)number;
    events |= PROCMEM_TERMINAL_RESIZED;
    procmem_terminal_wake();
}

static void handle_continue(int number)
{
    (void)number;
    int saved = errno;
    // In the background, the kernel stops the program here until its job is in the foreground again: SIGTTOU.
    if (is_wanted && enter() == 0) {
        events |= PROCMEM_TERMINAL_RESUMED;
        procmem_terminal_wake();
    }
    errno = saved;
}

static void handle(int number, void (*handler)(int))
{
    struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};
    action.sa_mask = handled_signals();
    sigaction(number, &action, NULL);
}

static void handle_stop(int number)
{
    int saved = errno;
    procmem_terminal_leave();
    is_wanted = 1;
    struct sigaction standard = {.sa_handler = SIG_DFL};
    sigaction(number, &standard, NULL);
    sigset_t only, blocked;
    sigemptyset(&only);
    sigaddset(&only, number);
    raise(number);
    // The program stops here, and continues here. Without job control (an orphaned process group) it does not stop.
    pthread_sigmask(SIG_UNBLOCK, &only, &blocked);
    pthread_sigmask(SIG_SETMASK, &blocked, NULL);
    handle(number, handle_stop);
    // If the program did not stop, there was no SIGCONT. If it is to end, that signal is delivered before this one.
    raise(SIGCONT);
    errno = saved;
}

static void install(void)
{
    for (int index = 0; index < ending_count; index++) {
        struct sigaction action = {.sa_handler = end, .sa_flags = SA_RESTART | SA_ONSTACK};
        action.sa_mask = handled_signals();
        sigaction(ending[index], &action, &before[index]);
        // nohup(1) and shells without job control let a program ignore signals.
        if (before[index].sa_handler == SIG_IGN) sigaction(ending[index], &before[index], NULL);
    }
    struct sigaction stop;
    if (sigaction(SIGTSTP, NULL, &stop) == 0 && stop.sa_handler != SIG_IGN) handle(SIGTSTP, handle_stop);
    handle(SIGCONT, handle_continue);
    handle(SIGWINCH, handle_resize);
    // After a stack overflow, a handler has no room on the stack.
    static char room[1 << 16];
    stack_t stack = {.ss_sp = room, .ss_size = sizeof room};
    sigaltstack(&stack, NULL);
}

int procmem_terminal_prepare(int input_file, int output_file)
{
    int files[2];
    if (pipe2(files, O_CLOEXEC | O_NONBLOCK) != 0) return -1;
    wake_read = files[0];
    wake_write = files[1];
    input = input_file;
    output = output_file;
    return wake_read;
}

int procmem_terminal_enter(void)
{
    sigset_t set = handled_signals();
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    install();
    int error = enter();
    is_wanted = error == 0;
    // A program that is started by a thread which blocks signals, such as one of libdispatch, inherits the mask of that thread.
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
    return error;
}

void procmem_terminal_wake(void)
{
    int saved = errno;
    // If the pipe is full, it is readable.
    ssize_t ignored = write(wake_write, "", 1);
    (void)ignored;
    errno = saved;
}

int procmem_terminal_events(void)
{
    char buffer[64];
    while (read(wake_read, buffer, sizeof buffer) == (ssize_t)sizeof buffer) {}
    sigset_t set = handled_signals(), mask;
    pthread_sigmask(SIG_BLOCK, &set, &mask);
    int result = events;
    events = 0;
    pthread_sigmask(SIG_SETMASK, &mask, NULL);
    return result;
}

void procmem_terminal_hang_up(void)
{
    procmem_terminal_leave();
    signal(SIGHUP, SIG_DFL);
    raise(SIGHUP);
}

long long procmem_own_cpu_microseconds(void)
{
    struct rusage usage;
    if (getrusage(RUSAGE_SELF, &usage) != 0) return -1;
    return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000LL + usage.ru_utime.tv_usec + usage.ru_stime.tv_usec;
}
