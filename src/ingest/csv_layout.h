/* What a CSV file was found to be: separator, header, which field is which column of the data type.
 *
 * Detected from the first block of the file; nothing else is guessed later. A file is refused here, with what to do about it,
 * where it is another format (by its first bytes), not text, without a header (but for Binance's twelve columns), or lacks a
 * column that the type needs.
 * Immutable once detected, so threads share it.
 *
 *     struct csv_layout layout = {0};
 *     TRY_OUT(csv_layout_detect(&layout, path, type, block, err));
 *     … records begin at block.data + layout.body, on line layout.body_line …
 *     out: csv_layout_release(&layout); */
#ifndef INGEST_CSV_LAYOUT_H
#define INGEST_CSV_LAYOUT_H

#include "base/arena.h"
#include "base/buffer.h"
#include "column/data_type.h"
#include "ingest/csv_text.h"

enum csv_kind { CSV_SKIP, CSV_TIME, CSV_DOUBLE, CSV_INT64 };

struct csv_field {
    const char *name; /* as the file has it, printable */
    enum csv_kind kind;
    bool is_nullable;
    size_t column; /* in the schema, unless skipped */
};

struct csv_layout {
    char separator;
    struct csv_span header; /* the line without its end; data NULL where there is none */
    size_t n_fields;
    struct csv_field *fields;
    struct schema *schema; /* the columns that the file has, in the type's order */
    int close_field;       /* field of the close time, or -1 */
    struct buffer ignored; /* names of the columns that are left out, each followed by a line feed */
    size_t body;           /* bytes before the first record behind the header */
    int64_t body_line;
    struct arena arena;
};

/* `block` is the beginning of the file and holds whole records; where it holds none the file is empty. path is for messages.
 * What the block holds is not referred to afterwards. On failure the layout is to be released all the same. */
LAKE_MUST_CHECK lake_status csv_layout_detect(struct csv_layout *layout, const char *path, const struct data_type *type,
                                              struct csv_span block, struct lake_error *err);
void csv_layout_release(struct csv_layout *layout);

/* Steps over a record that is no row: a blank line, or the header once more. The record must end before `end`. */
bool csv_layout_skips(const struct csv_layout *layout, const char *text, const char *end, const char **next);

/* Length of the bar that the record at text is, by its close time; 0 where it does not say. */
int64_t csv_layout_bar_ms(const struct csv_layout *layout, const char *text);

#endif
