#include "delete_plan.h"

#include <inttypes.h>

#include "human.h"
#include "report.h"
#include "row_cursor.h"
#include "session.h"
#include "table.h"

enum { KEY_BYTES = 80, N_KEYS = 5 };

static const char *const key_names[N_KEYS] = {"exchange", "market", "symbol", "type", "period"};

static const struct table_column columns[] = {
    {"dataset", false},
    {"rows", true},
    {"files", true},
    {"bytes", true},
};

struct plan_writer {
    struct delete_plan *plan;
    struct lake *lake;
    struct row_cursor datasets;
    struct table table;
    int64_t n_matching, n_left_out;
};

static void add_total(struct lake_change_result *total, const struct lake_change_result *result)
{
    total->n_datasets += result->n_datasets;
    total->n_days += result->n_days;
    total->rows_removed += result->rows_removed;
    total->files_retired += result->files_retired;
    total->files_written += result->files_written;
    total->bytes_retired += result->bytes_retired;
    total->bytes_written += result->bytes_written;
}

static lake_status add_to_table(struct plan_writer *writer, const struct lake_selection *dataset,
                                const struct lake_change_result *result, struct lake_error *err)
{
    char name[DATASET_NAME_BYTES];
    char text[HUMAN_BYTES];
    int64_t most = writer->plan->most_datasets;
    if (most > 0 && writer->plan->total.n_datasets > most) {
        writer->n_left_out++;
        return LAKE_OK;
    }
    TRY(table_add_cell(&writer->table, dataset_name(dataset, name), err));
    TRY(table_add_cell(&writer->table, human_count(result->rows_removed, text), err));
    TRY(table_add_cell(&writer->table, human_count(result->files_retired, text), err));
    return table_add_cell(&writer->table, human_size(result->bytes_retired, text), err);
}

static void add_to_json(struct json *json, const struct lake_selection *dataset,
                        const struct lake_change_result *result)
{
    json_open(json, NULL, '{');
    json_text(json, "exchange", dataset->exchange);
    json_text(json, "market", dataset->market);
    json_text(json, "symbol", dataset->symbol);
    json_text(json, "type", dataset->type);
    json_text(json, "period", dataset->period);
    json_int64(json, "rows", result->rows_removed);
    json_int64(json, "days", result->n_days);
    json_int64(json, "files", result->files_retired);
    json_int64(json, "bytes", result->bytes_retired);
    json_close(json, '}');
}

static lake_status add_dataset(struct plan_writer *writer, struct lake_error *err)
{
    char keys[N_KEYS][KEY_BYTES];
    struct lake_delete_options options = *writer->plan->options;
    struct lake_change_result result = {.size = sizeof result};
    for (int i = 0; i < N_KEYS; i++)
        row_cursor_text(&writer->datasets, key_names[i], keys[i], KEY_BYTES);
    options.dry_run = true;
    options.selection = (struct lake_selection){keys[0], keys[1], keys[2], keys[3], keys[4]};
    TRY(lake_delete(writer->lake, &options, &result, err));
    if (result.rows_removed == 0)
        return LAKE_OK;
    add_total(&writer->plan->total, &result);
    if (writer->plan->json == NULL)
        return add_to_table(writer, &options.selection, &result, err);
    add_to_json(writer->plan->json, &options.selection, &result);
    return LAKE_OK;
}

/* The error for a selection that matches nothing is the delete's own. */
static lake_status fail_as_delete(const struct plan_writer *writer, struct lake_error *err)
{
    struct lake_delete_options options = *writer->plan->options;
    struct lake_change_result result = {.size = sizeof result};
    options.dry_run = true;
    return lake_delete(writer->lake, &options, &result, err);
}

static lake_status add_all(struct plan_writer *writer, struct lake_error *err)
{
    TRY(row_cursor_begin(&writer->datasets, err));
    for (;;) {
        bool has_row = false;
        TRY(row_cursor_next(&writer->datasets, &has_row, err));
        if (!has_row)
            return writer->n_matching > 0 ? LAKE_OK : fail_as_delete(writer, err);
        writer->n_matching++;
        TRY(add_dataset(writer, err));
    }
}

static void finish_table(struct plan_writer *writer)
{
    char count[HUMAN_BYTES];
    if (writer->plan->total.n_datasets > 0)
        table_finish(&writer->table);
    if (writer->n_left_out > 0)
        output_printf(writer->plan->out, "… and %s more\n", human_counted(writer->n_left_out, "dataset", count));
}

lake_status delete_plan_write(struct delete_plan *plan, struct lake *lake, struct lake_error *err)
{
    struct lake_list_options list = {.size = sizeof list, .selection = plan->options->selection};
    struct table_layout layout = {.out = plan->out, .columns = columns, .n_columns = sizeof columns / sizeof *columns};
    struct ArrowArrayStream stream = {0};
    struct plan_writer writer = {.plan = plan, .lake = lake, .datasets = {.stream = &stream}};
    lake_status status = LAKE_OK;

    TRY_OUT(table_init(&writer.table, layout, err));
    TRY_OUT(lake_list_datasets(lake, &list, &stream, err));
    if (plan->json != NULL)
        json_open(plan->json, "datasets", '[');
    TRY_OUT(add_all(&writer, err));
    if (plan->json != NULL)
        json_close(plan->json, ']');
    else
        finish_table(&writer);
out:
    row_cursor_release(&writer.datasets);
    table_release(&writer.table);
    return status;
}
