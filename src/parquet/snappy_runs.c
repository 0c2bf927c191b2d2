#include "parquet/snappy_runs.h"

#include <string.h>

#include "base/bytes.h"
#include "parquet/varint.h"

enum {
    TAG_LITERAL = 0,
    TAG_COPY = 2,           /* a copy whose offset takes two bytes */
    LITERAL_SHORT_MAX = 60, /* the longest whose length stands in the tag */
    LITERAL_LENGTH_CODE = 59,
    LITERAL_HEAD_MAX = 5,
    COPY_MAX = 64,
    WINDOW = 9 /* equal bytes that make a place worth a look */
};

static uint8_t *put_literal(uint8_t *at, const uint8_t *bytes, size_t n)
{
    if (n == 0)
        return at;
    if (n <= LITERAL_SHORT_MAX) {
        *at++ = (uint8_t)((n - 1) << 2 | TAG_LITERAL);
    } else {
        uint8_t *tag = at++;
        unsigned n_length_bytes = 0;
        for (size_t rest = n - 1; rest > 0; rest >>= 8, n_length_bytes++)
            *at++ = (uint8_t)rest;
        *tag = (uint8_t)((LITERAL_LENGTH_CODE + n_length_bytes) << 2 | TAG_LITERAL);
    }
    memcpy(at, bytes, n);
    return at + n;
}

static uint8_t *put_copy(uint8_t *at, size_t offset, size_t n)
{
    at[0] = (uint8_t)((n - 1) << 2 | TAG_COPY);
    at[1] = (uint8_t)offset;
    at[2] = 0;
    return at + 3;
}

/* n more bytes equal to the one just put. */
static uint8_t *put_run(uint8_t *at, size_t n)
{
    size_t near = n < COPY_MAX - 1 ? n : COPY_MAX - 1;
    at = put_copy(at, 1, near);
    for (n -= near; n > COPY_MAX; n -= COPY_MAX)
        at = put_copy(at, COPY_MAX, COPY_MAX);
    return n > 0 ? put_copy(at, COPY_MAX, n) : at;
}

struct run {
    size_t begin;
    size_t end; /* n of the input: there is none */
};

/* The first run from `from` on. Any run of SNAPPY_RUN_MIN bytes holds a window at a multiple of eight from `from`. */
static struct run find_run(const uint8_t *in, size_t from, size_t n)
{
    struct run run = {from, from};
    size_t at = from;
    while (n - at >= WINDOW) {
        if (load_u64(in + at) != load_u64(in + at + 1)) {
            at += WINDOW - 1;
            continue;
        }
        for (run.begin = at; run.begin > from && in[run.begin - 1] == in[at];)
            run.begin--;
        for (run.end = at + WINDOW; run.end < n && in[run.end] == in[at];)
            run.end++;
        if (run.end - run.begin >= SNAPPY_RUN_MIN)
            return run;
        at = run.end;
    }
    return (struct run){n, n};
}

lake_status snappy_runs_compress(const uint8_t *in, size_t n, struct buffer *out, struct lake_error *err)
{
    /* A run and the head of the literal after it take fewer bytes than the run has. */
    TRY(buffer_reserve(out, VARINT_BYTES_MAX + LITERAL_HEAD_MAX + n, err));
    uint8_t *at = out->data + out->length;
    at += varint_put(at, n);
    for (size_t from = 0; from < n;) {
        struct run run = find_run(in, from, n);
        size_t literal_end = run.begin < n ? run.begin + 1 : n;
        at = put_literal(at, in + from, literal_end - from);
        if (run.begin < n)
            at = put_run(at, run.end - literal_end);
        from = run.end;
    }
    out->length = (size_t)(at - out->data);
    return LAKE_OK;
}
