#pragma once
#include <stdint.h>

/// Returns the number of heap allocations of this process so far, by all threads and libraries.
uint64_t allocation_count(void);
