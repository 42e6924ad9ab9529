// The distinct memory of a tree: truth ROOT prints the bytes of all page frames that its processes map, each counted
// once. The kernel shows frame numbers only to processes with CAP_SYS_ADMIN. Without it the program fails.
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum { ENTRIES = 1 << 16 };
static const uint64_t present = 1ULL << 63, frame_bits = (1ULL << 55) - 1, most_frames = 1ULL << 32;

static uint8_t *seen;
static uint64_t zero_frame, count;

static uint64_t frame_at(int pagemap, unsigned long address)
{
    uint64_t entry = 0;
    if (pread(pagemap, &entry, sizeof entry, (off_t)(address / (unsigned long)getpagesize() * 8)) != sizeof entry) return 0;
    return entry & present ? entry & frame_bits : 0;
}

static void count_range(int pagemap, unsigned long first, unsigned long last)
{
    static uint64_t entries[ENTRIES];
    while (first < last) {
        unsigned long wanted = last - first < ENTRIES ? last - first : ENTRIES;
        ssize_t bytes = pread(pagemap, entries, wanted * sizeof *entries, (off_t)(first * sizeof *entries));
        if (bytes <= 0) return;
        for (unsigned long i = 0; i < (unsigned long)bytes / sizeof *entries; i++) {
            uint64_t frame = entries[i] & frame_bits;
            if (!(entries[i] & present) || frame == 0 || frame == zero_frame || frame >= most_frames) continue;
            uint8_t bit = (uint8_t)(1 << frame % 8);
            count += !(seen[frame / 8] & bit);
            seen[frame / 8] |= bit;
        }
        first += (unsigned long)bytes / sizeof *entries;
    }
}

static void count_tree(int process);

// The kernel lists a child under the thread that has forked it.
static void count_children(int process)
{
    char path[300];
    snprintf(path, sizeof path, "/proc/%d/task", process);
    DIR *tasks = opendir(path);
    for (struct dirent *task; tasks && (task = readdir(tasks));) {
        if (task->d_name[0] == '.') continue;
        snprintf(path, sizeof path, "/proc/%d/task/%s/children", process, task->d_name);
        FILE *children = fopen(path, "re");
        for (int child; children && fscanf(children, "%d", &child) == 1;) count_tree(child);
        if (children) fclose(children);
    }
    if (tasks) closedir(tasks);
}

static void count_tree(int process)
{
    char path[64], *line = NULL;
    size_t room = 0;
    unsigned long first, last, page = (unsigned long)getpagesize();
    snprintf(path, sizeof path, "/proc/%d/pagemap", process);
    int pagemap = open(path, O_RDONLY | O_CLOEXEC);
    snprintf(path, sizeof path, "/proc/%d/maps", process);
    FILE *maps = fopen(path, "re");
    while (maps && getline(&line, &room, maps) > 0)
        if (sscanf(line, "%lx-%lx", &first, &last) == 2) count_range(pagemap, first / page, last / page);
    if (maps) fclose(maps);
    close(pagemap);
    free(line);
    count_children(process);
}

int main(int argument_count, char **arguments)
{
    if (argument_count < 2) return 64;
    // A page that was read and never written maps the zero page, which does not count as memory of a process.
    int own = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
    volatile char *untouched = mmap(NULL, (size_t)getpagesize(), PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    (void)*untouched;
    zero_frame = frame_at(own, (unsigned long)untouched);
    if (zero_frame == 0) return 1;
    seen = mmap(NULL, most_frames / 8, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (seen == MAP_FAILED) return 1;
    count_tree(atoi(arguments[1]));
    printf("%llu\n", (unsigned long long)(count * (uint64_t)getpagesize()));
    return 0;
}
