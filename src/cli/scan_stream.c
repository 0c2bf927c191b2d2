#include "scan_stream.h"

#include <errno.h>
#include <stddef.h>

#include "report.h"

static int get_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out)
{
    struct scan_stream *source = stream->private_data;
    return lake_scan_schema(source->scan, out, &source->error) == LAKE_OK ? 0 : EIO;
}

static int get_next(struct ArrowArrayStream *stream, struct ArrowArray *out)
{
    struct scan_stream *source = stream->private_data;
    out->release = NULL;
    if (progress_report(source->progress, source->n_rows, source->n_rows, source->n_rows_total) != 0) {
        cli_fail(&source->error, LAKE_CANCELLED, "interrupted after %jd rows", (intmax_t)source->n_rows);
        return ECANCELED;
    }
    if (lake_scan_next(source->scan, out, &source->error) != LAKE_OK)
        return EIO;
    if (out->release != NULL)
        source->n_rows += out->length;
    return 0;
}

static const char *get_last_error(struct ArrowArrayStream *stream)
{
    const struct scan_stream *source = stream->private_data;
    return source->error.message;
}

static void release(struct ArrowArrayStream *stream)
{
    stream->release = NULL;
}

void scan_stream_begin(struct scan_stream *source, struct lake_scan *scan, struct progress *progress,
                       struct ArrowArrayStream *out)
{
    *source = (struct scan_stream){
        .scan = scan,
        .progress = progress,
        .n_rows_total = lake_scan_rows(scan),
    };
    progress->bytes_are_rows = true;
    *out = (struct ArrowArrayStream){get_schema, get_next, get_last_error, release, source};
}
