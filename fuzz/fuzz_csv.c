/* Bytes as CSV text: what it is, its records, its rows. Cut into runs it must give what it gives whole, with records put aside or not. */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "ingest/csv_digits.h"
#include "ingest/csv_parse.h"
#include "ingest/csv_scan.h"

enum { RUNS = 3 };

/* What comes of parsing: rows, records put aside, rows of other symbols; -1 where it failed. */
static int64_t parse(const struct csv_block *block, struct csv_run *run, const char *text, const char *end)
{
    int64_t n = 0, line = 0;
    for (run->stopped = text; run->stopped < end;) {
        run->text = run->stopped;
        run->end = end;
        if (csv_parse(block, run, NULL) != LAKE_OK)
            return -1;
        if (run->stopped <= run->text || run->n_lines != csv_count_lines(run->text, run->stopped) ||
            csv_run_find(block, run, run->rows.batch.n_rows, &line).text != NULL || line != 0)
            abort();
        n += run->rows.batch.n_rows + 3 * (int64_t)run->n_rejects + 7 * run->n_others;
    }
    return n;
}

static void parse_both_ways(const struct csv_block *block, struct csv_span body, struct csv_run *run)
{
    const char *ends[RUNS], *text = body.data;
    struct csv_cut cut = {body, block->layout->separator, true};
    int64_t n = 0, n_whole = parse(block, run, body.data, body.data + body.length);
    size_t n_runs = csv_cut(&cut, ends, RUNS);
    for (size_t i = 0; i < n_runs && n >= 0; text = ends[i++]) {
        int64_t n_run = parse(block, run, text, ends[i]);
        n = n_run < 0 ? -1 : n + n_run;
    }
    if (n != n_whole || (n_runs > 0 && ends[n_runs - 1] != body.data + body.length))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    struct csv_wishes wishes = {.columns = {.symbol = "BTCUSDT"}};
    struct csv_layout layout = {.n_fields = 0};
    struct csv_run run;
    char *text = calloc(n + 1 + CSV_PADDING_BYTES, 1);
    memcpy(text, n > 0 ? bytes : (const uint8_t *)text, n);
    text[n] = '\n';
    n += n == 0 || text[n - 1] != '\n';
    struct csv_input input = {.place = "fuzz.csv", .wishes = &wishes, .block = {text, n}, .is_whole = true};
    csv_run_init(&run);
    bool is_csv = csv_layout_detect(&layout, &input, NULL) == LAKE_OK;
    for (int aside = 0; is_csv && aside < 2; aside++) {
        struct csv_block block = {
            .layout = &layout, .place = "fuzz.csv", .text = text + layout.body, .wants_rejects = aside == 1};
        parse_both_ways(&block, (struct csv_span){text + layout.body, n - layout.body}, &run);
    }
    csv_run_release(&run);
    csv_layout_release(&layout);
    free(text);
    return 0;
}
