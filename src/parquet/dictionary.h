/* Finds out whether the values of a column chunk are few, and numbers them in the order of their first appearance.
 *
 * Values are equal when their bytes are: -0.0 is not 0.0, and every NaN keeps its bits. Building gives up as soon as the
 * dictionary is over its budget, so that a column of many values costs little more than that budget. The scratch is kept
 * from chunk to chunk. */
#ifndef PARQUET_DICTIONARY_H
#define PARQUET_DICTIONARY_H

#include "parquet/values.h"

/* Indices of 15 bits, and a page of entries that stays in a reader's cache. */
enum {
    DICTIONARY_INDEX_BITS = 15,
    DICTIONARY_ENTRIES_MAX = 1 << DICTIONARY_INDEX_BITS,
    DICTIONARY_BYTES_MAX = 1 << 20
};

struct dictionary {
    struct buffer slots;   /* uint32_t: number of the entry + 1, 0 where empty */
    struct buffer hashes;  /* uint64_t an entry, or its bits where they fit */
    struct buffer firsts;  /* int64_t an entry: the value that made it */
    struct buffer indices; /* uint32_t a value */
    uint32_t n_entries;
    size_t entry_bytes; /* of the entries as PLAIN */
};

void dictionary_init(struct dictionary *dictionary);
void dictionary_release(struct dictionary *dictionary);
/* *fits: the entries take at most budget_bytes as PLAIN, and the indices are there. Not for booleans. */
LAKE_MUST_CHECK lake_status dictionary_build(struct dictionary *dictionary, const struct values *values,
                                             size_t budget_bytes, bool *fits, struct lake_error *err);
/* The width of an index: at least 1. */
unsigned dictionary_index_width(const struct dictionary *dictionary);
/* Appends the entries as PLAIN. */
LAKE_MUST_CHECK lake_status dictionary_append_entries(const struct dictionary *dictionary, const struct values *values,
                                                      struct buffer *out, struct lake_error *err);

static inline const uint32_t *dictionary_indices(const struct dictionary *dictionary)
{
    return (const uint32_t *)(const void *)dictionary->indices.data;
}

#endif
