#define _GNU_SOURCE
#include "Floor.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char buffer[1 << 20];

/// Reads a file in one call. The kernel returns smaps_rollup and statm as a whole if the buffer is large enough.
static long read_file(int directory, const char *name)
{
    int file = openat(directory, name, O_RDONLY | O_CLOEXEC);
    if (file < 0) return -1;
    ssize_t count = read(file, buffer, sizeof buffer - 1);
    close(file);
    if (count >= 0) buffer[count] = 0;
    return count;
}

long floor_read(pid_t process, const char *name)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/%s", (int)process, name);
    return read_file(AT_FDCWD, path);
}

int floor_open(pid_t process, const char *name)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/%s", (int)process, name);
    return open(path, O_RDONLY | O_CLOEXEC);
}

long floor_reread(int file) { return pread(file, buffer, sizeof buffer, 0); }

static int kept_files[32];
static int kept_count;

long floor_keep_files(const char *paths)
{
    char *list = strdup(paths), *rest = list;
    for (char *path; (path = strsep(&rest, ":"));) {
        int file = open(path, O_RDONLY | O_CLOEXEC);
        bool has_room = kept_count < (int)(sizeof kept_files / sizeof *kept_files);
        if (file < 0 || !has_room) {
            perror(path);
            kept_count = -1;
            break;
        }
        kept_files[kept_count++] = file;
    }
    free(list);
    return kept_count;
}

long floor_reread_files(void)
{
    long length = 0;
    for (int i = 0; i < kept_count; i++) length += floor_reread(kept_files[i]);
    return length;
}

long floor_pagemap(int file, unsigned long address, int entries)
{
    return pread(file, buffer, (size_t)entries * sizeof(uint64_t), (off_t)(address / (unsigned long)getpagesize() * 8));
}

static int open_process(int id)
{
    char path[32];
    snprintf(path, sizeof path, "/proc/%d", id);
    return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static int open_process_at(int proc, int id)
{
    char name[16];
    snprintf(name, sizeof name, "%d", id);
    return openat(proc, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

long floor_tree(pid_t root, const char *memory_file)
{
    int directory = open_process(root);
    if (directory < 0) return 0;
    char children[48];
    snprintf(children, sizeof children, "task/%d/children", (int)root);
    long count = read_file(directory, "stat") > 0;
    if (memory_file) read_file(directory, memory_file);
    if (read_file(directory, children) <= 0) {
        close(directory);
        return count;
    }
    close(directory);
    char *list = strdup(buffer);
    for (char *rest = list, *end; *rest; rest = end) {
        long child = strtol(rest, &end, 10);
        if (end == rest) break;
        count += floor_tree((pid_t)child, memory_file);
    }
    free(list);
    return count;
}

long floor_all(const char *system, const char *memory_file)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/proc", system ? system : "");
    DIR *proc = opendir(path);
    if (!proc) return -1;
    long count = 0;
    for (struct dirent *entry; (entry = readdir(proc));) {
        if (!isdigit((unsigned char)entry->d_name[0])) continue;
        int directory = open_process_at(dirfd(proc), atoi(entry->d_name));
        if (directory < 0) continue;
        count += read_file(directory, "stat") > 0;
        if (memory_file) read_file(directory, memory_file);
        close(directory);
    }
    closedir(proc);
    return count;
}

/// The files of a cgroup of either version, and those of the system, that a reading of totals needs.
long floor_totals(const char *cgroup)
{
    static const char *const v1[] = {"memory.usage_in_bytes", "memory.stat", "memory.kmem.usage_in_bytes", NULL};
    static const char *const v2[] = {"memory.current", "memory.stat", "pids.current", NULL};
    int directory = open(cgroup, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0) return -1;
    bool is_v1 = faccessat(directory, v1[0], R_OK, 0) == 0;
    long length = 0;
    for (const char *const *name = is_v1 ? v1 : v2; *name; name++) {
        long count = read_file(directory, *name);
        if (count < 0 && strcmp(*name, "pids.current") != 0) length = -1;
        if (length >= 0 && count > 0) length += count;
    }
    close(directory);
    read_file(AT_FDCWD, "/proc/meminfo");
    read_file(AT_FDCWD, "/sys/devices/system/cpu/online");
    read_file(AT_FDCWD, "/sys/devices/system/node/online");
    return length;
}
