/* How a CSV text opens: marks of order and lines of text, the header, and where the records of rows begin; and the
 * first of these as samples.
 *
 * A header is a line of names. What stands before it, or between it and the first row, is stepped over; a second line
 * of names fills in names of the first (yfinance: "Price,Close,…", "Ticker,…", "Date,,,"). */
#ifndef INGEST_CSV_OPENING_H
#define INGEST_CSV_OPENING_H

#include <stdint.h>

#include "base/arena.h"
#include "ingest/csv_dialect.h"

struct csv_opening_input {
    const char *place;
    struct csv_span text; /* behind the byte order mark; whole records but for the last */
    bool is_whole;
    char separator; /* the one that is wanted, or 0 */
    int header;     /* 1: there is one, -1: there is none, 0: told */
};

struct csv_opening {
    struct csv_dialect dialect;
    struct csv_span header; /* the line, without its end; data NULL where there is none */
    struct csv_span *names; /* NULL where there is none that says anything */
    size_t n_fields;
    size_t n_skipped;  /* lines of text before the header or the first row */
    size_t n_shortest; /* fields of the shortest sampled record */
    bool has_comments;
    bool is_clock_added; /* the header has one name less than there are fields: date and time of day are two */
    const char *body;    /* the first record behind the header */
    int64_t body_line;
    struct csv_span *samples; /* n_samples rows of n_fields values; empty where a row lacks the field */
    size_t n_samples;
};

LAKE_MUST_CHECK lake_status csv_opening_read(const struct csv_opening_input *input, struct arena *arena,
                                             struct csv_opening *out, struct lake_error *err);

#endif
