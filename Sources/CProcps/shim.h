#if __has_include(<libproc2/pids.h>)
#include "libproc2.h"
#elif __has_include(<proc/readproc.h>)
#include "libprocps.h"
#else
#error "install"
#endif
