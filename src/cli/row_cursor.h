/* The rows of a small table one by one.
 *
 *     struct row_cursor cursor = {.stream = &stream};
 *     TRY_OUT(row_cursor_begin(&cursor, err));
 *     for (bool has_row = true; has_row;) {
 *         TRY_OUT(row_cursor_next(&cursor, &has_row, err));
 *         …
 *     }
 *     out:
 *     row_cursor_release(&cursor);                   // the stream too */
#ifndef CLI_ROW_CURSOR_H
#define CLI_ROW_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <datalake/arrow.h>
#include <datalake/error.h>

struct row_cursor {
    struct ArrowArrayStream *stream; /* taken over */
    struct ArrowSchema schema;
    struct ArrowArray batch;
    int64_t row; /* in the batch's children, its offset counted in */
    int64_t end;
};

LAKE_MUST_CHECK lake_status row_cursor_begin(struct row_cursor *cursor, struct lake_error *err);
LAKE_MUST_CHECK lake_status row_cursor_next(struct row_cursor *cursor, bool *has_row, struct lake_error *err);
/* The cell of the column of that name as text, cut where it is too long; "" where there is no such column. */
void row_cursor_text(const struct row_cursor *cursor, const char *column, char *out, size_t out_bytes);
void row_cursor_release(struct row_cursor *cursor);

#endif
