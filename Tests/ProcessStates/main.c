// A process that a test starts to have one in a certain state. It prints "ready", and the ids that the state is about, then
// stays until its standard input ends.
//
//   hold BYTES             maps BYTES of private memory and writes every page
//   tree WORKERS BYTES     the same, then forks WORKERS that do nothing; prints their ids
//   nested BYTES           the same, then forks a child that forks a child; prints both ids
//   thread-fork            forks a child from a thread that is not the main one; prints the child's id
//   zombie                 forks a child that ends and is not collected; prints its id
//   zombie-leader BYTES    the main thread ends, another one holds BYTES
//   name NAME              calls itself NAME
//   thread [NAME]          starts a thread, which calls itself NAME and its id; prints the id
//   undumpable             lets nobody trace it
//   kinds SHARED LOCKED    maps SHARED bytes of shared memory and LOCKED bytes that it locks, and writes every page
//   users REAL EFFECTIVE SAVED
//                          takes these user ids, and group ids 10 above them
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void stay(void)
{
    char byte;
    while (read(STDIN_FILENO, &byte, 1) > 0) {
    }
    _exit(0);
}

static void ready(const int *ids, int count)
{
    printf("ready");
    for (int i = 0; i < count; i++) {
        printf(" %d", ids[i]);
    }
    printf("\n");
    fflush(stdout);
}

static char *mapped(size_t bytes, int sharing)
{
    char *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, sharing | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) {
        perror("mmap");
        exit(1);
    }
    return memory;
}

static void hold(size_t bytes)
{
    char *memory = mapped(bytes, MAP_PRIVATE);
    // Small pages, so that the size in pages is known.
    madvise(memory, bytes, MADV_NOHUGEPAGE);
    memset(memory, 1, bytes);
}

static int forked(void (*body)(void))
{
    int id = fork();
    if (id == 0) {
        prctl(PR_SET_PDEATHSIG, 9);
        body();
        _exit(0);
    }
    return id;
}

static void nothing(void) { stay(); }
static void end(void) { _exit(0); }

static int grandchild_pipe[2];

static void fork_again(void)
{
    int id = forked(nothing);
    if (write(grandchild_pipe[1], &id, sizeof id) != sizeof id) {
        _exit(1);
    }
    stay();
}

static void *fork_in_thread(void *unused)
{
    (void)unused;
    int id = forked(nothing);
    ready(&id, 1);
    stay();
    return NULL;
}

static void *hold_in_thread(void *bytes)
{
    // The main thread must be gone before anybody looks.
    usleep(100000);
    hold((size_t)bytes);
    ready(NULL, 0);
    stay();
    return NULL;
}

static void *show_thread_id(void *name)
{
    int id = (int)syscall(SYS_gettid);
    if (name) {
        char text[32];
        snprintf(text, sizeof text, "%s%d", (char *)name, id);
        prctl(PR_SET_NAME, text);
    }
    ready(&id, 1);
    stay();
    return NULL;
}

static void in_thread(void *(*body)(void *), void *argument, int main_stays)
{
    pthread_t thread;
    pthread_create(&thread, NULL, body, argument);
    if (!main_stays) {
        pthread_exit(NULL);
    }
    pthread_join(thread, NULL);
}

int main(int count, char **arguments)
{
    const char *state = count > 1 ? arguments[1] : "";
    size_t first = count > 2 ? strtoull(arguments[2], NULL, 10) : 0;
    size_t second = count > 3 ? strtoull(arguments[3], NULL, 10) : 0;

    if (strcmp(state, "hold") == 0) {
        hold(first);
        ready(NULL, 0);
    } else if (strcmp(state, "tree") == 0) {
        hold(second);
        int *ids = calloc(first, sizeof *ids);
        for (size_t i = 0; i < first; i++) {
            ids[i] = forked(nothing);
        }
        ready(ids, (int)first);
    } else if (strcmp(state, "nested") == 0) {
        hold(first);
        int ids[2] = {0, 0};
        if (pipe(grandchild_pipe) != 0) {
            return 1;
        }
        ids[0] = forked(fork_again);
        if (read(grandchild_pipe[0], &ids[1], sizeof ids[1]) != sizeof ids[1]) {
            return 1;
        }
        ready(ids, 2);
    } else if (strcmp(state, "thread-fork") == 0) {
        in_thread(fork_in_thread, NULL, 1);
    } else if (strcmp(state, "zombie") == 0) {
        int id = forked(end);
        siginfo_t info;
        waitid(P_PID, (id_t)id, &info, WEXITED | WNOWAIT);
        ready(&id, 1);
    } else if (strcmp(state, "zombie-leader") == 0) {
        in_thread(hold_in_thread, (void *)first, 0);
    } else if (strcmp(state, "name") == 0 && count > 2) {
        prctl(PR_SET_NAME, arguments[2]);
        ready(NULL, 0);
    } else if (strcmp(state, "thread") == 0) {
        in_thread(show_thread_id, count > 2 ? arguments[2] : NULL, 1);
    } else if (strcmp(state, "undumpable") == 0) {
        prctl(PR_SET_DUMPABLE, 0);
        ready(NULL, 0);
    } else if (strcmp(state, "kinds") == 0) {
        memset(mapped(first, MAP_SHARED), 1, first);
        if (mlock(mapped(second, MAP_PRIVATE), second) != 0) {
            perror("mlock");
            return 1;
        }
        ready(NULL, 0);
    } else if (strcmp(state, "users") == 0 && count > 4) {
        uid_t saved = (uid_t)strtoull(arguments[4], NULL, 10);
        if (setresgid(first + 10, second + 10, saved + 10) != 0 || setresuid(first, second, saved) != 0) {
            perror("setresuid");
            return 1;
        }
        ready(NULL, 0);
    } else {
        fprintf(stderr, "no such state: %s\n", state);
        return 64;
    }
    stay();
}
