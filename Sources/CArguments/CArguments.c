#include "CArguments.h"

#include <stdlib.h>

static int count;
static char **arguments;

// Glibc calls constructors with the arguments of main.
__attribute__((constructor)) static void keep_arguments(int argc, char **argv)
{
#ifdef __GLIBC__
    count = argc;
    arguments = argv;
#else
    (void)argc;
    (void)argv;
#endif
}

const char *procmem_argument(int index)
{
    return index >= 0 && index < count ? arguments[index] : NULL;
}
