/* Allocations of the code linked into a test program that fail on request.
 *
 * The program is linked with -Wl,--wrap for malloc, calloc, realloc, posix_memalign and aligned_alloc (lake_fault_test in
 * CMakeLists.txt), so that calls from the static library and the test go through here; those inside shared libraries (SQLite,
 * libcrypto, cmocka) do not. Counting is atomic: any thread's call counts. Leaks are found by running under ASan.
 *
 *     fault_memory_arm(3, false);          // the third allocation from now on fails
 *     … do the work …
 *     n = fault_memory_disarm();           // how many there were */
#ifndef TESTS_FAULT_FAULT_MEMORY_H
#define TESTS_FAULT_FAULT_MEMORY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

void fault_memory_arm(int64_t fail_at, bool for_ever);
int64_t fault_memory_disarm(void);

/* A piece of work. It checks its own result: a wrong one is LAKE_INTERNAL. */
typedef lake_status (*memory_work)(void *context, struct lake_error *err);

/* Fails each allocation in turn, once and for ever. Each time the work must give LAKE_NO_MEMORY with a message, and succeed
 * when run again without a fault. Returns the number of points swept; anything wrong fails the test. */
int64_t sweep_memory(memory_work work, void *context);

#endif
