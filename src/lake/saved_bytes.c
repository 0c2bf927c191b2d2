#include "lake/saved_bytes.h"

#include <string.h>

#include "base/bytes.h"

/* Of a detail, and of anything else that is text. */
enum { MOST_TEXT_BYTES = 1 << 20 };

/* ---- writing ---- */

lake_status saved_put_u32(struct buffer *out, size_t value, struct lake_error *err)
{
    uint8_t bytes[4];
    if (value > UINT32_MAX)
        return lake_fail(err, LAKE_NO_MEMORY, "a safe point cannot name %zu things", value);
    store_u32(bytes, (uint32_t)value);
    return buffer_append(out, bytes, sizeof bytes, err);
}

lake_status saved_put_i64(struct buffer *out, int64_t value, struct lake_error *err)
{
    uint8_t bytes[8];
    store_u64(bytes, (uint64_t)value);
    return buffer_append(out, bytes, sizeof bytes, err);
}

lake_status saved_put_i64s(struct buffer *out, const int64_t *const *values, size_t n, struct lake_error *err)
{
    for (size_t i = 0; i < n; i++)
        TRY(saved_put_i64(out, *values[i], err));
    return LAKE_OK;
}

lake_status saved_put_text(struct buffer *out, const char *text, struct lake_error *err)
{
    size_t n = strlen(text);
    TRY(saved_put_u32(out, n, err));
    return buffer_append(out, text, n, err);
}

lake_status saved_put_digest(struct buffer *out, bool has, const uint8_t digest[SHA256_BYTES], struct lake_error *err)
{
    TRY(buffer_append_byte(out, has, err));
    return has ? buffer_append(out, digest, SHA256_BYTES, err) : LAKE_OK;
}

/* ---- reading ---- */

lake_status saved_fail(const struct saved_reader *reader, const char *what)
{
    return lake_fail(reader->err, LAKE_CORRUPT, "the record of the safe point is damaged: byte %td: %s",
                     reader->at - reader->start, what);
}

lake_status saved_take_bytes(struct saved_reader *reader, size_t n, const uint8_t **out)
{
    if (n > (size_t)(reader->end - reader->at))
        return saved_fail(reader, "it ends too early");
    *out = reader->at;
    reader->at += n;
    return LAKE_OK;
}

lake_status saved_take_u32(struct saved_reader *reader, uint32_t *out)
{
    const uint8_t *bytes = NULL;
    TRY(saved_take_bytes(reader, 4, &bytes));
    *out = load_u32(bytes);
    return LAKE_OK;
}

lake_status saved_take_i64(struct saved_reader *reader, int64_t *out)
{
    const uint8_t *bytes = NULL;
    TRY(saved_take_bytes(reader, 8, &bytes));
    *out = (int64_t)load_u64(bytes);
    return LAKE_OK;
}

lake_status saved_take_i64s(struct saved_reader *reader, int64_t *const *values, size_t n)
{
    for (size_t i = 0; i < n; i++)
        TRY(saved_take_i64(reader, values[i]));
    return LAKE_OK;
}

lake_status saved_take_counts(struct saved_reader *reader, int64_t *const *values, size_t n)
{
    TRY(saved_take_i64s(reader, values, n));
    for (size_t i = 0; i < n; i++)
        if (*values[i] < 0)
            return saved_fail(reader, "a count is negative");
    return LAKE_OK;
}

lake_status saved_take_bool(struct saved_reader *reader, bool *out)
{
    const uint8_t *bytes = NULL;
    TRY(saved_take_bytes(reader, 1, &bytes));
    *out = bytes[0] == 1;
    return bytes[0] > 1 ? saved_fail(reader, "neither yes nor no") : LAKE_OK;
}

lake_status saved_take_text(struct saved_reader *reader, const char **out)
{
    const uint8_t *bytes = NULL;
    uint32_t n = 0;
    TRY(saved_take_u32(reader, &n));
    if (n > MOST_TEXT_BYTES)
        return saved_fail(reader, "a text is too long");
    TRY(saved_take_bytes(reader, n, &bytes));
    if (memchr(bytes, 0, n) != NULL)
        return saved_fail(reader, "a text has a zero byte");
    return arena_copy_text(reader->arena, bytes, n, out, reader->err);
}

lake_status saved_take_digest(struct saved_reader *reader, bool *has, uint8_t digest[SHA256_BYTES])
{
    const uint8_t *bytes = NULL;
    TRY(saved_take_bool(reader, has));
    if (!*has)
        return LAKE_OK;
    TRY(saved_take_bytes(reader, SHA256_BYTES, &bytes));
    memcpy(digest, bytes, SHA256_BYTES);
    return LAKE_OK;
}

lake_status saved_take_list(struct saved_reader *reader, size_t least, size_t size, size_t *n, void *items)
{
    uint32_t count = 0;
    TRY(saved_take_u32(reader, &count));
    if (count > (size_t)(reader->end - reader->at) / least)
        return saved_fail(reader, "more is counted than there is");
    TRY(arena_new(reader->arena, count, size, items, reader->err));
    *n = count;
    return LAKE_OK;
}
