/* UTF-8 (RFC 3629): whether bytes are it, and one character as bytes. */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stddef.h>
#include <stdint.h>

enum { UTF8_BYTES = 4 };

/* Bytes of the character at `text` (< end); 0 where it is none: cut, overlong, a surrogate, past U+10FFFF. */
size_t utf8_length(const char *text, const char *end);
/* Writes a character; returns its bytes, 0 where there is no such character. */
size_t utf8_encode(uint32_t character, char out[UTF8_BYTES]);

#endif
