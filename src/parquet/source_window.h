/* The bytes of a file: where they lie, for a file in memory; else a window of them, read ahead, and the file's end, where
 * footer and page index are, kept beside it.
 *
 * Pointers into a file in memory stay valid, those into a window until the next view. */
#ifndef PARQUET_SOURCE_WINDOW_H
#define PARQUET_SOURCE_WINDOW_H

#include "parquet/reader.h"
#include "parquet/thrift_reader.h"

struct source_window {
    struct parquet_source source;
    struct buffer bytes; /* the window */
    int64_t offset;      /* of its first byte */
    int64_t ahead_end;   /* reading ahead stops here */
    struct buffer tail;  /* the last bytes of the file */
    int64_t tail_offset;
};

void source_window_init(struct source_window *window);
void source_window_release(struct source_window *window);
void source_window_open(struct source_window *window, struct parquet_source source);
/* Reads the last n bytes of the file, or all of it, to keep them until the next file is opened; nothing to do in memory. */
LAKE_MUST_CHECK lake_status source_window_keep_tail(struct source_window *window, int64_t n, struct lake_error *err);
/* n bytes at an offset; beyond the end of the file is LAKE_CORRUPT. */
LAKE_MUST_CHECK lake_status source_window_view(struct source_window *window, int64_t offset, int64_t n,
                                               struct thrift_bytes *out, struct lake_error *err);

static inline bool source_window_in_memory(const struct source_window *window)
{
    return window->source.bytes != NULL;
}

#endif
