/* Decimals to doubles without big numbers, for what a double holds more digits of than it can: seventeen digits as programs print them, and the
 * like. The method is D. Lemire's ("Number parsing at a gigabyte per second", 2021, after M. Eisel): digits times a power of five of 128 bits tells
 * the nearest double, or that it cannot.
 *
 * Threads: a pure function. */
#ifndef IO_NUMBER_QUICK_H
#define IO_NUMBER_QUICK_H

#include <stdbool.h>
#include <stdint.h>

/* The double nearest to digits * 10^exponent; false where this does not tell it: zero, exponents beyond 40 either way, and very few others. */
bool number_quick(uint64_t digits, int exponent, double *out);

#endif
