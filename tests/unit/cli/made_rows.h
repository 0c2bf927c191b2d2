/* Streams of made-up rows: ts (every minute from 2026-01-01), n (the number of the row), price (n / 4), and a note
 * that is null in every third row, from the second on. */
#ifndef TESTS_CLI_MADE_ROWS_H
#define TESTS_CLI_MADE_ROWS_H

#include <stddef.h>
#include <stdint.h>

#include <datalake/arrow.h>
#include <datalake/error.h>

struct rows_plan {
    const int64_t *batches; /* rows of each */
    size_t n_batches;
    lake_status fails; /* after the last batch, unless LAKE_OK */
    int n_released;    /* how often the stream was */
};

/* The plan must outlive the stream. */
void rows_stream(struct rows_plan *plan, struct ArrowArrayStream *out);

#endif
