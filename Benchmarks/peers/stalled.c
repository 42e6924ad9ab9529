// What a look at a process does to it: stalled MEBIBYTES SECONDS holds so much memory and maps, touches and unmaps a page
// again and again. Prints its id at first, then waits for a line of input, and at the end prints how long a round took: median,
// 99 %, 99.9 %, worst, in nanoseconds, and how many rounds there were.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

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
    if (count < 3) return 64;
    size_t bytes = strtoull(arguments[1], NULL, 10) << 20;
    char *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) return 1;
    madvise(memory, bytes, MADV_NOHUGEPAGE);
    memset(memory, 1, bytes);
    // One round every 20 µs at the most: more than there is room for is not looked at.
    size_t room = (size_t)(strtod(arguments[2], NULL) * 1e6), rounds = 0;
    uint32_t *times = malloc(room * sizeof *times);
    memset(times, 0, room * sizeof *times);
    printf("%d\n", (int)getpid());
    fflush(stdout);
    if (getchar() == EOF) return 0;
    uint64_t end = now() + (uint64_t)(strtod(arguments[2], NULL) * 1e9);
    for (uint64_t start = now(); start < end && rounds < room; rounds++) {
        volatile char *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        *page = 1;
        munmap((void *)page, 4096);
        uint64_t stop = now();
        times[rounds] = (uint32_t)(stop - start);
        start = stop;
    }
    qsort(times, rounds, sizeof *times, compare);
    printf("%u %u %u %u %zu\n", times[rounds / 2], times[rounds * 99 / 100], times[rounds * 999 / 1000], times[rounds - 1],
           rounds);
    return 0;
}
