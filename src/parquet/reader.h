/* Reads flat Parquet files, column by column, row range by row range, straight into memory that the caller owns.
 *
 * A reader is opened on one file after another and keeps its scratch: a steady-state scan allocates nothing per page.
 * Opening parses the footer only. Columns whose type or encoding is not supported do not stop a file from being
 * opened; reading such a column is LAKE_UNSUPPORTED with the feature's name. Whatever is damaged is LAKE_CORRUPT,
 * naming the file, the column and what is wrong. Nothing in a file is trusted: limits are in base/limits.h. One
 * thread at a time per reader.
 *
 *     struct parquet_reader *reader = NULL;
 *     TRY(parquet_reader_new(&reader, err));
 *     TRY_OUT(parquet_reader_open(reader, parquet_source_bytes(name, bytes, n), err));
 *     const struct parquet_file *file = parquet_reader_file(reader);
 *     struct parquet_target target = {.values = close};
 *     TRY_OUT(parquet_reader_read(reader, column, 0, file->n_rows, &target, err));
 *     out: parquet_reader_free(reader); */
#ifndef PARQUET_READER_H
#define PARQUET_READER_H

#include "base/buffer.h"
#include "column/schema.h"

/* Where the bytes of a file are: in memory (bytes set: no copies are made) or behind a function. */
struct parquet_source {
    const char *name; /* for messages; lives as long as the file is open */
    const uint8_t *bytes;
    int64_t size_bytes;
    lake_status (*read_at)(void *context, int64_t offset, void *bytes, size_t n, struct lake_error *err);
    void *context;
};

static inline struct parquet_source parquet_source_bytes(const char *name, const uint8_t *bytes, size_t n)
{
    struct parquet_source source = {name, bytes, (int64_t)n, NULL, NULL};
    return source;
}

/* What values mean beyond their type, for who wants to know. */
enum parquet_logic {
    PARQUET_LOGIC_NONE,
    PARQUET_LOGIC_DATE,     /* int32: days since 1970 */
    PARQUET_LOGIC_LOCAL,    /* a timestamp that is not adjusted to UTC, though it is read as if it were */
    PARQUET_LOGIC_UNSIGNED, /* UINT_64: the bits of an int64 */
    PARQUET_LOGIC_DECIMAL,  /* times 10^-scale: int32, int64, or two's complement, most significant byte first */
    PARQUET_LOGIC_NULL      /* nothing but nulls */
};

struct parquet_file_column {
    struct column_field field; /* as read; the name is the whole path, "a.b", of nested columns */
    const char *unsupported;   /* NULL, or why it cannot be read: "nested columns", "INT96 timestamps", … */
    enum parquet_logic logic;
    int32_t scale;      /* of PARQUET_LOGIC_DECIMAL */
    bool is_raw;        /* unsupported for its logic alone: a reader that takes raw values reads it */
    int64_t null_count; /* of the file, -1 where the file does not say */
    bool has_range;     /* min and max below are known and usable (int64 of integers and timestamps) */
    int64_t min, max;
};

struct parquet_file {
    int64_t n_rows;
    int32_t n_row_groups;
    size_t n_columns; /* leaves, in file order */
    const struct parquet_file_column *columns;
    const char *created_by; /* "" where absent */
};

/* Where a read puts its values. */
struct parquet_target {
    void *values;         /* fixed-width types: n_rows values, null rows zero; COLUMN_BOOL: one byte (0, 1) a row */
    int32_t *offsets;     /* types with offsets: n_rows + 1, from 0 */
    struct buffer *bytes; /* types with offsets: the values' bytes; cleared first; its limit is the budget */
    bool past_cache; /* a hint: all that is being read, this column being a part of it, is larger than caches are */
    /* Filled in by the read: */
    int64_t null_count;
    const uint8_t
        *valid; /* one byte a row (1 = present), in the reader's scratch until its next call; NULL: no nulls */
};

struct parquet_reader;

LAKE_MUST_CHECK lake_status parquet_reader_new(struct parquet_reader **out, struct lake_error *err);
void parquet_reader_free(struct parquet_reader *reader);
/* Whether pages that carry a CRC are checked against it (default: true). */
void parquet_reader_check_crc(struct parquet_reader *reader, bool check);
/* Whether columns that are `is_raw` are read as their type says, the logic left to the caller (default: false). */
void parquet_reader_take_raw(struct parquet_reader *reader, bool take);
/* Parses and checks the footer; forgets the file before. */
LAKE_MUST_CHECK lake_status parquet_reader_open(struct parquet_reader *reader, struct parquet_source source,
                                                struct lake_error *err);
/* Borrowed until the next open. */
const struct parquet_file *parquet_reader_file(const struct parquet_reader *reader);
int parquet_reader_find(const struct parquet_reader *reader, const char *name); /* -1: no such column */

/* Rows that can hold values of [min, max] in an integer or timestamp column, judged by row group statistics and,
 * where the file has one, the page index: *first, *n_rows is one range that contains them all (n_rows 0: none). */
LAKE_MUST_CHECK lake_status parquet_reader_find_rows(struct parquet_reader *reader, size_t column, int64_t min,
                                                     int64_t max, int64_t *first, int64_t *n_rows,
                                                     struct lake_error *err);
/* Decodes rows [first, first + n_rows) of the file, across pages and row groups, skipping pages before the range by the
 * offset index where there is one. */
LAKE_MUST_CHECK lake_status parquet_reader_read(struct parquet_reader *reader, size_t column, int64_t first,
                                                int64_t n_rows, struct parquet_target *target, struct lake_error *err);

#endif
