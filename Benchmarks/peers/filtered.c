// `filtered COMMAND...` executes a command under the seccomp filter of the tests, as in a service with
// SystemCallFilter=@system-service or in a container. Another system call than those ends the process.
#include "CTestSupport.h"

#include <stdio.h>
#include <unistd.h>

int main(int count, char **words)
{
    if (count < 2 || test_filter_system_calls() != 0) {
        perror("filtered");
        return 99;
    }
    execvp(words[1], words + 1);
    perror(words[1]);
    return 99;
}
