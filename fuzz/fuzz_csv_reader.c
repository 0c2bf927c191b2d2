/* Bytes as a CSV file that is read in small blocks: reading that stops anywhere and goes on there gives the same rows, and putting records
 * aside changes nothing where there are none. The first byte says how long the blocks are. */
#include <stdlib.h>

#include "fuzz.h"
#include "fuzz_io.h"
#include "ingest/csv_reader.h"

/* What came of reading: the times and lines of all rows as one number, and the blocks it took. */
struct outcome {
    uint64_t hash;
    int64_t n_blocks, n_rejects;
    bool is_read;
};

static void add_runs(struct row_source *rows, const struct row_runs *runs, struct outcome *out)
{
    for (size_t i = 0; i < runs->n_runs; i++) {
        const int64_t *ts = batch_values(runs->runs[i].batch, 0);
        out->n_rejects += (int64_t)runs->runs[i].n_rejects;
        for (int64_t row = 0; row < runs->runs[i].batch->n_rows; row++)
            out->hash = (out->hash ^ (uint64_t)ts[row] ^ (uint64_t)rows->ops->line(rows, i, row)) * 1099511628211u;
    }
}

/* Adds at most n_blocks from where the options say, which then say where to go on. */
static void read_on(struct csv_reader_options *options, struct fuzz_file file, int64_t n_blocks, struct outcome *out)
{
    struct row_source *rows = NULL;
    struct row_runs runs = {NULL, 1};
    bool is_good = false;
    out->is_read = source_open(fuzz_io(&file), "fuzz", &options->source, NULL) == LAKE_OK &&
                   source_kind(options->source) == SOURCE_TEXT &&
                   source_next_member(options->source, &is_good, NULL) == LAKE_OK && is_good &&
                   csv_reader_open(options, &rows, NULL) == LAKE_OK;
    for (; out->is_read && runs.n_runs > 0 && n_blocks > 0; n_blocks--, out->n_blocks++) {
        out->is_read = rows->ops->next(rows, &runs, NULL) == LAKE_OK;
        add_runs(rows, &runs, out);
        options->start = rows->ops->position(rows);
    }
    if (rows != NULL)
        rows->ops->close(rows);
    source_close(options->source);
    options->source = NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    struct csv_wishes wishes = {.decimal = '.'};
    struct csv_reader_options options = {.wishes = &wishes, .block_bytes = 64 + (n > 0 ? 4 * (size_t)bytes[0] : 0)};
    struct outcome strict = {0, 0, 0, false}, whole = strict, parts = strict;
    struct fuzz_file file = {bytes + (n > 0), n - (n > 0), 0};
    if (pool_new(1, &options.pool, NULL) != LAKE_OK)
        abort();
    read_on(&options, file, INT64_MAX, &strict);
    options.wants_rejects = true;
    options.start = (struct row_position){0, 0};
    read_on(&options, file, INT64_MAX, &whole);
    options.start = (struct row_position){0, 0};
    read_on(&options, file, whole.n_blocks / 2, &parts);
    read_on(&options, file, INT64_MAX, &parts);
    if (whole.is_read && (!parts.is_read || parts.hash != whole.hash || parts.n_rejects != whole.n_rejects))
        abort();
    if (strict.is_read && (!whole.is_read || whole.n_rejects != 0 || whole.hash != strict.hash))
        abort();
    pool_free(options.pool);
    return 0;
}
