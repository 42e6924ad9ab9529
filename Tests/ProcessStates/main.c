// A process in a certain state, which a test starts. It prints "ready" and the pids that the state is about, and stays
// until its standard input ends. Without arguments it prints the states.
#define _GNU_SOURCE
#include "states.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct state *const tables[] = {memory_states, family_states, thread_states, identity_states,
                                            sharing_states};
static const size_t table_count = sizeof tables / sizeof tables[0];

static _Noreturn void usage(void)
{
    fprintf(stderr, "usage: ProcessStates STATE [ARGUMENT...]\n\n");
    for (size_t table = 0; table < table_count; table++) {
        for (const struct state *state = tables[table]; state->name; state++) {
            char call[64];
            snprintf(call, sizeof call, "%s %s", state->name, state->arguments);
            fprintf(stderr, "  %-32s %s\n", call, state->description);
        }
    }
    exit(64);
}

static const struct state *find(const char *name)
{
    for (size_t table = 0; table < table_count; table++) {
        for (const struct state *state = tables[table]; state->name; state++) {
            if (strcmp(state->name, name) == 0) {
                return state;
            }
        }
    }
    return NULL;
}

/// Returns whether this number of arguments fits a synopsis.
static bool accepts(const char *synopsis, size_t count)
{
    size_t required = 0, possible = 0;
    bool takes_more = false;
    for (const char *at = synopsis; *at;) {
        size_t length = strcspn(at, " ");
        takes_more |= length >= 3 && strncmp(at + length - 3, "...", 3) == 0;
        required += *at != '[';
        possible++;
        at += length;
        at += strspn(at, " ");
    }
    return count >= required && (takes_more || count <= possible);
}

void enter_state(char **arguments)
{
    const struct state *state = arguments[0] ? find(arguments[0]) : NULL;
    if (!state) {
        if (arguments[0]) {
            fprintf(stderr, "no such state: %s\n", arguments[0]);
        }
        usage();
    }
    size_t count = 0;
    while (arguments[1 + count]) {
        count++;
    }
    if (!accepts(state->arguments, count)) {
        fprintf(stderr, "expected: %s %s\n", state->name, state->arguments);
        exit(64);
    }
    state->enter(arguments + 1);
}

int main(int count, char **arguments)
{
    (void)count;
    enter_state(arguments + 1);
    stay();
}

_Noreturn void fail(const char *what)
{
    dprintf(STDERR_FILENO, "ProcessStates: %s: %s\n", what, strerror(errno));
    _exit(1);
}

_Noreturn void unavailable(const char *what)
{
    printf("unavailable: %s: %s\n", what, strerror(errno));
    fflush(stdout);
    _exit(0);
}

void ready(const pid_t *ids, size_t count)
{
    printf("ready");
    for (size_t i = 0; i < count; i++) {
        printf(" %d", ids[i]);
    }
    printf("\n");
    if (fflush(stdout) != 0) {
        fail("write to standard output");
    }
}

_Noreturn void stay(void)
{
    char byte;
    while (read(STDIN_FILENO, &byte, 1) > 0) {
    }
    _exit(0);
}

void wait_for_line(void)
{
    char byte;
    if (read(STDIN_FILENO, &byte, 1) != 1) {
        _exit(0);
    }
}

size_t number(const char *text)
{
    char *end;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    if (!isdigit((unsigned char)text[0]) || *end || errno != 0) {
        fprintf(stderr, "expected a number, found: %s\n", text);
        exit(64);
    }
    return value;
}
