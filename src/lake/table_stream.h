/* Small tables (lists, problems) as Arrow streams of one batch, and such batches as streams. */
#ifndef LAKE_TABLE_STREAM_H
#define LAKE_TABLE_STREAM_H

#include "column/arrow.h"
#include "column/builder.h"

/* Takes the builder's rows; an empty table is a stream with a schema and no batch. */
LAKE_MUST_CHECK lake_status table_stream(struct batch_builder *builder, struct ArrowArrayStream *out,
                                         struct lake_error *err);

static inline struct cell cell_text(const char *text)
{
    struct cell cell = {.kind = text == NULL ? CELL_NULL : CELL_TEXT, .text = text};
    return cell;
}

static inline struct cell cell_int64(int64_t value)
{
    struct cell cell = {.kind = CELL_INT64, .int64 = value};
    return cell;
}

static inline struct cell cell_null(void)
{
    struct cell cell = {.kind = CELL_NULL};
    return cell;
}

#endif
