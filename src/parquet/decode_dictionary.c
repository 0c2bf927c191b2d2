/* RLE_DICTIONARY and PLAIN_DICTIONARY: one byte with the width of an index, then runs of indices into the
 * dictionary. */
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

static lake_status index_entries(struct page_dictionary *dictionary, struct dictionary_page page,
                                 struct lake_error *err)
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

lake_status page_dictionary_load(struct page_dictionary *dictionary, struct value_type type,
                                 struct dictionary_page page, struct lake_error *err)
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

static lake_status fail_index(const struct page_dictionary *dictionary, struct lake_error *err)
{
    return lake_fail(err, LAKE_CORRUPT, "an index outside the dictionary of %u values", (unsigned)dictionary->n_values);
}

/* The hot loop of reading prices: unpacks, checks and copies four values at a time. `width` is a constant where it is
 * called, so that the copies become single moves; four scalars, because a vector would have to be taken apart again. */
static inline bool gather_fours(const struct page_dictionary *dictionary, size_t width, const struct rle_piece *piece,
                                uint8_t *out, size_t *n_done)
{
    const struct packed_bits packed = piece->packed; /* local: the bytes written might lie anywhere, as C sees it */
    uint32_t bits = packed.width;
    uint32_t mask = (uint32_t)bits_mask(bits);
    uint32_t last = dictionary->n_values - 1;
    const uint8_t *values = dictionary->bytes;
    size_t n = bits <= BITS_FOUR_WIDTH ? bits_limit_loadable(&packed, piece->first, piece->n) / 4 * 4 : 0;
    uint64_t bit = piece->first * bits;
    for (size_t k = 0; k < n; k += 4, bit += 4 * bits, out += 4 * width) {
        uint64_t word = load_u64(packed.bytes + (bit >> 3)) >> (bit & 7);
        uint32_t a = (uint32_t)word & mask, b = (uint32_t)(word >> bits) & mask;
        uint32_t c = (uint32_t)(word >> 2 * bits) & mask, d = (uint32_t)(word >> 3 * bits) & mask;
        /* The top bit of a difference is set where the index is over the last. */
        if (((last - a) | (last - b) | (last - c) | (last - d)) >> 31 != 0)
            return false;
        memcpy(out, values + a * width, width);
        memcpy(out + width, values + b * width, width);
        memcpy(out + 2 * width, values + c * width, width);
        memcpy(out + 3 * width, values + d * width, width);
    }
    *n_done = n;
    return true;
}

/* False: an index is outside the dictionary. */
static inline bool gather_packed(const struct page_dictionary *dictionary, size_t width, const struct rle_piece *piece,
                                 uint8_t *out)
{
    size_t i = 0;
    if (!gather_fours(dictionary, width, piece, out, &i))
        return false;
    for (; i < piece->n; i++) {
        uint32_t index = 0;
        bits_unpack_u32(&piece->packed, piece->first + i, 1, &index);
        if (index >= dictionary->n_values)
            return false;
        memcpy(out + i * width, dictionary->bytes + index * width, width);
    }
    return true;
}

static inline bool gather_repeated(const struct page_dictionary *dictionary, size_t width,
                                   const struct rle_piece *piece, uint8_t *out)
{
    if (piece->value >= dictionary->n_values)
        return false;
    for (size_t i = 0; i < piece->n; i++)
        memcpy(out + i * width, dictionary->bytes + piece->value * width, width);
    return true;
}

/* Values of a fixed width, run by run. */
static inline lake_status next_fixed(struct decoder *decoder, size_t width, struct value_sink *sink, size_t n,
                                     struct lake_error *err)
{
    const struct page_dictionary *dictionary = decoder->dictionary;
    while (n > 0) {
        struct rle_piece piece;
        TRY(rle_next_piece(&decoder->state.rle, n, &piece, err));
        bool is_inside =
            dictionary->n_values > 0 && (piece.is_packed ? gather_packed(dictionary, width, &piece, sink->values)
                                                         : gather_repeated(dictionary, width, &piece, sink->values));
        if (!is_inside)
            return fail_index(dictionary, err);
        sink->values += piece.n * width;
        n -= piece.n;
    }
    return LAKE_OK;
}

static lake_status next_bytes(struct decoder *decoder, struct value_sink *sink, size_t n, struct lake_error *err)
{
    const struct page_dictionary *dictionary = decoder->dictionary;
    uint32_t indices[PIECE];
    while (n > 0) {
        size_t part = n < PIECE ? n : PIECE;
        TRY(rle_next_u32(&decoder->state.rle, indices, part, err));
        for (size_t i = 0; i < part; i++) {
            if (indices[i] >= dictionary->n_values)
                return fail_index(dictionary, err);
            struct dictionary_entry entry = dictionary->entries[indices[i]];
            TRY(sink_append(sink, dictionary->bytes + entry.at, entry.n, err));
        }
        n -= part;
    }
    return LAKE_OK;
}

static lake_status next_values(struct decoder *decoder, struct value_sink *sink, size_t n, struct lake_error *err)
{
    switch (decoder->type.width) {
    case 0: return next_bytes(decoder, sink, n, err);
    case 4: return next_fixed(decoder, 4, sink, n, err);
    case 8: return next_fixed(decoder, 8, sink, n, err);
    default: return next_fixed(decoder, decoder->type.width, sink, n, err);
    }
}

static lake_status skip_values(struct decoder *decoder, uint64_t n, struct lake_error *err)
{
    return rle_skip(&decoder->state.rle, n, err);
}

const struct decoder_ops decode_dictionary = {init_indices, next_values, skip_values};
