/* The dictionary of a column chunk, as read: the values of its dictionary page, by number.
 *
 * Fixed-width values are used where they lie; byte arrays get an index of where each begins. The index is kept from
 * chunk to chunk. */
#ifndef PARQUET_PAGE_DICTIONARY_H
#define PARQUET_PAGE_DICTIONARY_H

#include "base/buffer.h"
#include "parquet/value_sink.h"

struct dictionary_entry {
    uint32_t at;
    uint32_t n;
};

struct page_dictionary {
    uint32_t n_values;
    const uint8_t *bytes;                   /* the page's, borrowed */
    const struct dictionary_entry *entries; /* byte arrays only */
    struct buffer entry_memory;
};

struct dictionary_page {
    const uint8_t *bytes;
    size_t n_bytes;
    int32_t n_values;
};

void page_dictionary_init(struct page_dictionary *dictionary);
void page_dictionary_release(struct page_dictionary *dictionary);
/* Checks that the page's bytes hold n_values plain values. The bytes are borrowed until the next load. */
LAKE_MUST_CHECK lake_status page_dictionary_load(struct page_dictionary *dictionary, struct value_type type,
                                                 struct dictionary_page page, struct lake_error *err);

#endif
