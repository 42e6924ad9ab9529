// Swift does not import function-like macros: these functions replace LINUX_VERSION and its parts in the headers of
// both generations.
#ifndef CPROCPS_LINUX_VERSION_H
#define CPROCPS_LINUX_VERSION_H

static inline int cprocps_linux_version(int major, int minor, int patch)
{
    return LINUX_VERSION(major, minor, patch);
}

static inline int cprocps_linux_version_major(int version) { return LINUX_VERSION_MAJOR(version); }
static inline int cprocps_linux_version_minor(int version) { return LINUX_VERSION_MINOR(version); }
static inline int cprocps_linux_version_patch(int version) { return LINUX_VERSION_PATCH(version); }

#endif
