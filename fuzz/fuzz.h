/* What a fuzz target is: a function that takes any bytes and must neither crash nor, under the sanitizers, be
 * reported. */
#ifndef FUZZ_FUZZ_H
#define FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

#endif
