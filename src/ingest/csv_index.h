/* Where the fields of a stretch of CSV text end, told 64 bytes at a time: what the quick way through regular text goes by.
 *
 * Quotation marks may stand around whole fields, with separators between them but no mark and no line end. The stretch ends before
 * anything else that has to do with marks, or where the index is full. So every end that is told is one, and where values stand waits for no value
 * before it.
 *
 * Threads: an index belongs to one thread. The text begins where a record does; CSV_PADDING_BYTES beyond it must be readable. */
#ifndef INGEST_CSV_INDEX_H
#define INGEST_CSV_INDEX_H

#include <stdint.h>

#include "ingest/csv_text.h"

enum { CSV_INDEX_BLOCK = 64, CSV_INDEX_ENDS = 4096, CSV_INDEX_BYTES = 16 << 10 };

struct csv_index {
    uint32_t *ends; /* offsets of separators and line feeds; ends[-1] is the byte before the text */
    size_t n_ends;
    size_t n_lines; /* line feeds among them */
    size_t n_bytes; /* looked at: up to a mark that is not around a field, the end of the text, or what fits */
    bool has_quotes;
    uint32_t storage[1 + CSV_INDEX_ENDS + CSV_INDEX_BLOCK];
};

void csv_index_fill(struct csv_index *index, const char *text, const char *end, char separator);

/* How many records from the text's begin on have n_fields fields, one after another: record i ends at ends[(i + 1) * n_fields - 1]. */
size_t csv_index_records(const struct csv_index *index, const char *text, size_t n_fields);

/* Records of n_fields fields each that follow one another from `text` on, by an index. */
struct csv_window {
    const char *text;
    const uint32_t *ends;
    size_t n_records, n_fields;
    bool has_quotes;
};

/* The field, without marks around it and without the carriage return behind the last one. */
static inline struct csv_span csv_window_field(const struct csv_window *window, size_t record, size_t field)
{
    const uint32_t *end = window->ends + record * window->n_fields + field;
    const char *from = window->text + (uint32_t)(end[-1] + 1), *to = window->text + *end;
    if (field + 1 == window->n_fields && to > from && to[-1] == '\r')
        to--;
    if (window->has_quotes && to > from && *from == '"') {
        from++;
        to--;
    }
    return (struct csv_span){from, (size_t)(to - from)};
}

/* csv_index_fill without the processor's vectors, for the test that holds both against each other. */
void csv_index_fill_portable(struct csv_index *index, const char *text, const char *end, char separator);

#endif
