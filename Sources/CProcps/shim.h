// procps' C library as it is installed: libproc2 (procps 4), else its predecessor libprocps (procps 3.3).
//
// If both are installed, libproc2 is used; -DCPROCPS_USE_LIBPROCPS selects the older one:
//     swift build -Xcc -DCPROCPS_USE_LIBPROCPS
// Swift's `#if` does not see the definitions of the C compiler, so code with a branch for each generation also requires
//     -Xswiftc -DCPROCPS_USE_LIBPROCPS
#ifndef CPROCPS_SHIM_H
#define CPROCPS_SHIM_H

#if !defined(CPROCPS_USE_LIBPROCPS) && __has_include(<libproc2/pids.h>)
#include "libproc2.h"
#elif __has_include(<proc/readproc.h>)
#include "libprocps.h"
#elif defined(CPROCPS_USE_LIBPROCPS)
#error "CPROCPS_USE_LIBPROCPS is defined, but procps 3.3's headers are missing. Install libprocps-dev (Debian 11, Ubuntu 22.04) or procps-ng-devel (RHEL 8 and 9)."
#else
#error "procps' headers are missing. Install libproc2-dev (Debian 12, Ubuntu 24.04 and later), libprocps-dev (Debian 11, Ubuntu 22.04) or procps-ng-devel (Fedora, RHEL), then run `swift package clean` and build again, or build without the package trait Procps."
#endif

#endif
