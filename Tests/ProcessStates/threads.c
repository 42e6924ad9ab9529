// States of threads: processes without a main thread, threads with names, and children of threads.
#define _GNU_SOURCE
#include "states.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static pthread_t start(void *(*body)(void *), void *argument)
{
    pthread_t thread;
    errno = pthread_create(&thread, NULL, body, argument);
    if (errno != 0) {
        fail("pthread_create");
    }
    return thread;
}

/// Starts a thread, and waits until it exits.
static void run(void *(*body)(void *), void *argument)
{
    errno = pthread_join(start(body, argument), NULL);
    if (errno != 0) {
        fail("pthread_join");
    }
}

/// Waits until the kernel reports the main thread as a zombie.
static void await_exit_of_main_thread(void)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/self/task/%d/stat", getpid());
    for (int milliseconds = 0; milliseconds < 60000; milliseconds++) {
        char text[256];
        int file = open(path, O_RDONLY | O_CLOEXEC);
        if (file < 0) {
            fail(path);
        }
        ssize_t count = read(file, text, sizeof text - 1);
        if (count <= 0) {
            fail(path);
        }
        close(file);
        text[count] = 0;
        const char *name_end = strrchr(text, ')');
        if (name_end && name_end[1] == ' ' && name_end[2] == 'Z') {
            return;
        }
        poll(NULL, 0, 1);
    }
    errno = ETIMEDOUT;
    fail("the main thread has not exited");
}

static size_t thread_bytes;

static void *hold_and_print(void *unused)
{
    (void)unused;
    await_exit_of_main_thread();
    hold(thread_bytes);
    ready(NULL, 0);
    stay();
}

static void enter_zombie_leader(char **arguments)
{
    thread_bytes = number(arguments[0]);
    start(hold_and_print, NULL);
    pthread_exit(NULL);
}

static void *hold_and_report(void *unused)
{
    (void)unused;
    await_exit_of_main_thread();
    hold(thread_bytes);
    report_done();
    for (;;) {
        pause();
    }
}

static void lose_main_thread(void)
{
    start(hold_and_report, NULL);
    pthread_exit(NULL);
}

static void enter_zombie_leaders(char **arguments)
{
    size_t count = number(arguments[0]);
    thread_bytes = number(arguments[1]);
    ready(fork_children(count, lose_main_thread, count), count);
}

static pid_t thread_id(void) { return (pid_t)syscall(SYS_gettid); }

static void *fork_in_thread(void *unused)
{
    (void)unused;
    pid_t id = fork_child(stay);
    ready(&id, 1);
    stay();
}

static void enter_thread_fork(char **arguments)
{
    (void)arguments;
    run(fork_in_thread, NULL);
}

static void *print_thread_id(void *name)
{
    pid_t id = thread_id();
    if (name) {
        char text[32];
        snprintf(text, sizeof text, "%s%d", (char *)name, id);
        if (prctl(PR_SET_NAME, text) != 0) {
            fail("prctl PR_SET_NAME");
        }
    }
    ready(&id, 1);
    stay();
}

static void enter_thread(char **arguments) { run(print_thread_id, arguments[0]); }

static void *end_at_a_line(void *unused)
{
    (void)unused;
    pid_t id = thread_id();
    ready(&id, 1);
    wait_for_line();
    return NULL;
}

static void enter_thread_ends(char **arguments)
{
    (void)arguments;
    run(end_at_a_line, NULL);
    ready(NULL, 0);
}

static void *sleep_forever(void *unused)
{
    for (;;) {
        pause();
    }
    return unused;
}

/// The stacks are parts of one mapping: the kernel limits the number of mappings.
static void enter_threads(char **arguments)
{
    size_t count = number(arguments[0]), stack_bytes = 32768;
    char *stacks = map(count * stack_bytes, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1);
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    for (size_t index = 0; index < count; index++) {
        pthread_attr_setstack(&attributes, stacks + index * stack_bytes, stack_bytes);
        pthread_t thread;
        errno = pthread_create(&thread, &attributes, sleep_forever, NULL);
        if (errno != 0) {
            unavailable("pthread_create");
        }
    }
    ready(NULL, 0);
    stay();
}

const struct state thread_states[] = {
    {"zombie-leader", "BYTES", "the main thread exits, another thread writes BYTES", enter_zombie_leader},
    {"zombie-leaders", "COUNT BYTES", "forks COUNT whose main threads exit, while another thread writes BYTES; prints their ids",
     enter_zombie_leaders},
    {"thread-fork", "", "forks a child from a thread that is not the main one; prints the child's id", enter_thread_fork},
    {"threads", "COUNT", "starts COUNT threads that sleep", enter_threads},
    {"thread", "[NAME]", "starts a thread, whose name becomes NAME and its id; prints the id", enter_thread},
    {"thread-ends", "", "starts a thread and prints its id; at the next line of input the thread ends: \"ready\" again",
     enter_thread_ends},
    {0},
};
