/* Whether bars can be true: the rows of datasets held against the rules (check_rule.h), and what their ingests met. */
#include <datalake/bars.h>

#include <string.h>

#include "base/limits.h"
#include "base/memory.h"
#include "lake/scan.h"
#include "lake/select.h"
#include "lake/table_stream.h"
#include "lake/types.h"
#include "ops/check_ingest.h"
#include "ops/check_report.h"
#include "ops/check_rows.h"
#include "ops/check_sums.h"
#include "ops/check_window.h"

/* A batch is large enough that files are read in parallel and its columns come from blocks that are used again (MEMORY_HUGE_BYTES), where
 * that share of the memory has room for it. Of what is found as much is kept as the same share has room for. */
enum { BATCH_ROWS = 300000, MEMORY_SHARE = 4, DEFAULT_MOST_ROWS = 20, DATASETS_PER_PAGE = 256 };

struct check {
    struct lake *lake;
    const struct lake_check_options *options;
    struct lake_check_result *result;
    struct time_range range;
    int64_t now_ms;
    int64_t batch_rows;
    struct check_report report;
};

/* ---- rows ---- */

/* The names of those columns of the dataset that rules are about. */
static lake_status choose_columns(const struct check *check, const struct manifest_dataset *dataset,
                                  struct arena *arena, struct scan_options *options, struct lake_error *err)
{
    const char **names = NULL;
    struct manifest_column *columns = NULL;
    size_t n_columns = 0;
    struct lake *lake = check->lake;
    mutex_lock(lake->mutex);
    lake_status status = manifest_find_columns(lake->manifest, dataset->id, arena, &columns, &n_columns, err);
    mutex_unlock(lake->mutex);
    TRY(status);
    TRY(arena_new(arena, N_CHECK_COLUMNS, sizeof *names, &names, err));
    for (size_t i = 0; i < n_columns; i++)
        for (int k = 0; k < N_CHECK_COLUMNS; k++)
            if (strcmp(columns[i].name, check_column_name((enum check_column)k)) == 0)
                names[options->n_columns++] = columns[i].name;
    options->columns = names;
    return LAKE_OK;
}

static lake_status report_progress(const struct check *check, struct lake_error *err)
{
    const struct lake_progress *progress = &check->options->progress;
    if (progress->report != NULL && progress->report(progress->context, check->result->n_rows, 0, 0) != 0)
        return lake_fail(err, LAKE_CANCELLED, "the check was stopped");
    return LAKE_OK;
}

static lake_status check_batches(struct check *check, struct scan *scan, struct check_rows *rows,
                                 struct lake_error *err)
{
    for (;;) {
        struct batch batch = {0};
        TRY(scan_next(scan, &batch, err));
        if (batch.release == NULL)
            return check_rows_end(rows, err);
        check->result->n_rows += batch.n_rows;
        lake_status status = check_rows_add(rows, &batch, err);
        batch_release(&batch);
        TRY(status);
        TRY(report_progress(check, err));
    }
}

static lake_status check_stored_rows(struct check *check, const struct manifest_dataset *dataset,
                                     const struct period *period, int64_t *phase_ms, struct lake_error *err)
{
    struct arena arena = ARENA_INIT(LIMIT_ENGINE_BYTES);
    struct scan *scan = NULL;
    struct check_rows *rows = NULL;
    lake_status status = LAKE_OK;
    struct scan_options options = {
        .query = {.selection = {dataset->exchange, dataset->market, dataset->symbol, dataset->type, dataset->period},
                  .start_ms = check->range.start_ms,
                  .end_ms = check->range.end_ms},
        .batch_rows = check->batch_rows,
    };
    struct check_subject subject = {.period = period,
                                    .must_be_closed = strcmp(dataset->type, "raw") == 0,
                                    .now_ms = check->now_ms,
                                    .most_batch_rows = check->batch_rows};
    TRY_OUT(check_is_of_bars(check->lake, dataset, &subject.is_of_bars, err));
    TRY_OUT(choose_columns(check, dataset, &arena, &options, err));
    TRY_OUT(scan_open(check->lake, &options, &scan, err));
    TRY_OUT(check_rows_new(&subject, scan_get_schema(scan), &check->report, &rows, err));
    TRY_OUT(check_batches(check, scan, rows, err));
    *phase_ms = check_rows_phase(rows);
out:
    check_rows_free(rows);
    scan_close(scan);
    arena_release(&arena);
    return status;
}

/* ---- datasets ---- */

static lake_status check_dataset(struct check *check, const struct manifest_totals *totals, struct lake_error *err)
{
    const struct manifest_dataset *dataset = &totals->dataset;
    const struct data_type *type = NULL;
    struct check_wanted wanted = {.lake = check->lake,
                                  .dataset = dataset,
                                  .range = check->range,
                                  .batch_rows = check->batch_rows,
                                  .progress = &check->options->progress};
    const struct period *period = NULL;
    TRY(lake_type_find(check->lake, dataset->type, &type, err));
    if (!type->is_bars || totals->n_rows == 0)
        return LAKE_OK;
    TRY(period_find(dataset->period, &period, err));
    check->result->n_datasets++;
    check_report_begin(&check->report, dataset);
    TRY(check_stored_rows(check, dataset, period, &wanted.phase_ms, err));
    wanted.n_rows = check->result->n_rows;
    TRY(check_sums(&wanted, &check->report, err));
    TRY(check_report_end(&check->report, err));
    return check_ingests(check->lake, dataset, check->range, &check->report, err);
}

static lake_status list_page(struct check *check, const struct manifest_filter *filter,
                             const struct manifest_dataset *after, struct arena *arena, struct manifest_totals **totals,
                             size_t *n, struct lake_error *err)
{
    const struct manifest_page page = {after, DATASETS_PER_PAGE};
    mutex_lock(check->lake->mutex);
    lake_status status = manifest_list_totals(check->lake->manifest, filter, &page, arena, totals, n, err);
    mutex_unlock(check->lake->mutex);
    return status;
}

static lake_status check_datasets(struct check *check, const struct manifest_filter *filter, struct lake_error *err)
{
    struct arena pages[2] = {ARENA_INIT(LIMIT_ENGINE_BYTES), ARENA_INIT(LIMIT_ENGINE_BYTES)}; /* this and the last */
    const struct manifest_dataset *after = NULL;
    struct manifest_totals *totals = NULL;
    bool has_any = false;
    size_t n = DATASETS_PER_PAGE;
    lake_status status = LAKE_OK;
    for (size_t at = 0; n == DATASETS_PER_PAGE; at = 1 - at) {
        arena_reset(&pages[at]);
        TRY_OUT(list_page(check, filter, after, &pages[at], &totals, &n, err));
        has_any = has_any || n > 0;
        for (size_t i = 0; i < n; i++)
            TRY_OUT(check_dataset(check, &totals[i], err));
        after = n == 0 ? NULL : &totals[n - 1].dataset;
    }
    if (!has_any && filter->symbol != NULL)
        status = select_fail_not_found(check->lake, filter, err);
out:
    arena_release(&pages[0]);
    arena_release(&pages[1]);
    return status;
}

/* ---- beginning ---- */

static lake_status check_options(const struct lake_check_options *options, const struct lake_check_result *result,
                                 struct lake_error *err)
{
    if (options == NULL || options->size != sizeof *options)
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "the check options have an unknown size");
    if (result == NULL || result->size != sizeof *result)
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "the check result has an unknown size");
    if (options->most_rows < 0 || options->now_ms < 0)
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "rows to show and the time it is cannot be negative");
    if (options->has_start && options->has_end && options->start_ms > options->end_ms)
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "the range starts after its end");
    return LAKE_OK;
}

static int64_t choose_batch_rows(const struct lake *lake)
{
    size_t fitting = lake->memory_bytes / MEMORY_SHARE / (N_CHECK_COLUMNS * sizeof(double));
    return fitting < 1 ? 1 : fitting < BATCH_ROWS ? (int64_t)fitting : BATCH_ROWS;
}

lake_status lake_check_bars(struct lake *lake, const struct lake_check_options *options,
                            struct lake_check_result *result, struct ArrowArrayStream *findings, struct lake_error *err)
{
    struct check check = {.lake = lake, .options = options, .result = result};
    struct canonical canonical;
    lake_status status = LAKE_OK;
    TRY(check_options(options, result, err));
    *result = (struct lake_check_result){.size = sizeof *result};
    check.range.start_ms = options->has_start ? options->start_ms : INT64_MIN;
    check.range.end_ms = options->has_end ? options->end_ms : INT64_MAX;
    check.now_ms = options->now_ms > 0 ? options->now_ms : lake->io.ops->now_ms(lake->io.context);
    check.batch_rows = choose_batch_rows(lake);
    TRY(select_filter(lake, &options->selection, &canonical, err));
    int64_t most_rows = options->most_rows > 0 ? options->most_rows : DEFAULT_MOST_ROWS;
    TRY_OUT(check_report_init(&check.report, most_rows, lake->memory_bytes / MEMORY_SHARE, err));
    TRY_OUT(check_datasets(&check, &canonical.filter, err));
    result->n_wrong = check.report.n_wrong;
    result->n_suspect = check.report.n_suspect;
    status = table_stream(check.report.rows, findings, err);
out:
    check_report_release(&check.report);
    return status;
}
