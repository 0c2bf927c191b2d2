/* Numbers in text, both ways, exactly and without regard to the locale. */
#ifndef IO_NUMBER_H
#define IO_NUMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A decimal number ("-1.5", "+2e-3", ".5", "5."), the nearest double; the whole text must be the number. No blanks, no
 * hexadecimal, no "inf" or "nan", no thousands separators. False where it is not one, or where it overflows. */
bool number_parse_double(const char *text, size_t length, double *out);
/* An optional sign and digits only; false on overflow. */
bool number_parse_int64(const char *text, size_t length, int64_t *out);

enum { NUMBER_TEXT_BYTES = 40 };
/* The shortest decimal text that parses back to the same double: "5.685", "1e-05", "0", "-0", "nan", "inf". Terminated;
 * returns the length. Plain notation from 1e-5 up to below 1e17. */
size_t number_format_double(double value, char out[NUMBER_TEXT_BYTES]);
size_t number_format_int64(int64_t value, char out[NUMBER_TEXT_BYTES]);

#endif
