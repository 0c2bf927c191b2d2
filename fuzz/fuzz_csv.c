/* Bytes as a CSV file in memory: what it is, its records, its rows. Cut into runs it must give the rows that it gives whole. */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "ingest/csv_digits.h"
#include "ingest/csv_parse.h"
#include "ingest/csv_scan.h"

enum { RUNS = 3 };

static int64_t parse(const struct csv_block *block, const char *text, const char *end, struct csv_rows *rows)
{
    struct lake_error err = {0};
    if (csv_parse(block, text, end, rows, &err) != LAKE_OK)
        return -1;
    if (rows->n_lines != csv_count_lines(text, end) ||
        csv_row_line(block, text, end, rows->batch.n_rows) != block->first_line)
        abort();
    return rows->batch.n_rows;
}

static void parse_both_ways(const struct csv_block *block, struct csv_span body, struct csv_rows *rows)
{
    const char *ends[RUNS], *text = body.data;
    int64_t n_rows = 0, n_whole = 0;
    size_t n_runs = csv_cut(body, block->layout->separator, ends, RUNS);
    for (size_t i = 0; i < n_runs && n_rows >= 0; i++) {
        int64_t n = parse(block, text, ends[i], rows);
        n_rows = n < 0 ? -1 : n_rows + n;
        text = ends[i];
    }
    if (n_runs > 0)
        n_whole = parse(block, body.data, ends[n_runs - 1], rows);
    if (n_rows != n_whole)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    const struct data_type *raw = NULL;
    struct csv_layout layout;
    struct csv_rows rows;
    char *text = calloc(n + 1 + CSV_PADDING_BYTES, 1);
    if (text == NULL || data_type_find("raw", &raw, NULL) != LAKE_OK)
        abort();
    if (n > 0)
        memcpy(text, bytes, n);
    if (n > 0 && text[n - 1] != '\n')
        text[n++] = '\n';
    csv_rows_init(&rows);
    if (csv_layout_detect(&layout, "fuzz.csv", raw, (struct csv_span){text, n}, NULL) == LAKE_OK) {
        struct csv_block block = {&layout, "fuzz.csv", text + layout.body, layout.body_line};
        parse_both_ways(&block, (struct csv_span){text + layout.body, n - layout.body}, &rows);
    }
    csv_rows_release(&rows);
    csv_layout_release(&layout);
    free(text);
    return 0;
}
