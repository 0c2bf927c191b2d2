#include "ops/check_report.h"

#include <math.h>
#include <string.h>

#include "lake/table_stream.h"

struct check_shown {
    struct check_shown *next;
    struct check_found found; /* its texts and values lie in the arena */
};

static const struct column_field fields[] = {
    {"exchange", COLUMN_UTF8, 0, false}, {"market", COLUMN_UTF8, 0, false},    {"symbol", COLUMN_UTF8, 0, false},
    {"type", COLUMN_UTF8, 0, false},     {"period", COLUMN_UTF8, 0, false},    {"rule", COLUMN_UTF8, 0, false},
    {"severity", COLUMN_UTF8, 0, false}, {"ts", COLUMN_TIMESTAMP_MS, 0, true}, {"bars", COLUMN_INT64, 0, false},
    {"detail", COLUMN_UTF8, 0, true},    {"open", COLUMN_DOUBLE, 0, true},     {"high", COLUMN_DOUBLE, 0, true},
    {"low", COLUMN_DOUBLE, 0, true},     {"close", COLUMN_DOUBLE, 0, true},    {"volume", COLUMN_DOUBLE, 0, true},
};

enum { N_FIELDS = sizeof fields / sizeof *fields, N_NAMES = 5, FIRST_VALUE = N_FIELDS - CHECK_BAR_VALUES };

lake_status check_report_init(struct check_report *report, int64_t most_rows, size_t most_bytes, struct lake_error *err)
{
    struct schema *schema = NULL;
    *report = (struct check_report){.most_rows = most_rows, .most_bytes = most_bytes};
    /* What is kept stops at most_bytes; the last finding may lie behind it. */
    arena_init(&report->arena, most_bytes + (size_t)4 * CHECK_DETAIL_BYTES);
    TRY(schema_new(fields, N_FIELDS, &schema, err));
    lake_status status = batch_builder_new(schema, &report->rows, err);
    schema_free(schema);
    return status;
}

void check_report_release(struct check_report *report)
{
    batch_builder_free(report->rows);
    report->rows = NULL;
    arena_release(&report->arena);
}

void check_report_begin(struct check_report *report, const struct manifest_dataset *dataset)
{
    report->dataset = dataset;
    arena_reset(&report->arena);
    memset(report->groups, 0, sizeof report->groups);
}

static bool has_room(const struct check_report *report)
{
    return report->arena.used_bytes + batch_builder_bytes(report->rows) < report->most_bytes;
}

bool check_report_count(struct check_report *report, enum check_rule rule)
{
    struct check_group *group = &report->groups[rule];
    group->n_found++;
    *(check_rule_is_suspect(rule) ? &report->n_suspect : &report->n_wrong) += 1;
    /* What comes later is not shown where something before it was not: the shown ones are the first ones. */
    return group->n_shown == group->n_found - 1 && group->n_shown < report->most_rows && has_room(report);
}

lake_status check_report_show(struct check_report *report, enum check_rule rule, const struct check_found *found,
                              struct lake_error *err)
{
    struct check_group *group = &report->groups[rule];
    struct check_shown *shown = NULL;
    double *bar = NULL;
    TRY(arena_new(&report->arena, 1, sizeof *shown, &shown, err));
    shown->found = *found;
    TRY(arena_copy_text(&report->arena, found->detail, strlen(found->detail), &shown->found.detail, err));
    if (found->bar != NULL) {
        TRY(arena_new(&report->arena, CHECK_BAR_VALUES, sizeof *bar, &bar, err));
        memcpy(bar, found->bar, CHECK_BAR_VALUES * sizeof *bar);
        shown->found.bar = bar;
    }
    *(group->last == NULL ? &group->first : &group->last->next) = shown;
    group->last = shown;
    group->n_shown++;
    return LAKE_OK;
}

/* ---- rows ---- */

struct row {
    const char *rule;
    bool is_suspect;
    bool has_ts;
    struct check_found found;
};

static lake_status append_row(struct check_report *report, const struct row *row, struct lake_error *err)
{
    const struct manifest_dataset *dataset = report->dataset;
    struct cell cells[N_FIELDS] = {
        cell_text(dataset->exchange),
        cell_text(dataset->market),
        cell_text(dataset->symbol),
        cell_text(dataset->type),
        cell_text(dataset->period),
        cell_text(row->rule),
        cell_text(check_severity(row->is_suspect)),
        row->has_ts ? cell_int64(row->found.ts_ms) : cell_null(),
        cell_int64(row->found.n_bars),
        cell_text(row->found.detail),
    };
    for (size_t i = 0; i < CHECK_BAR_VALUES; i++) {
        double value = row->found.bar == NULL ? NAN : row->found.bar[i];
        cells[FIRST_VALUE + i] = (struct cell){.kind = isnan(value) ? CELL_NULL : CELL_DOUBLE, .number = value};
    }
    return batch_builder_append_cells(report->rows, cells, err);
}

lake_status check_report_end(struct check_report *report, struct lake_error *err)
{
    for (int i = 0; i < N_CHECK_RULES; i++) {
        const struct check_group *group = &report->groups[i];
        struct row row = {.rule = check_rule_name((enum check_rule)i),
                          .is_suspect = check_rule_is_suspect((enum check_rule)i),
                          .has_ts = true};
        for (const struct check_shown *shown = group->first; shown != NULL; shown = shown->next) {
            row.found = shown->found;
            TRY(append_row(report, &row, err));
        }
        if (group->n_shown == group->n_found)
            continue;
        row.has_ts = false;
        row.found = (struct check_found){.n_bars = group->n_found - group->n_shown};
        TRY(append_row(report, &row, err));
    }
    return LAKE_OK;
}

lake_status check_report_add_other(struct check_report *report, const struct check_other *other, struct lake_error *err)
{
    const struct row row = {
        .rule = other->rule,
        .is_suspect = true,
        .has_ts = other->ts_ms != 0,
        .found = {.ts_ms = other->ts_ms, .n_bars = other->n_bars, .detail = other->detail},
    };
    return append_row(report, &row, err);
}
