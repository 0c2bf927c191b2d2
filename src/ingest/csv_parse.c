#include "ingest/csv_parse.h"

#include <inttypes.h>
#include <string.h>

#include "base/limits.h"
#include "base/memory.h"
#include "ingest/csv_columns.h"
#include "ingest/csv_scan.h"

/* How far the index looks: little where records were irregular a moment ago, for most of what it finds is then for nothing. */
enum { LEAST_REACH = 256, REACH_GROWTH = 4 };

enum { FIRST_ITEMS = 16, REASONS_BYTES = LIMIT_CSV_REJECTS * (CSV_REASON_BYTES + 32) };

struct parser {
    const struct csv_block *block;
    struct csv_run *run;
    struct csv_target target;
    struct csv_outcome outcome;
    struct csv_index index;
    size_t reach;
};

void csv_run_init(struct csv_run *run)
{
    *run = (struct csv_run){.text = NULL};
    csv_rows_init(&run->rows);
    arena_init(&run->reasons, REASONS_BYTES);
}

void csv_run_release(struct csv_run *run)
{
    csv_rows_release(&run->rows);
    memory_free(run->rejects);
    memory_free(run->passed);
    arena_release(&run->reasons);
    csv_run_init(run);
}

struct csv_span csv_record_text(struct csv_record record)
{
    const char *end = record.end - 1;
    if (end > record.text && end[-1] == '\r')
        end--;
    return (struct csv_span){record.text, (size_t)(end - record.text)};
}

/* Room for one more of n items. */
static lake_status reserve_item(size_t n, size_t *capacity, size_t item_bytes, void *items, struct lake_error *err)
{
    if (n < *capacity)
        return LAKE_OK;
    size_t wanted = *capacity == 0 ? FIRST_ITEMS : *capacity * 2;
    TRY(memory_resize(items, wanted, item_bytes, err));
    *capacity = wanted;
    return LAKE_OK;
}

static lake_status pass_over(struct csv_run *run, const char *record, struct lake_error *err)
{
    TRY(reserve_item(run->n_passed, &run->max_passed, sizeof *run->passed, &run->passed, err));
    run->passed[run->n_passed++] = (uint32_t)(record - run->text);
    return LAKE_OK;
}

static lake_status add_reject(struct parser *p, const struct csv_record *record, struct lake_error *err)
{
    struct csv_run *run = p->run;
    struct csv_span text = csv_record_text(*record);
    size_t length = text.length < LIMIT_CSV_LINE_BYTES ? text.length : LIMIT_CSV_LINE_BYTES;
    struct row_reject reject = {run->n_lines, text.data, length, NULL, p->outcome.rule};
    TRY(reserve_item(run->n_rejects, &run->max_rejects, sizeof *run->rejects, &run->rejects, err));
    TRY(arena_copy_text(&run->reasons, p->outcome.reason, strlen(p->outcome.reason), &reject.reason, err));
    run->rejects[run->n_rejects++] = reject;
    return pass_over(run, record->text, err);
}

static lake_status refuse_record(struct parser *p, const struct csv_record *record, struct lake_error *err)
{
    if (p->outcome.verdict == CSV_RECORD_MISFIT) {
        p->run->misfit = p->outcome.field;
        p->run->wider = p->outcome.wider;
    } else if (p->block->wants_rejects) {
        return add_reject(p, record, err);
    }
    return lake_fail(err, LAKE_INVALID_DATA, "%s:%" PRId64 ": %s", p->block->place,
                     p->block->first_line + csv_count_lines(p->block->text, record->text), p->outcome.reason);
}

static lake_status parse_record(struct parser *p, const struct csv_record *record, struct lake_error *err)
{
    struct csv_rows *rows = &p->run->rows;
    TRY(csv_rows_reserve(rows, 1, err));
    TRY(csv_record_take(&p->target, record, &p->outcome, err));
    if (p->outcome.verdict == CSV_RECORD_TAKEN) {
        rows->batch.n_rows++;
        return LAKE_OK;
    }
    csv_rows_rewind(rows, 1);
    if (p->outcome.verdict != CSV_RECORD_OTHER)
        return refuse_record(p, record, err);
    p->run->n_others++;
    return pass_over(p->run, record->text, err);
}

static bool has_many_rejects(const struct csv_run *run)
{
    return run->n_rejects >= LIMIT_CSV_REJECTS;
}

/* Parses records one by one, from *text until they reach `until`. */
static lake_status parse_singly(struct parser *p, const char **text, const char *until, struct lake_error *err)
{
    const struct csv_layout *layout = p->block->layout;
    const char *end = p->run->end;
    while (*text < until && !has_many_rejects(p->run)) {
        const char *next = NULL;
        if (!csv_layout_skips(layout, *text, end, &next)) {
            next = csv_last_record_end(*text, end, layout->separator);
            struct csv_record record = {*text, next, next == p->block->cut_off};
            TRY(parse_record(p, &record, err));
        }
        p->run->n_lines += csv_count_lines(*text, next);
        *text = next;
    }
    return LAKE_OK;
}

/* Parses the regular records at *text, of which there are n. Where one of them is refused all of them go the other way. */
static lake_status parse_regular(struct parser *p, const char **text, size_t n, struct lake_error *err)
{
    size_t n_fields = p->block->layout->n_fields;
    struct csv_rows *rows = &p->run->rows;
    struct csv_window window = {*text, p->index.ends, n, n_fields, p->index.has_quotes};
    const char *end = *text + p->index.ends[n * n_fields - 1] + 1;
    bool is_refused = false;
    TRY(csv_rows_reserve(rows, (int64_t)n, err));
    TRY(csv_columns_fill(&p->target, &window, &is_refused, err));
    if (is_refused) {
        csv_rows_rewind(rows, (int64_t)n);
        p->reach = LEAST_REACH;
        return parse_singly(p, text, end, err);
    }
    rows->batch.n_rows += (int64_t)n;
    p->run->n_lines += (int64_t)n;
    *text = end;
    return LAKE_OK;
}

static void adapt_reach(struct parser *p, bool was_irregular)
{
    p->reach = was_irregular ? LEAST_REACH : p->reach * REACH_GROWTH;
    if (p->reach > CSV_INDEX_BYTES)
        p->reach = CSV_INDEX_BYTES;
}

/* Parses some records at *text. */
static lake_status parse_stretch(struct parser *p, const char **text, struct lake_error *err)
{
    const struct csv_layout *layout = p->block->layout;
    size_t left = (size_t)(p->run->end - *text), reach = left < p->reach ? left : p->reach;
    if (layout->is_record_quoted)
        return parse_singly(p, text, p->run->end, err);
    csv_index_fill(&p->index, *text, *text + reach, layout->separator);
    size_t n = csv_index_records(&p->index, *text, layout->n_fields);
    adapt_reach(p, n == 0 && (p->index.n_lines > 0 || p->index.n_bytes < reach));
    return n > 0 ? parse_regular(p, text, n, err) : parse_singly(p, text, *text + 1, err);
}

static lake_status start_run(struct csv_run *run, const struct csv_layout *layout, struct lake_error *err)
{
    run->n_rejects = run->n_passed = 0;
    run->n_others = run->n_lines = 0;
    run->misfit = NULL;
    run->place = (struct csv_place){.text = run->text};
    arena_reset(&run->reasons);
    return csv_rows_start(&run->rows, layout->schema, err);
}

lake_status csv_parse(const struct csv_block *block, struct csv_run *run, struct lake_error *err)
{
    struct parser p;
    const char *text = run->text;
    lake_status status = LAKE_OK;
    p.block = block;
    p.run = run;
    p.reach = CSV_INDEX_BYTES;
    csv_target_init(&p.target, block->layout, &run->rows, block->has_zone);
    TRY_OUT(start_run(run, block->layout, err));
    while (text < run->end && !has_many_rejects(run))
        TRY_OUT(parse_stretch(&p, &text, err));
out:
    run->stopped = text;
    csv_target_release(&p.target);
    return status;
}

struct csv_record csv_run_find(const struct csv_block *block, struct csv_run *run, int64_t row, int64_t *line)
{
    struct csv_place *place = &run->place;
    if (row < place->row)
        *place = (struct csv_place){.text = run->text};
    while (place->text < run->stopped) {
        const char *text = place->text, *next = NULL;
        if (!csv_layout_skips(block->layout, text, run->stopped, &next)) {
            next = csv_last_record_end(text, run->end, block->layout->separator);
            bool is_passed =
                place->n_passed < run->n_passed && run->passed[place->n_passed] == (uint32_t)(text - run->text);
            if (!is_passed && place->row == row) {
                *line = place->line;
                return (struct csv_record){text, next, false};
            }
            place->n_passed += is_passed;
            place->row += !is_passed;
        }
        place->line += csv_count_lines(text, next);
        place->text = next;
    }
    *line = 0;
    return (struct csv_record){NULL, NULL, false};
}
