// States of names, users and privileges.
#define _GNU_SOURCE
#include "states.h"

#include <sys/prctl.h>
#include <unistd.h>

static void become(uid_t real, uid_t effective, uid_t saved, gid_t offset)
{
    if (setresgid(real + offset, effective + offset, saved + offset) != 0) {
        fail("setresgid");
    }
    if (setresuid(real, effective, saved) != 0) {
        fail("setresuid");
    }
}

void become_nobody(void) { become(65534, 65534, 65534, 0); }

void set_dumpable(int is_dumpable)
{
    if (prctl(PR_SET_DUMPABLE, is_dumpable) != 0) {
        fail("prctl PR_SET_DUMPABLE");
    }
}

static void enter_name(char **arguments)
{
    if (prctl(PR_SET_NAME, arguments[0]) != 0) {
        fail("prctl PR_SET_NAME");
    }
    ready(NULL, 0);
}

static void enter_undumpable(char **arguments)
{
    (void)arguments;
    set_dumpable(0);
    ready(NULL, 0);
}

static void enter_nobody(char **arguments)
{
    int is_dumpable = (int)number(arguments[0]);
    hold(number(arguments[1]));
    become_nobody();
    set_dumpable(is_dumpable);
    ready(NULL, 0);
}

static void enter_as_nobody(char **arguments)
{
    become_nobody();
    set_dumpable(1);
    enter_state(arguments);
}

static void enter_users(char **arguments)
{
    become((uid_t)number(arguments[0]), (uid_t)number(arguments[1]), (uid_t)number(arguments[2]), 10);
    ready(NULL, 0);
}

const struct state identity_states[] = {
    {"name", "NAME", "has the name NAME", enter_name},
    {"undumpable", "", "may not be traced by other users", enter_undumpable},
    {"nobody", "DUMPABLE BYTES", "writes BYTES, then becomes user 65534, whose processes may trace it if DUMPABLE is 1",
     enter_nobody},
    {"as-nobody", "STATE...", "the same as STATE, as user 65534, whose processes may trace it", enter_as_nobody},
    {"users", "REAL EFFECTIVE SAVED", "takes these user ids, and group ids 10 above them", enter_users},
    {0},
};
