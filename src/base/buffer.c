#include "base/buffer.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"

enum { SMALLEST_CAPACITY = 64 };

void buffer_init(struct buffer *buffer, size_t limit_bytes)
{
    *buffer = (struct buffer)BUFFER_INIT(limit_bytes);
}

void buffer_release(struct buffer *buffer)
{
    memory_free(buffer->data);
    buffer_init(buffer, buffer->limit);
}

void buffer_clear(struct buffer *buffer)
{
    buffer->length = 0;
}

lake_status buffer_reserve(struct buffer *buffer, size_t extra, struct lake_error *err)
{
    if (extra <= buffer->capacity - buffer->length)
        return LAKE_OK;
    if (extra > buffer->limit - buffer->length)
        return lake_fail(err, LAKE_NO_MEMORY, "a buffer would grow over its limit of %zu bytes", buffer->limit);
    size_t needed = buffer->length + extra;
    size_t capacity = buffer->capacity < SMALLEST_CAPACITY ? SMALLEST_CAPACITY : buffer->capacity;
    while (capacity < needed)
        capacity = capacity > buffer->limit / 2 ? buffer->limit : capacity * 2;
    if (capacity > buffer->limit)
        capacity = buffer->limit;
    TRY(memory_resize(&buffer->data, capacity, 1, err));
    buffer->capacity = capacity;
    return LAKE_OK;
}

lake_status buffer_append(struct buffer *buffer, const void *bytes, size_t n, struct lake_error *err)
{
    TRY(buffer_reserve(buffer, n, err));
    if (n > 0)
        memcpy(buffer->data + buffer->length, bytes, n);
    buffer->length += n;
    return LAKE_OK;
}

lake_status buffer_append_byte(struct buffer *buffer, uint8_t byte, struct lake_error *err)
{
    return buffer_append(buffer, &byte, 1, err);
}

lake_status buffer_append_text(struct buffer *buffer, const char *text, struct lake_error *err)
{
    return buffer_append(buffer, text, strlen(text), err);
}

lake_status buffer_printf(struct buffer *buffer, struct lake_error *err, const char *format, ...)
{
    va_list args;
    va_list again;
    lake_status status = LAKE_OK;
    va_start(args, format);
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (n < 0)
        status = lake_fail(err, LAKE_INTERNAL, "a text cannot be formatted");
    else
        status = buffer_reserve(buffer, (size_t)n + 1, err);
    if (status == LAKE_OK) {
        (void)vsnprintf((char *)buffer->data + buffer->length, (size_t)n + 1, format, again);
        buffer->length += (size_t)n;
    }
    va_end(again);
    return status;
}

lake_status buffer_string(struct buffer *buffer, const char **out, struct lake_error *err)
{
    TRY(buffer_reserve(buffer, 1, err));
    buffer->data[buffer->length] = '\0';
    *out = (const char *)buffer->data;
    return LAKE_OK;
}
