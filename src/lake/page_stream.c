#include "lake/page_stream.h"

#include "base/memory.h"

struct pages {
    struct page_source source;
    struct schema *schema;
    struct batch_builder *builder;
    struct batch ahead; /* the page that comes next; empty at the end */
    bool has_more;      /* after it */
};

static lake_status make_page(struct pages *pages, struct lake_error *err)
{
    pages->has_more = false;
    TRY(pages->source.fill(pages->source.context, pages->builder, &pages->has_more, err));
    return batch_builder_rows(pages->builder) == 0 ? LAKE_OK : batch_builder_take(pages->builder, &pages->ahead, err);
}

static lake_status next(void *context, struct batch *out, struct lake_error *err)
{
    struct pages *pages = context;
    *out = (struct batch){0};
    if (pages->ahead.release == NULL && pages->has_more)
        TRY(make_page(pages, err));
    if (pages->ahead.release != NULL)
        batch_move(out, &pages->ahead);
    return LAKE_OK;
}

static void release(void *context)
{
    struct pages *pages = context;
    pages->source.release(pages->source.context);
    batch_release(&pages->ahead);
    batch_builder_free(pages->builder);
    schema_free(pages->schema);
    memory_free(pages);
}

lake_status page_stream(const struct page_source *source, struct ArrowArrayStream *out, struct lake_error *err)
{
    struct pages *pages = NULL;
    lake_status status = memory_new(1, sizeof *pages, &pages, err);
    if (status != LAKE_OK) {
        source->release(source->context);
        return status;
    }
    pages->source = *source;
    TRY_OUT(schema_new(source->fields, source->n_fields, &pages->schema, err));
    TRY_OUT(batch_builder_new(pages->schema, &pages->builder, err));
    TRY_OUT(make_page(pages, err));
    return arrow_export_stream((struct batch_source){pages->schema, next, release, pages}, out, err);
out:
    release(pages);
    return status;
}
