/* A growing buffer of bytes with a declared maximum.
 *
 * Invariant: length <= capacity <= limit. Growth past the limit is LAKE_NO_MEMORY, never a larger block. A buffer is
 * used by one thread at a time. Pointers into data are valid until the next call that may grow it.
 *
 *     struct buffer text = BUFFER_INIT(LIMIT_LINE_BYTES);
 *     TRY_OUT(buffer_append(&text, bytes, n, err));
 *     …
 *     buffer_release(&text);      // any number of times */
#ifndef BASE_BUFFER_H
#define BASE_BUFFER_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct buffer {
    uint8_t *data;
    size_t length;
    size_t capacity;
    size_t limit;
};

#define BUFFER_INIT(limit_bytes)                                                                                       \
    {                                                                                                                  \
        NULL, 0, 0, (limit_bytes)                                                                                      \
    }

void buffer_init(struct buffer *buffer, size_t limit_bytes);
void buffer_release(struct buffer *buffer);
/* Forgets the contents, keeps the memory. */
void buffer_clear(struct buffer *buffer);
/* Makes room for `extra` more bytes; length is unchanged. */
LAKE_MUST_CHECK lake_status buffer_reserve(struct buffer *buffer, size_t extra, struct lake_error *err);
LAKE_MUST_CHECK lake_status buffer_append(struct buffer *buffer, const void *bytes, size_t n, struct lake_error *err);
LAKE_MUST_CHECK lake_status buffer_append_byte(struct buffer *buffer, uint8_t byte, struct lake_error *err);
LAKE_MUST_CHECK lake_status buffer_append_text(struct buffer *buffer, const char *text, struct lake_error *err);
LAKE_MUST_CHECK lake_status buffer_printf(struct buffer *buffer, struct lake_error *err, const char *format, ...)
    LAKE_PRINTF(3, 4);
/* The contents as a terminated string (the terminator is not counted in length). */
LAKE_MUST_CHECK lake_status buffer_string(struct buffer *buffer, const char **out, struct lake_error *err);

#endif
