// The floor as a program: FloorProgram CASE BATCHES CALLS prints the same columns as the Swift programs. The
// environment variable ROOT is the pid of the process, or of the root of the tree, to measure, CGROUP the directory of
// a cgroup, FILES the files to keep open, separated by colons, and SYSROOT a directory with files of all processes.
#include "Floor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static pid_t root;
static int kept;

static long statm(void) { return floor_read(root, "statm"); }
static long rollup(void) { return floor_read(root, "smaps_rollup"); }
static long reread(void) { return floor_reread(kept); }
static long tree_list(void) { return floor_tree(root, NULL); }
static long tree_statm(void) { return floor_tree(root, "statm"); }
static long tree_rollup(void) { return floor_tree(root, "smaps_rollup"); }
static long all_list(void) { return floor_all(getenv("SYSROOT"), NULL); }
static long totals(void) { return floor_totals(getenv("CGROUP")); }
static long all_statm(void) { return floor_all(getenv("SYSROOT"), "statm"); }

int main(int count, char **arguments)
{
    static const struct {
        const char *name;
        long (*run)(void);
        const char *kept;
    } cases[] = {
        {"process, cheap", statm, NULL},
        {"process, cheap, kept", reread, "statm"},
        {"process, accurate", rollup, NULL},
        {"process, accurate, kept", reread, "smaps_rollup"},
        {"tree, list", tree_list, NULL},
        {"tree, cheap", tree_statm, NULL},
        {"tree, accurate", tree_rollup, NULL},
        {"all, list", all_list, NULL},
        {"all, cheap", all_statm, NULL},
        {"cgroup, totals", totals, NULL},
        {"files, kept", floor_reread_files, NULL},
    };
    if (count < 4) return 64;
    if (strstr(arguments[1], "cgroup") && !getenv("CGROUP")) return 64;
    if (strstr(arguments[1], "files") && (!getenv("FILES") || floor_keep_files(getenv("FILES")) < 0)) return 64;
    root = getenv("ROOT") ? atoi(getenv("ROOT")) : getpid();
    int batches = atoi(arguments[2]), calls = atoi(arguments[3]);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (strcmp(cases[i].name, arguments[1]) != 0) continue;
        if (cases[i].kept && (kept = floor_open(root, cases[i].kept)) < 0) return 1;
        for (int batch = 0; batch <= batches; batch++) {
            struct timespec start, end;
            long answer = 0;
            clock_gettime(CLOCK_MONOTONIC, &start);
            for (int call = 0; call < calls; call++) answer = cases[i].run();
            clock_gettime(CLOCK_MONOTONIC, &end);
            double nanoseconds = (end.tv_sec - start.tv_sec) * 1e9 + (end.tv_nsec - start.tv_nsec);
            if (batch > 0) printf("%ld %f\n", answer, nanoseconds / calls);
        }
        return 0;
    }
    return 64;
}
