/* Tables of any length as Arrow streams, made page by page as they are pulled (lists, the log).
 *
 * A page is asked for when the one before has been taken, the first one at once, so that errors of the question come with the
 * answer and a table of one page needs nobody any more. Memory is bounded by the page. A table of more pages needs the lake open
 * until its stream is released.
 *
 *     static lake_status fill(void *context, struct batch_builder *page, bool *more, struct lake_error *err) …
 *     struct page_source source = {fields, n_fields, fill, release, context};
 *     return page_stream(&source, out, err); */
#ifndef LAKE_PAGE_STREAM_H
#define LAKE_PAGE_STREAM_H

#include "column/arrow.h"
#include "column/builder.h"

enum { PAGE_ROWS = 4096 };

struct page_source {
    const struct column_field *fields;
    size_t n_fields;
    /* Appends up to about PAGE_ROWS rows, none only at the end; *more (false before) tells whether there may be more. */
    lake_status (*fill)(void *context, struct batch_builder *page, bool *more, struct lake_error *err);
    void (*release)(void *context);
    void *context;
};

/* Takes the context over, also on failure. */
LAKE_MUST_CHECK lake_status page_stream(const struct page_source *source, struct ArrowArrayStream *out,
                                        struct lake_error *err);

#endif
