/* A scan as a stream that can be interrupted, counts its rows, and keeps the scan's own error (a stream can only
 * pass on an errno and a text). The struct outlives the stream; the scan stays the caller's to close. */
#ifndef CLI_SCAN_STREAM_H
#define CLI_SCAN_STREAM_H

#include <datalake/lake.h>

#include "progress.h"

struct scan_stream {
    struct lake_scan *scan;
    struct progress *progress;
    int64_t n_rows, n_rows_total; /* given out; in all */
    struct lake_error error;      /* status is not LAKE_OK where the scan failed */
};

void scan_stream_begin(struct scan_stream *source, struct lake_scan *scan, struct progress *progress,
                       struct ArrowArrayStream *out);

#endif
