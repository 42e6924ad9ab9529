// A process that a test starts to have one in a certain state. It prints "ready", and the ids that the state is about, then
// stays until its standard input ends.
//
//   hold BYTES             maps BYTES of private memory and writes every page
//   tree WORKERS BYTES     the same, then forks WORKERS that do nothing; prints their ids
//   nested BYTES           the same, then forks a child that forks a child; prints both ids
//   thread-fork            forks a child from a thread that is not the main one; prints the child's id
//   zombie                 forks a child that ends and is not collected; prints its id
//   zombie-leader BYTES    the main thread ends, another one holds BYTES
//   zombie-leaders COUNT BYTES
//                          forks COUNT whose main threads end, while another one holds BYTES; prints their ids
//   name NAME              calls itself NAME
//   thread [NAME]          starts a thread, which calls itself NAME and its id; prints the id
//   thread-ends            starts a thread and prints its id; at the next line of input the thread ends: "ready" again
//   undumpable             lets nobody trace it
//   vm-sharer BYTES        holds BYTES, and makes a process that has the same memory; prints its id
//   orphan                 forks a child that forks a child and ends; prints the grandchild's id, which init adopts
//   nobody DUMPABLE BYTES  holds BYTES as user 65534, who may be traced by its like where DUMPABLE is 1
//   shmem WORKERS BYTES    forks WORKERS that each write all of one shared memory of BYTES; prints their ids
//   rewriting WORKERS BYTES
//                          holds BYTES and forks WORKERS that each rewrite a quarter of it and hold a quarter of their own
//   freeing WORKERS BYTES  the same as tree, and then gives its own BYTES back
//   churning WORKERS BYTES forks WORKERS that each take and give back half of BYTES five times
//   batches WORKERS BYTES  holds BYTES, forks WORKERS in four batches and rewrites another quarter before each but the first;
//                          prints the ids of the workers
//   sparse RESERVED BYTES  reserves RESERVED bytes and holds BYTES in the middle of them
//   forks-later WORKERS BYTES
//                          takes and gives back BYTES four times, then holds them; at the next line of input it forks WORKERS
//                          that do nothing, and says so again with their ids
//   lines BYTES            holds BYTES and forks two that hold half of their own and fork two that do nothing
//   mapped-twice BYTES     maps a file in memory of BYTES twice, and touches all of both
//   lazy-free BYTES        holds BYTES, and lets the kernel have them when it needs them
//   zero-page BYTES        maps BYTES of private memory and reads every page
//   some-zeros BYTES       holds BYTES, and reads every page of an eighth as much that it never writes
//   huge BYTES             the same as hold, in huge pages where the kernel has them
//   huge-tree WORKERS BYTES
//                          holds BYTES in huge pages where the kernel has them, forks WORKERS that each rewrite a quarter of it
//                          and hold a quarter of their own in the same way
//   mappings COUNT         has COUNT mappings of a page each, and writes every one
//   executes BYTES         holds BYTES; at the next line of input it executes "hold 4096"
//   kinds SHARED LOCKED    maps SHARED bytes of shared memory and LOCKED bytes that it locks, and writes every page
//   comes-and-goes         forks eight children that end at once, collects them, and begins anew
//   as-nobody STATE...     the same as STATE, as user 65534, whose like may trace it
//   users REAL EFFECTIVE SAVED
//                          takes these user ids, and group ids 10 above them
#define _GNU_SOURCE
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
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

static char *mapped(size_t bytes, int flags, int file)
{
    char *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, flags, file, 0);
    if (memory == MAP_FAILED) {
        perror("mmap");
        exit(1);
    }
    return memory;
}

/// Private memory in small pages, so that the size in pages is known; nothing of it is touched.
static char *reserved(size_t bytes)
{
    char *memory = mapped(bytes, MAP_PRIVATE | MAP_ANONYMOUS, -1);
    madvise(memory, bytes, MADV_NOHUGEPAGE);
    return memory;
}

static char *hold(size_t bytes) { return memset(reserved(bytes), 1, bytes); }

static void read_pages(const volatile char *memory, size_t bytes)
{
    for (size_t at = 0; at < bytes; at += (size_t)sysconf(_SC_PAGESIZE)) {
        (void)memory[at];
    }
}

static void map_twice(size_t bytes)
{
    int file = memfd_create("procmem-test", MFD_CLOEXEC);
    if (file < 0 || ftruncate(file, (off_t)bytes) != 0) {
        exit(1);
    }
    memset(mapped(bytes, MAP_SHARED, file), 1, bytes);
    read_pages(mapped(bytes, MAP_SHARED, file), bytes);
}

/// Every second page with other rights: neighbours with the same ones would be one mapping.
static void map_often(size_t count)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    char *memory = hold(count * page);
    for (size_t i = 1; i < count; i += 2) {
        mprotect(memory + i * page, page, PROT_READ);
    }
}

static char *shared_memory;
static size_t shared_bytes;
static int written_pipe[2];


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

static int stay_with_memory(void *unused)
{
    (void)unused;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    // Nothing of the C library's: its state is the parent's too.
    for (;;) {
        syscall(SYS_ppoll, NULL, 0, NULL, NULL, 0);
    }
}

static int sharer(void)
{
    size_t size = 65536;
    char *stack = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return clone(stay_with_memory, stack + size, CLONE_VM | SIGCHLD, NULL);
}

static void say_done(void)
{
    if (write(written_pipe[1], "", 1) != 1) {
        _exit(1);
    }
}

static void write_shared_memory(void)
{
    memset(shared_memory, 1, shared_bytes);
    say_done();
    stay();
}

static void rewrite(void)
{
    memset(shared_memory, 2, shared_bytes / 4);
    hold(shared_bytes / 4);
    say_done();
    stay();
}

static char *hold_huge(size_t bytes)
{
    char *memory = mapped(bytes, MAP_PRIVATE | MAP_ANONYMOUS, -1);
    madvise(memory, bytes, MADV_HUGEPAGE);
    return memset(memory, 1, bytes);
}

static void rewrite_huge(void)
{
    memset(shared_memory, 2, shared_bytes / 4);
    hold_huge(shared_bytes / 4);
    say_done();
    stay();
}

static void churn(void)
{
    for (int i = 0; i < 5; i++) {
        munmap(hold(shared_bytes / 2), shared_bytes / 2);
    }
    say_done();
    stay();
}

static void do_nothing(void)
{
    say_done();
    stay();
}

static void fork_line(void)
{
    hold(shared_bytes / 2);
    forked(do_nothing);
    forked(do_nothing);
    say_done();
    stay();
}

/// Forks workers one after the other, and waits until so many of them and theirs have said that they are done.
static int *workers(size_t count, void (*body)(void), size_t done)
{
    int *ids = calloc(count, sizeof *ids);
    if (pipe(written_pipe) != 0) {
        exit(1);
    }
    for (size_t i = 0; i < count; i++) {
        ids[i] = forked(body);
    }
    for (size_t i = 0; i < done; i++) {
        char byte;
        if (read(written_pipe[0], &byte, 1) != 1) {
            exit(1);
        }
    }
    return ids;
}

/// Forks workers in four batches, and rewrites a part of the memory that they inherit in between.
static int *batches(size_t count, char *memory, size_t bytes)
{
    int *ids = calloc(count, sizeof *ids);
    for (size_t batch = 0; batch < 4; batch++) {
        if (batch > 0) {
            memset(memory + (batch - 1) * (bytes / 4), (int)batch + 1, bytes / 4);
        }
        for (size_t i = count * batch / 4; i < count * (batch + 1) / 4; i++) {
            ids[i] = forked(stay);
        }
    }
    return ids;
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

static void fork_and_end(void)
{
    int id = fork();
    if (id == 0) {
        stay();
    }
    if (write(grandchild_pipe[1], &id, sizeof id) != sizeof id) {
        _exit(1);
    }
    _exit(0);
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

static void *hold_and_say(void *bytes)
{
    usleep(100000);
    hold((size_t)bytes);
    say_done();
    for (;;) {
        pause();
    }
}

static void lose_main_thread(void)
{
    pthread_t thread;
    pthread_create(&thread, NULL, hold_and_say, (void *)shared_bytes);
    pthread_exit(NULL);
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

static void *end_at_a_line(void *unused)
{
    (void)unused;
    int id = (int)syscall(SYS_gettid);
    ready(&id, 1);
    char byte;
    if (read(STDIN_FILENO, &byte, 1) != 1) {
        _exit(0);
    }
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
    if (count > 1 && strcmp(arguments[1], "as-nobody") == 0) {
        if (setresgid(65534, 65534, 65534) != 0 || setresuid(65534, 65534, 65534) != 0) {
            perror("setresuid");
            return 1;
        }
        prctl(PR_SET_DUMPABLE, 1);
        count--;
        arguments++;
    }
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
    } else if (strcmp(state, "zombie-leaders") == 0) {
        shared_bytes = second;
        ready(workers(first, lose_main_thread, first), (int)first);
    } else if (strcmp(state, "name") == 0 && count > 2) {
        prctl(PR_SET_NAME, arguments[2]);
        ready(NULL, 0);
    } else if (strcmp(state, "thread") == 0) {
        in_thread(show_thread_id, count > 2 ? arguments[2] : NULL, 1);
    } else if (strcmp(state, "thread-ends") == 0) {
        in_thread(end_at_a_line, NULL, 1);
        ready(NULL, 0);
    } else if (strcmp(state, "vm-sharer") == 0) {
        hold(first);
        int id = sharer();
        ready(&id, 1);
    } else if (strcmp(state, "orphan") == 0) {
        int id = 0;
        if (pipe(grandchild_pipe) != 0) {
            return 1;
        }
        int child = forked(fork_and_end);
        if (read(grandchild_pipe[0], &id, sizeof id) != sizeof id) {
            return 1;
        }
        waitpid(child, NULL, 0);
        ready(&id, 1);
    } else if (strcmp(state, "nobody") == 0) {
        hold(second);
        if (setresgid(65534, 65534, 65534) != 0 || setresuid(65534, 65534, 65534) != 0) {
            return 1;
        }
        prctl(PR_SET_DUMPABLE, first);
        ready(NULL, 0);
    } else if (strcmp(state, "shmem") == 0) {
        shared_memory = mapped(second, MAP_SHARED | MAP_ANONYMOUS, -1);
        shared_bytes = second;
        ready(workers(first, write_shared_memory, first), (int)first);
    } else if (strcmp(state, "rewriting") == 0) {
        shared_memory = hold(second);
        shared_bytes = second;
        ready(workers(first, rewrite, first), (int)first);
    } else if (strcmp(state, "freeing") == 0) {
        char *memory = hold(second);
        int *ids = workers(first, do_nothing, first);
        munmap(memory, second);
        ready(ids, (int)first);
    } else if (strcmp(state, "churning") == 0) {
        hold(second);
        shared_bytes = second;
        ready(workers(first, churn, first), (int)first);
    } else if (strcmp(state, "batches") == 0) {
        ready(batches(first, hold(second), second), (int)first);
    } else if (strcmp(state, "forks-later") == 0) {
        for (int i = 0; i < 4; i++) {
            munmap(hold(second), second);
        }
        hold(second);
        ready(NULL, 0);
        char byte;
        if (read(STDIN_FILENO, &byte, 1) != 1) {
            return 0;
        }
        ready(workers(first, do_nothing, first), (int)first);
    } else if (strcmp(state, "comes-and-goes") == 0) {
        ready(NULL, 0);
        struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
        while (poll(&input, 1, 0) == 0) {
            for (int i = 0; i < 8; i++) {
                if (fork() == 0) {
                    usleep(1000);
                    _exit(0);
                }
            }
            while (wait(NULL) > 0) {
            }
        }
    } else if (strcmp(state, "sparse") == 0) {
        char *memory = mapped(first, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1);
        madvise(memory, first, MADV_NOHUGEPAGE);
        memset(memory + first / 2, 1, second);
        ready(NULL, 0);
    } else if (strcmp(state, "lines") == 0) {
        hold(first);
        shared_bytes = first;
        ready(workers(2, fork_line, 6), 2);
    } else if (strcmp(state, "mapped-twice") == 0) {
        map_twice(first);
        ready(NULL, 0);
    } else if (strcmp(state, "lazy-free") == 0) {
        madvise(hold(first), first, MADV_FREE);
        ready(NULL, 0);
    } else if (strcmp(state, "zero-page") == 0) {
        read_pages(reserved(first), first);
        ready(NULL, 0);
    } else if (strcmp(state, "some-zeros") == 0) {
        hold(first);
        read_pages(reserved(first / 8), first / 8);
        ready(NULL, 0);
    } else if (strcmp(state, "huge") == 0) {
        hold_huge(first);
        ready(NULL, 0);
    } else if (strcmp(state, "huge-tree") == 0) {
        shared_memory = hold_huge(second);
        shared_bytes = second;
        ready(workers(first, rewrite_huge, first), (int)first);
    } else if (strcmp(state, "mappings") == 0) {
        map_often(first);
        ready(NULL, 0);
    } else if (strcmp(state, "executes") == 0) {
        hold(first);
        ready(NULL, 0);
        char byte;
        if (read(STDIN_FILENO, &byte, 1) == 1) {
            execl("/proc/self/exe", arguments[0], "hold", "4096", NULL);
        }
    } else if (strcmp(state, "undumpable") == 0) {
        prctl(PR_SET_DUMPABLE, 0);
        ready(NULL, 0);
    } else if (strcmp(state, "kinds") == 0) {
        memset(mapped(first, MAP_SHARED | MAP_ANONYMOUS, -1), 1, first);
        if (mlock(mapped(second, MAP_PRIVATE | MAP_ANONYMOUS, -1), second) != 0) {
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
