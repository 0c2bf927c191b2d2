#include "gap_sums.h"

#include <string.h>

#include <datalake/bars.h>

#include "human.h"
#include "options.h"
#include "report.h"
#include "row_cursor.h"
#include "session.h"
#include "table.h"

enum { N_NAMES = 5, TEXT_BYTES = 80 };

static const char *const names[N_NAMES] = {"exchange", "market", "symbol", "type", "period"};

/* Of one dataset and reason. */
struct sum {
    char reason[TEXT_BYTES];
    int64_t n_gaps, n_bars;
};

struct sums {
    char dataset[N_NAMES][TEXT_BYTES];
    struct sum sums[LAKE_GAP_REASONS];
    size_t n;
    /* Where they go, one of both. */
    struct table *table;
    struct json *json;
};

/* ---- a dataset's sums ---- */

static lake_status add_cells(const struct sums *sums, const struct sum *sum, struct lake_error *err)
{
    const struct lake_selection dataset = {sums->dataset[0], sums->dataset[1], sums->dataset[2], sums->dataset[3],
                                           sums->dataset[4]};
    char count[HUMAN_BYTES], name[DATASET_NAME_BYTES];
    TRY(table_add_cell(sums->table, dataset_name(&dataset, name), err));
    TRY(table_add_cell(sums->table, sum->reason, err));
    TRY(table_add_cell(sums->table, human_count(sum->n_gaps, count), err));
    return table_add_cell(sums->table, human_count(sum->n_bars, count), err);
}

static void add_object(const struct sums *sums, const struct sum *sum)
{
    json_open(sums->json, NULL, '{');
    for (size_t i = 0; i < N_NAMES; i++)
        json_text(sums->json, names[i], sums->dataset[i]);
    json_text(sums->json, "reason", sum->reason);
    json_int64(sums->json, "gaps", sum->n_gaps);
    json_int64(sums->json, "bars", sum->n_bars);
    json_close(sums->json, '}');
}

static lake_status flush(struct sums *sums, struct lake_error *err)
{
    for (size_t i = 0; i < sums->n; i++)
        if (sums->json != NULL)
            add_object(sums, &sums->sums[i]);
        else
            TRY(add_cells(sums, &sums->sums[i], err));
    sums->n = 0;
    return LAKE_OK;
}

/* ---- rows ---- */

static lake_status enter_dataset(struct sums *sums, const struct row_cursor *cursor, struct lake_error *err)
{
    char next[N_NAMES][TEXT_BYTES];
    bool is_same = true;
    for (size_t i = 0; i < N_NAMES; i++) {
        row_cursor_text(cursor, names[i], next[i], sizeof next[i]);
        is_same = is_same && strcmp(next[i], sums->dataset[i]) == 0;
    }
    if (is_same)
        return LAKE_OK;
    TRY(flush(sums, err));
    memcpy(sums->dataset, next, sizeof next);
    return LAKE_OK;
}

static void add_gap(struct sums *sums, const struct row_cursor *cursor)
{
    char reason[TEXT_BYTES], bars[TEXT_BYTES];
    int64_t n_bars = 0;
    size_t i = 0;
    row_cursor_text(cursor, "reason", reason, sizeof reason);
    row_cursor_text(cursor, "bars", bars, sizeof bars);
    while (i < sums->n && strcmp(sums->sums[i].reason, reason) != 0)
        i++;
    if (i == LAKE_GAP_REASONS)
        return; /* there are no more reasons than these */
    if (i == sums->n) {
        sums->sums[sums->n++] = (struct sum){.n_gaps = 0};
        memcpy(sums->sums[i].reason, reason, sizeof reason);
    }
    sums->sums[i].n_gaps++;
    sums->sums[i].n_bars += parse_digits(bars, &n_bars) ? n_bars : 0;
}

static lake_status sum_up(struct sums *sums, struct ArrowArrayStream *stream, struct lake_error *err)
{
    struct row_cursor cursor = {.stream = stream};
    lake_status status = LAKE_OK;
    TRY_OUT(row_cursor_begin(&cursor, err));
    for (bool has_row = true; has_row;) {
        TRY_OUT(row_cursor_next(&cursor, &has_row, err));
        if (!has_row)
            break;
        TRY_OUT(enter_dataset(sums, &cursor, err));
        add_gap(sums, &cursor);
    }
    status = flush(sums, err);
out:
    row_cursor_release(&cursor);
    return status;
}

lake_status gap_sums_write(struct output *out, const struct terminal *terminal, struct ArrowArrayStream *stream,
                           struct lake_error *err)
{
    static const struct table_column columns[] = {
        {"dataset", false}, {"reason", false}, {"gaps", true}, {"bars", true}};
    const struct table_layout layout = {.out = out,
                                        .columns = columns,
                                        .n_columns = sizeof columns / sizeof *columns,
                                        .has_colour = terminal->has_colour,
                                        .width = terminal->width};
    struct table table;
    struct sums sums = {.table = &table};
    lake_status status = table_init(&table, layout, err);
    if (status != LAKE_OK) {
        stream->release(stream);
        return status;
    }
    status = sum_up(&sums, stream, err);
    if (status == LAKE_OK)
        table_finish(&table);
    table_release(&table);
    return status;
}

lake_status gap_sums_json(struct json *json, const char *name, struct ArrowArrayStream *stream, struct lake_error *err)
{
    struct sums sums = {.json = json};
    json_open(json, name, '[');
    TRY(sum_up(&sums, stream, err));
    json_close(json, ']');
    return LAKE_OK;
}
