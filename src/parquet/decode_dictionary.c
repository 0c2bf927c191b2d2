/* RLE_DICTIONARY and PLAIN_DICTIONARY: one byte with the width of an index, then runs of indices into the dictionary. */
#include "base/bytes.h"
#include "base/limits.h"
#include "parquet/decoder.h"

enum { PIECE = 256 }; /* indices on the stack */

void page_dictionary_init(struct page_dictionary *dictionary)
{
    memset(dictionary, 0, sizeof *dictionary);
    buffer_init(&dictionary->entry_memory, 2 * LIMIT_PARQUET_PAGE_BYTES);
}

void page_dictionary_release(struct page_dictionary *dictionary)
{
    buffer_release(&dictionary->entry_memory);
}

static lake_status fail_short(struct lake_error *err, struct dictionary_page page)
{
    return lake_fail(err, LAKE_CORRUPT, "the dictionary page says %d values, which its %zu bytes do not hold",
                     (int)page.n_values, page.n_bytes);
}

static lake_status index_entries(struct page_dictionary *dictionary, struct dictionary_page page, struct lake_error *err)
{
    size_t at = 0;
    for (int32_t i = 0; i < page.n_values; i++) {
        struct dictionary_entry entry = {0, 0};
        if (page.n_bytes - at < 4 || load_u32(page.bytes + at) > page.n_bytes - at - 4)
            return fail_short(err, page);
        entry.n = load_u32(page.bytes + at);
        entry.at = (uint32_t)(at + 4);
        at += 4 + (size_t)entry.n;
        TRY(buffer_append(&dictionary->entry_memory, &entry, sizeof entry, err));
    }
    return LAKE_OK;
}

lake_status page_dictionary_load(struct page_dictionary *dictionary, struct value_type type, struct dictionary_page page,
                            struct lake_error *err)
{
    size_t smallest = type.width > 0 ? type.width : 4; /* a byte array has four bytes of length */
    buffer_clear(&dictionary->entry_memory);
    dictionary->bytes = page.bytes;
    dictionary->n_values = 0;
    if (type.physical == PARQUET_BOOLEAN)
        return lake_fail(err, LAKE_CORRUPT, "a dictionary of booleans");
    if (page.n_values < 0 || (size_t)page.n_values > page.n_bytes / smallest || page.n_bytes > UINT32_MAX)
        return fail_short(err, page);
    if (type.width == 0)
        TRY(index_entries(dictionary, page, err));
    void *entries = dictionary->entry_memory.data;
    dictionary->entries = entries;
    dictionary->n_values = (uint32_t)page.n_values;
    return LAKE_OK;
}

static lake_status init_indices(struct decoder *decoder, const uint8_t *bytes, size_t n, struct lake_error *err)
{
    if (decoder->dictionary == NULL)
        return lake_fail(err, LAKE_CORRUPT, "a dictionary-encoded page without a dictionary");
    if (n == 0)
        return rle_init(&decoder->state.rle, 0, bytes, 0, err);
    return rle_init(&decoder->state.rle, bytes[0], bytes + 1, n - 1, err);
}

static void gather_4(const uint8_t *dictionary, const uint32_t *indices, size_t n, uint8_t *out)
{
    for (size_t i = 0; i < n; i++)
        memcpy(out + 4 * i, dictionary + 4 * (size_t)indices[i], 4);
}

static void gather_8(const uint8_t *dictionary, const uint32_t *indices, size_t n, uint8_t *out)
{
    for (size_t i = 0; i < n; i++)
        memcpy(out + 8 * i, dictionary + 8 * (size_t)indices[i], 8);
}

static lake_status gather(struct decoder *decoder, struct value_sink *sink, const uint32_t *indices, size_t n,
                          struct lake_error *err)
{
    const struct page_dictionary *dictionary = decoder->dictionary;
    size_t width = decoder->type.width;
    if (width == 8) {
        gather_8(dictionary->bytes, indices, n, sink->values);
    } else if (width == 4) {
        gather_4(dictionary->bytes, indices, n, sink->values);
    } else if (width > 0) {
        for (size_t i = 0; i < n; i++)
            memcpy(sink->values + i * width, dictionary->bytes + indices[i] * width, width);
    } else {
        for (size_t i = 0; i < n; i++) {
            struct dictionary_entry entry = dictionary->entries[indices[i]];
            TRY(sink_append(sink, dictionary->bytes + entry.at, entry.n, err));
        }
        return LAKE_OK;
    }
    sink->values += n * width;
    return LAKE_OK;
}

static lake_status next_values(struct decoder *decoder, struct value_sink *sink, size_t n, struct lake_error *err)
{
    uint32_t indices[PIECE];
    while (n > 0) {
        size_t part = n < PIECE ? n : PIECE;
        uint32_t highest = 0;
        TRY(rle_next_u32(&decoder->state.rle, indices, part, err));
        for (size_t i = 0; i < part; i++)
            highest = indices[i] > highest ? indices[i] : highest;
        if (highest >= decoder->dictionary->n_values)
            return lake_fail(err, LAKE_CORRUPT, "index %u into a dictionary of %u values", (unsigned)highest,
                             (unsigned)decoder->dictionary->n_values);
        TRY(gather(decoder, sink, indices, part, err));
        n -= part;
    }
    return LAKE_OK;
}

static lake_status skip_values(struct decoder *decoder, uint64_t n, struct lake_error *err)
{
    return rle_skip(&decoder->state.rle, n, err);
}

const struct decoder_ops decode_dictionary = {init_indices, next_values, skip_values};
