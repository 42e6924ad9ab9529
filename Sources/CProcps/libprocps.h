#pragma once
#include <proc/readproc.h>
