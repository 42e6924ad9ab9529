// The floor, and libproc2: processes CASE BATCHES CALLS prints what the Swift programs beside it print. The environment
// variable ROOT names the process whose tree is meant.
#define _GNU_SOURCE
#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <libproc2/pids.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static char buffer[1 << 20];

/// Opens, reads to the end and closes, as a reader must who does not know the length. Returns the number of bytes.
static ssize_t read_file(int directory, const char *name)
{
    int file = openat(directory, name, O_RDONLY | O_CLOEXEC);
    if (file < 0) return -1;
    ssize_t count = read(file, buffer, sizeof buffer - 1);
    close(file);
    if (count >= 0) buffer[count] = 0;
    return count;
}

static int open_process(int id)
{
    char path[32];
    snprintf(path, sizeof path, "/proc/%d", id);
    return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/// A tree by the same files as ProcMem reads: the directory, stat and children; statm as well for a look at the memory.
static long walk(int id, int with_memory)
{
    int directory = open_process(id);
    if (directory < 0) return 0;
    char children[48];
    snprintf(children, sizeof children, "task/%d/children", id);
    long count = read_file(directory, "stat") > 0;
    if (with_memory) read_file(directory, "statm");
    if (read_file(directory, children) <= 0) {
        close(directory);
        return count;
    }
    close(directory);
    char *list = strdup(buffer);
    for (char *rest = list, *end; *rest; rest = end) {
        long child = strtol(rest, &end, 10);
        if (end == rest) break;
        count += walk((int)child, with_memory);
    }
    free(list);
    return count;
}

static long all(int with_memory)
{
    DIR *proc = opendir("/proc");
    long count = 0;
    for (struct dirent *entry; (entry = readdir(proc));) {
        if (!isdigit((unsigned char)entry->d_name[0])) continue;
        int directory = open_process(atoi(entry->d_name));
        if (directory < 0) continue;
        count += read_file(directory, "stat") > 0;
        if (with_memory) read_file(directory, "statm");
        close(directory);
    }
    closedir(proc);
    return count;
}

static struct pids_info *info;

static long procps(void)
{
    struct pids_fetch *fetch = procps_pids_reap(info, PIDS_FETCH_TASKS_ONLY);
    return fetch ? fetch->counts->total : -1;
}

static int root;
static long tree_list(void) { return walk(root, 0); }
static long tree_snapshot(void) { return walk(root, 1); }
static long all_list(void) { return all(0); }
static long all_snapshot(void) { return all(1); }

int main(int count, char **arguments)
{
    static const struct {
        const char *name;
        long (*run)(void);
    } cases[] = {
        {"list of a tree", tree_list},
        {"snapshot of a tree, cheap", tree_snapshot},
        {"list of all", all_list},
        {"snapshot of all, cheap", all_snapshot},
        {"libproc2 list of all", procps},
        {"libproc2 snapshot of all, cheap", procps},
    };
    root = getenv("ROOT") ? atoi(getenv("ROOT")) : 1;
    // What a snapshot tells: process, parent, name, start and, of the memory, RSS and its shared part.
    enum pids_item items[] = {PIDS_ID_PID, PIDS_ID_PPID, PIDS_CMD, PIDS_TICS_BEGAN, PIDS_MEM_RES, PIDS_MEM_SHR};
    if (count < 4) return 64;
    procps_pids_new(&info, items, strstr(arguments[1], "list") ? 4 : 6);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (strcmp(cases[i].name, arguments[1]) != 0) continue;
        int batches = atoi(arguments[2]), calls = atoi(arguments[3]);
        for (int batch = 0; batch <= batches; batch++) {
            struct timespec start, end;
            long answer = 0;
            clock_gettime(CLOCK_MONOTONIC, &start);
            for (int call = 0; call < calls; call++) answer = cases[i].run();
            clock_gettime(CLOCK_MONOTONIC, &end);
            double nanoseconds = (end.tv_sec - start.tv_sec) * 1e9 + (end.tv_nsec - start.tv_nsec);
            if (batch > 0) printf("%ld %f\n", answer, nanoseconds / calls);
        }
    }
    return 0;
}
