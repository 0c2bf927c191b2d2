#include "row_cursor.h"

#include <string.h>

#include <datalake/text.h>

#include "report.h"
#include "view.h"

lake_status row_cursor_begin(struct row_cursor *cursor, struct lake_error *err)
{
    int failed = cursor->stream->get_schema(cursor->stream, &cursor->schema);
    return failed == 0 ? LAKE_OK : stream_fail(cursor->stream, failed, err);
}

static lake_status next_batch(struct row_cursor *cursor, struct lake_error *err)
{
    if (cursor->batch.release != NULL)
        cursor->batch.release(&cursor->batch);
    cursor->batch = (struct ArrowArray){0};
    int failed = cursor->stream->get_next(cursor->stream, &cursor->batch);
    if (failed != 0)
        return stream_fail(cursor->stream, failed, err);
    cursor->row = cursor->batch.offset;
    cursor->end = cursor->batch.offset + cursor->batch.length;
    return LAKE_OK;
}

lake_status row_cursor_next(struct row_cursor *cursor, bool *has_row, struct lake_error *err)
{
    *has_row = false;
    cursor->row++;
    while (cursor->batch.release == NULL || cursor->row >= cursor->end) {
        TRY(next_batch(cursor, err));
        if (cursor->batch.release == NULL)
            return LAKE_OK;
    }
    *has_row = true;
    return LAKE_OK;
}

void row_cursor_text(const struct row_cursor *cursor, const char *column, char *out, size_t out_bytes)
{
    *out = '\0';
    for (int64_t i = 0; i < cursor->schema.n_children; i++)
        if (strcmp(cursor->schema.children[i]->name, column) == 0)
            lake_format_value(cursor->schema.children[i], cursor->batch.children[i], cursor->row, out, out_bytes);
}

void row_cursor_release(struct row_cursor *cursor)
{
    if (cursor->batch.release != NULL)
        cursor->batch.release(&cursor->batch);
    if (cursor->schema.release != NULL)
        cursor->schema.release(&cursor->schema);
    if (cursor->stream->release != NULL)
        cursor->stream->release(cursor->stream);
}
