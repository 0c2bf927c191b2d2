/* The bars of one CSV file, of one period: csv_reader with the times held against the period's grid.
 *
 * Where the period is not given it is told by the file: by its close times, else by the steps between the times of its first
 * block. Every row is on the grid of the period, or reading stops with an error that names its line.
 * One thread at a time. */
#ifndef INGEST_CSV_BARS_H
#define INGEST_CSV_BARS_H

#include "ingest/bar_grid.h"
#include "ingest/csv_reader.h"

struct csv_bars {
    struct csv_reader *reader;
    const struct period *period;
    const char *path;
    struct bar_grid grid;
    struct csv_runs first; /* runs of the first block, until they are handed out */
    size_t time_column;
    bool is_period_given;
};

/* Opens the file and reads its first block; period NULL: to be told. options->path must outlive the bars. */
LAKE_MUST_CHECK lake_status csv_bars_open(struct csv_bars *bars, const struct csv_reader_options *options,
                                          const struct period *period, struct lake_error *err);
void csv_bars_close(struct csv_bars *bars);
/* Rows as csv_reader_next gives them. */
LAKE_MUST_CHECK lake_status csv_bars_next(struct csv_bars *bars, struct csv_runs *out, struct lake_error *err);

#endif
