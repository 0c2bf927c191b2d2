/* The words of a safe point's record (saved_write.h): little-endian numbers, texts with their length before them, lists with their
 * count. Reading checks every length and count against what is there. */
#ifndef LAKE_SAVED_BYTES_H
#define LAKE_SAVED_BYTES_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "io/sha256.h"

/* A count or an index. */
LAKE_MUST_CHECK lake_status saved_put_u32(struct buffer *out, size_t value, struct lake_error *err);
LAKE_MUST_CHECK lake_status saved_put_i64(struct buffer *out, int64_t value, struct lake_error *err);
LAKE_MUST_CHECK lake_status saved_put_i64s(struct buffer *out, const int64_t *const *values, size_t n,
                                           struct lake_error *err);
LAKE_MUST_CHECK lake_status saved_put_text(struct buffer *out, const char *text, struct lake_error *err);
LAKE_MUST_CHECK lake_status saved_put_digest(struct buffer *out, bool has, const uint8_t digest[SHA256_BYTES],
                                             struct lake_error *err);

struct saved_reader {
    const uint8_t *start, *at, *end;
    struct arena *arena; /* of texts and lists */
    struct lake_error *err;
};
/* LAKE_CORRUPT, with the place. */
LAKE_MUST_CHECK lake_status saved_fail(const struct saved_reader *reader, const char *what);
LAKE_MUST_CHECK lake_status saved_take_bytes(struct saved_reader *reader, size_t n, const uint8_t **out);
LAKE_MUST_CHECK lake_status saved_take_u32(struct saved_reader *reader, uint32_t *out);
LAKE_MUST_CHECK lake_status saved_take_i64(struct saved_reader *reader, int64_t *out);
LAKE_MUST_CHECK lake_status saved_take_i64s(struct saved_reader *reader, int64_t *const *values, size_t n);
/* Things that are counted, or last: never below nothing. */
LAKE_MUST_CHECK lake_status saved_take_counts(struct saved_reader *reader, int64_t *const *values, size_t n);
LAKE_MUST_CHECK lake_status saved_take_bool(struct saved_reader *reader, bool *out);
LAKE_MUST_CHECK lake_status saved_take_text(struct saved_reader *reader, const char **out);
LAKE_MUST_CHECK lake_status saved_take_digest(struct saved_reader *reader, bool *has, uint8_t digest[SHA256_BYTES]);
/* A count of things of at least `least` bytes each, and room for them: *items is a pointer to an array of that size. */
LAKE_MUST_CHECK lake_status saved_take_list(struct saved_reader *reader, size_t least, size_t size, size_t *n,
                                            void *items);

#endif
