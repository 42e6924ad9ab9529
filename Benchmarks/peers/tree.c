// A process with memory and idle forked workers: tree WORKERS MEBIBYTES [huge | MAPPINGS]. Its memory is in pages of 4
// KiB, in huge pages, or in this number of mappings. It prints its pid, and exits when its standard input ends.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

int main(int count, char **arguments)
{
    if (count < 3) return 64;
    int workers = atoi(arguments[1]);
    size_t bytes = strtoull(arguments[2], NULL, 10) << 20, page = (size_t)getpagesize();
    int is_huge = count > 3 && strcmp(arguments[3], "huge") == 0;
    size_t mappings = count > 3 && !is_huge ? strtoull(arguments[3], NULL, 10) : 1;
    if (bytes > 0) {
        char *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (memory == MAP_FAILED) return 1;
        madvise(memory, bytes, is_huge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
        memset(memory, 1, bytes);
        // Every second part gets other permissions, because the kernel merges adjacent mappings with the same
        // permissions.
        size_t part = bytes / mappings / page * page;
        for (size_t i = 1; i < mappings; i += 2)
            if (mprotect(memory + i * part, part, PROT_READ) != 0) return 1;
    }
    for (int i = 0; i < workers; i++) {
        if (fork() == 0) {
            prctl(PR_SET_PDEATHSIG, 9);
            pause();
            _exit(0);
        }
    }
    printf("%d\n", (int)getpid());
    fflush(stdout);
    char byte;
    while (read(STDIN_FILENO, &byte, 1) > 0) {
    }
    return 0;
}
