// procps' library: libproc2 CASE BATCHES CALLS prints the same columns as the other programs. The environment variable
// PIDS lists the processes to measure, separated by spaces. The cases of a single process use the first.
#include <libproc2/pids.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

// The library accepts 256 pids in one call (4.0.2: 255).
enum { MOST = 4096, AT_ONCE = 250 };

static struct pids_info *info;
static unsigned pids[MOST];
static int number;
static enum pids_item memory;

static long all(void)
{
    struct pids_fetch *fetch = procps_pids_reap(info, PIDS_FETCH_TASKS_ONLY);
    return fetch ? fetch->counts->total : -1;
}

/// Returns the sum of RSS, or PSS, of the processes in bytes. The library reports KiB.
static long selected(void)
{
    long kibibytes = 0;
    for (int first = 0; first < number; first += AT_ONCE) {
        int some = number - first < AT_ONCE ? number - first : AT_ONCE;
        struct pids_fetch *fetch = procps_pids_select(info, pids + first, some, PIDS_SELECT_PID);
        if (!fetch) return -1;
        for (int i = 0; i < fetch->counts->total; i++) kibibytes += (long)fetch->stacks[i]->head[0].result.ul_int;
    }
    return kibibytes * 1024;
}

int main(int count, char **arguments)
{
    if (count < 4) return 64;
    char *rest = getenv("PIDS") ? getenv("PIDS") : "";
    for (char *end; number < MOST - 1; rest = end, number++) {
        unsigned long pid = strtoul(rest, &end, 10);
        if (end == rest) break;
        pids[number] = (unsigned)pid;
    }
    const char *scope = arguments[1], *detail = strchr(scope, ',');
    if (!detail) return 64;
    detail += 2;
    if (strncmp(scope, "process", 7) == 0) number = 1;
    memory = strcmp(detail, "accurate") == 0 ? PIDS_SMAP_PSS : PIDS_MEM_RES;
    // The same fields as in ProcMem's lists: pid, parent, name, start time, and of the memory RSS and its shared part.
    enum pids_item fields[] = {memory, PIDS_ID_PID, PIDS_ID_PPID, PIDS_CMD, PIDS_TICS_BEGAN, PIDS_MEM_SHR};
    int is_list = strcmp(detail, "list") == 0, is_all = strncmp(scope, "all", 3) == 0;
    if (procps_pids_new(&info, is_list ? fields + 1 : fields, is_list ? 4 : is_all ? 6 : 1) < 0) return 1;
    int batches = atoi(arguments[2]), calls = atoi(arguments[3]);
    for (int batch = 0; batch <= batches; batch++) {
        struct timespec start, end;
        long answer = 0;
        clock_gettime(CLOCK_MONOTONIC, &start);
        for (int call = 0; call < calls; call++) answer = is_all ? all() : selected();
        clock_gettime(CLOCK_MONOTONIC, &end);
        if (answer < 0) return 1;
        double nanoseconds = (end.tv_sec - start.tv_sec) * 1e9 + (end.tv_nsec - start.tv_nsec);
        if (batch > 0) printf("%ld %f\n", answer, nanoseconds / calls);
    }
    return 0;
}
