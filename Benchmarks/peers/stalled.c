// Measures how long a memory reading stalls its target. `stalled MEBIBYTES` maps and writes this amount of memory, and
// prints its pid. For each number that it then reads from standard input, it maps, touches and unmaps a page repeatedly
// for that number of seconds. It prints the time of a round in nanoseconds (median, 99 %, 99.9 %, maximum) and the
// number of rounds.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

// The maximum number of rounds. A round takes microseconds, so a few seconds fit.
enum { ROOM = 1 << 24 };

static uint64_t now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

static int compare(const void *left, const void *right)
{
    uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
    return a < b ? -1 : a > b;
}

int main(int count, char **arguments)
{
    if (count < 2) return 64;
    size_t bytes = strtoull(arguments[1], NULL, 10) << 20, page_size = (size_t)getpagesize();
    char *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) return 1;
    madvise(memory, bytes, MADV_NOHUGEPAGE);
    memset(memory, 1, bytes);
    uint32_t *times = malloc(ROOM * sizeof *times);
    if (!times) return 1;
    memset(times, 0, ROOM * sizeof *times);
    printf("%d\n", (int)getpid());
    fflush(stdout);
    for (double seconds; scanf("%lf", &seconds) == 1;) {
        size_t rounds = 0;
        uint64_t end = now() + (uint64_t)(seconds * 1e9);
        for (uint64_t start = now(); start < end && rounds < ROOM; rounds++) {
            volatile char *page = mmap(NULL, page_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
            *page = 1;
            munmap((void *)page, page_size);
            uint64_t stop = now();
            times[rounds] = (uint32_t)(stop - start);
            start = stop;
        }
        if (rounds == 0) return 1;
        qsort(times, rounds, sizeof *times, compare);
        printf("%u %u %u %u %zu\n", times[rounds / 2], times[rounds * 99 / 100], times[rounds * 999 / 1000],
               times[rounds - 1], rounds);
        fflush(stdout);
    }
    return 0;
}
