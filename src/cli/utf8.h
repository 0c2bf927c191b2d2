/* UTF-8 text, one character at a time, and how wide it stands on a terminal. */
#ifndef CLI_UTF8_H
#define CLI_UTF8_H

#include <stddef.h>
#include <stdint.h>

#define UTF8_REPLACEMENT UINT32_C(0xFFFD)

/* The character at text[*at] (*at < n); moves *at behind it. A byte that begins no valid sequence is U+FFFD. */
uint32_t utf8_next(const char *text, size_t n, size_t *at);
/* Columns of a terminal: 2 for East Asian wide characters and emoji, 0 for combining marks, else 1 (also for a
 * control character, which is shown as one '?'). */
size_t utf8_width(const char *text, size_t n);

#endif
