/* Pages: the first byte picks the encoding and the type, the second how many values are asked for at once, the rest
 * are the bytes of the page. What is decoded in pieces must be what is decoded at once. */
#include <stdlib.h>

#include "base/limits.h"
#include "fuzz.h"
#include "parquet/decoder.h"

enum { N = 2000, WIDTH = 16 };
static const struct value_type types[] = {{PARQUET_BOOLEAN, 1},    {PARQUET_INT32, 4},
                                          {PARQUET_INT64, 8},      {PARQUET_DOUBLE, 8},
                                          {PARQUET_BYTE_ARRAY, 0}, {PARQUET_FIXED_LEN_BYTE_ARRAY, 5}};

struct decoded {
    _Alignas(16) uint8_t values[N * WIDTH];
    int32_t ends[N];
    struct buffer bytes;
    size_t n;
};

/* Decodes `piece` values at a time, as many as there are. */
static void decode(struct decoder decoder, size_t piece, struct decoded *out)
{
    struct value_sink sink = {.values = out->values, .ends = out->ends, .bytes = &out->bytes};
    buffer_clear(&out->bytes);
    for (out->n = 0; out->n + piece <= N; out->n += piece) {
        if (decoder_next(&decoder, &sink, piece, NULL) != LAKE_OK)
            return;
    }
}

static void check(struct decoder decoder, size_t piece)
{
    static struct decoded one = {.bytes = BUFFER_INIT(MIB)}, more = {.bytes = BUFFER_INIT(MIB)};
    struct decoder skipping = decoder;
    decode(decoder, 1, &one);
    decode(decoder, piece, &more);
    if (decoder_skip(&skipping, more.n, NULL) != LAKE_OK || more.n > one.n || one.n - more.n >= piece ||
        memcmp(one.values, more.values, more.n * decoder.type.width) != 0 ||
        (decoder.type.width == 0 && memcmp(one.ends, more.ends, more.n * sizeof *one.ends) != 0))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    static const uint8_t entries[256] = {3, 0, 0, 0, 'b', 'u', 'y', 4, 0, 0, 0, 's', 'e', 'l', 'l'};
    struct page_dictionary dictionary;
    struct decoder decoder;
    if (n < 2)
        return 0;
    struct value_type type = types[bytes[0] / 16 % (sizeof types / sizeof *types)];
    page_dictionary_init(&dictionary);
    struct dictionary_page page = {entries, sizeof entries, type.width > 0 ? (int32_t)(256 / type.width) : 40};
    bool has_dictionary = page_dictionary_load(&dictionary, type, page, NULL) == LAKE_OK;
    if (decoder_init(&decoder, bytes[0] % 16, type, has_dictionary ? &dictionary : NULL, NULL) == LAKE_OK &&
        decoder_begin(&decoder, bytes + 2, n - 2, NULL) == LAKE_OK)
        check(decoder, (size_t)bytes[1] + 1);
    page_dictionary_release(&dictionary);
    return 0;
}
