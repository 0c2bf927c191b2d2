#include "parquet/encoding_choice.h"

#include "parquet/encode_delta.h"
#include "parquet/encode_values.h"

/* What a dictionary costs besides its entries and indices: a page header, and an entry in the footer. */
enum { DICTIONARY_PAGE_BYTES = 40 };

struct candidate {
    enum parquet_encoding encoding;
    size_t bytes; /* before compression, about */
    bool may_be_dictionary;
};

static struct candidate choose_for_ints(const struct values *values)
{
    bool is_time = values->type != COLUMN_INT32 && values->type != COLUMN_INT64;
    size_t plain = plain_bytes(values, 0, values->n);
    if (is_time)
        return (struct candidate){PARQUET_DELTA_BINARY_PACKED, plain, false};
    size_t delta = delta_bytes(values->fixed, (size_t)values->n, values->width);
    if (plain < delta)
        return (struct candidate){PARQUET_PLAIN, plain, true};
    return (struct candidate){PARQUET_DELTA_BINARY_PACKED, delta, true};
}

static struct candidate choose_direct(const struct values *values, enum parquet_doubles doubles)
{
    size_t plain = plain_bytes(values, 0, values->n);
    switch (values->physical) {
    case PARQUET_INT32:
    case PARQUET_INT64: return choose_for_ints(values);
    case PARQUET_FLOAT:
    case PARQUET_DOUBLE:
        if (doubles == PARQUET_DOUBLES_PLAIN)
            return (struct candidate){PARQUET_PLAIN, plain, false};
        return (struct candidate){PARQUET_BYTE_STREAM_SPLIT, plain, true};
    case PARQUET_BYTE_ARRAY: return (struct candidate){PARQUET_DELTA_LENGTH_BYTE_ARRAY, plain, true};
    case PARQUET_FIXED_LEN_BYTE_ARRAY: return (struct candidate){PARQUET_PLAIN, plain, true};
    default: return (struct candidate){PARQUET_PLAIN, plain, false};
    }
}

static size_t index_bytes(const struct values *values, unsigned width)
{
    return ((size_t)values->n * width + 7) / 8;
}

/* What the entries may take at most: of values of one width the indices take the more the more entries there are. So building gives up
 * a third earlier than by the budget alone. */
static size_t entries_budget(const struct values *values, size_t budget)
{
    size_t most = 0;
    if (values->width == 0)
        return budget;
    for (unsigned width = 1; width <= DICTIONARY_INDEX_BITS && index_bytes(values, width) < budget; width++) {
        size_t fitting = (budget - index_bytes(values, width)) / values->width;
        size_t numbered = (size_t)1 << width;
        most = fitting < numbered ? (fitting > most ? fitting : most) : numbered;
    }
    return most * values->width;
}

lake_status encoding_choose(const struct values *values, enum parquet_doubles doubles, struct dictionary *dictionary,
                            enum parquet_encoding *out, struct lake_error *err)
{
    struct candidate direct = choose_direct(values, doubles);
    bool fits = false;
    *out = direct.encoding;
    size_t budget = direct.bytes / 2;
    if (!direct.may_be_dictionary || budget <= DICTIONARY_PAGE_BYTES)
        return LAKE_OK;
    budget -= DICTIONARY_PAGE_BYTES;
    TRY(dictionary_build(dictionary, values, entries_budget(values, budget), &fits, err));
    if (!fits)
        return LAKE_OK;
    if (dictionary->entry_bytes + index_bytes(values, dictionary_index_width(dictionary)) <= budget)
        *out = PARQUET_RLE_DICTIONARY;
    return LAKE_OK;
}
