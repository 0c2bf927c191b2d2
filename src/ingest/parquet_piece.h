/* A piece of the rows of a Parquet file: the columns that are wanted, decoded at the same time, and their values as text.
 *
 * Memory is that of one piece, which is made smaller where its texts would take too much. One thread at a time; the pool's threads work for it
 * during parquet_piece_read only. Values may be looked at by any number of threads.
 *
 *     TRY(parquet_piece_open(&piece, source, pool, err));
 *     parquet_piece_want(&piece, column);
 *     TRY_OUT(parquet_piece_read(&piece, first, most, err)); // rows [piece.first, piece.first + piece.n_rows)
 *     … parquet_piece_text(&piece, column, row, …)
 *     out: parquet_piece_release(&piece); */
#ifndef INGEST_PARQUET_PIECE_H
#define INGEST_PARQUET_PIECE_H

#include "base/thread.h"
#include "ingest/csv_text.h"
#include "ingest/source.h"
#include "parquet/reader.h"

enum { PIECE_MOST_ROWS = 128 << 10 };

struct piece_column {
    const struct parquet_file_column *described;
    bool is_wanted;
    void *values;     /* of the described type; booleans a byte each */
    int32_t *offsets; /* of texts and bytes */
    struct buffer bytes;
    uint8_t *valid; /* a byte each */
    bool has_nulls;
};

struct parquet_piece {
    struct source *source;
    struct pool *pool;
    struct parquet_reader **readers; /* one for each of the pool's threads, opened when it is first used */
    bool *is_reader_open;
    size_t n_readers;
    struct piece_column *columns; /* all of the file's */
    size_t n_columns;
    size_t *wanted;
    size_t n_wanted;
    size_t row_bytes;   /* of the wanted columns, texts as one */
    int64_t n_all_rows; /* of the file */
    int64_t capacity;   /* rows that there is room for */
    int64_t first, n_rows;
};

/* *piece is zeroed. */
LAKE_MUST_CHECK lake_status parquet_piece_open(struct parquet_piece *piece, struct source *source, struct pool *pool,
                                               struct lake_error *err);
void parquet_piece_release(struct parquet_piece *piece);

/* Why the column cannot be read at all, or NULL. */
const char *parquet_piece_refusal(const struct parquet_piece *piece, size_t column);
/* Before the first read, or after parquet_piece_want_none. */
void parquet_piece_want(struct parquet_piece *piece, size_t column);
void parquet_piece_want_none(struct parquet_piece *piece);

/* Decodes rows from `first` on, at most `most` of them. */
LAKE_MUST_CHECK lake_status parquet_piece_read(struct parquet_piece *piece, int64_t first, int64_t most,
                                               struct lake_error *err);

static inline bool piece_is_null(const struct piece_column *column, int64_t row)
{
    return column->has_nulls && column->valid[row] == 0;
}

static inline bool piece_is_date(const struct parquet_file_column *described)
{
    return described->field.type == COLUMN_INT32 && described->logic == PARQUET_LOGIC_DATE;
}

enum { PIECE_TEXT_BYTES = 128, PIECE_DECIMAL_BYTES = 32 };
/* The value as a CSV file would have it, unquoted; nothing for null. Views the piece or `scratch`. */
struct csv_span parquet_piece_text(const struct parquet_piece *piece, size_t index, int64_t row,
                                   char scratch[PIECE_TEXT_BYTES]);

#endif
