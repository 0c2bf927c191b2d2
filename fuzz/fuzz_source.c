/* Bytes as a file that may be packed: its members as text, or its rows where it is Parquet. Read in pieces it must give what it gives at once. */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "fuzz_io.h"
#include "ingest/parquet_rows.h"

enum { MOST_BYTES = 1 << 18, PIECE_BYTES = 1 << 10, MOST_MEMBERS = 8, MOST_BATCHES = 4 };

static void read_rows(struct source *source)
{
    struct pool *pool = NULL;
    struct row_source *rows = NULL;
    struct row_runs runs = {NULL, 1};
    struct csv_wishes wishes = {.type = NULL};
    if (pool_new(1, &pool, NULL) != LAKE_OK)
        abort();
    struct parquet_rows_options options = {.pool = pool, .source = source, .wishes = &wishes, .wants_rejects = true};
    bool is_open = parquet_rows_open(&options, &rows, NULL) == LAKE_OK;
    for (int i = 0; is_open && i < MOST_BATCHES && runs.n_runs > 0; i++)
        is_open = rows->ops->next(rows, &runs, NULL) == LAKE_OK;
    if (rows != NULL)
        rows->ops->close(rows);
    pool_free(pool);
}

/* The text of the first members, to be released; at most MOST_BYTES. */
static char *read_all(const uint8_t *bytes, size_t n, size_t piece, size_t *n_out)
{
    struct fuzz_file file = {bytes, n, 0};
    struct source *source = NULL;
    bool has_member = false;
    char *out = malloc(MOST_BYTES);
    *n_out = 0;
    if (out == NULL || source_open(fuzz_io(&file), "fuzz", &source, NULL) != LAKE_OK)
        return out;
    for (int i = 0; i < MOST_MEMBERS; i++) {
        size_t n_read = piece;
        if (source_next_member(source, &has_member, NULL) != LAKE_OK || !has_member)
            break;
        if (source_kind(source) == SOURCE_PARQUET)
            read_rows(source);
        while (source_kind(source) == SOURCE_TEXT && n_read == piece && MOST_BYTES - *n_out >= piece &&
               source_read(source, out + *n_out, piece, &n_read, NULL) == LAKE_OK &&
               source_hash(source, NULL) == LAKE_OK)
            *n_out += n_read;
    }
    source_close(source);
    return out;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    size_t n_whole, n_pieces;
    char *whole = read_all(bytes, n, MOST_BYTES, &n_whole), *pieces = read_all(bytes, n, PIECE_BYTES, &n_pieces);
    if (n_whole > n_pieces || (n_whole > 0 && memcmp(whole, pieces, n_whole) != 0))
        abort();
    free(whole);
    free(pieces);
    return 0;
}
