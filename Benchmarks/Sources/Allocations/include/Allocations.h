#pragma once
#include <stdint.h>

/// How often memory was allocated in this process so far, by whichever thread and library.
uint64_t allocation_count(void);
