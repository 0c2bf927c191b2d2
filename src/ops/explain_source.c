#include "ops/explain_source.h"

#include <inttypes.h>
#include <string.h>

#include "lake/bar_slots.h"

/* Sources that are told of one stretch of rows; beyond them their number. */
enum { MOST_SOURCES = 20 };

/* ---- lines ---- */

static int64_t greater(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static int64_t lesser(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* Line by line, slot by slot, in one direction. */
static bool is_even(const struct manifest_origin *origin, const struct period *period)
{
    const struct bar_slots grid = {period, origin->key_from_ms};
    if (origin->line_from == 0 || origin->is_mixed || origin->line_to - origin->line_from + 1 != origin->n_rows)
        return false;
    if (origin->n_rows == 1)
        return true;
    return period != NULL && bar_slots_has(period) && bar_slots_find(&grid, origin->key_to_ms) == origin->n_rows - 1;
}

struct explain_lines explain_find_lines(const struct manifest_origin *origin, const struct period *period,
                                        int64_t first_ms, int64_t last_ms)
{
    const struct bar_slots grid = {period, origin->key_from_ms};
    struct explain_lines lines = {origin->line_from, origin->line_to, false};
    if (!is_even(origin, period))
        return lines;
    lines.is_exact = true;
    if (origin->n_rows == 1)
        return lines;
    int64_t first = bar_slots_find(&grid, greater(first_ms, origin->key_from_ms));
    int64_t last = bar_slots_find(&grid, lesser(last_ms, origin->key_to_ms));
    lines.from = origin->is_descending ? origin->line_to - last : origin->line_from + first;
    lines.to = origin->is_descending ? origin->line_to - first : origin->line_from + last;
    return lines;
}

/* ---- operations ---- */

lake_status explain_tell_operation(struct explain *explain, const struct explain_operation *operation, int64_t depth,
                                   struct lake_error *err)
{
    const struct manifest_log_entry *entry = &operation->entry;
    struct explain_step step = {.depth = depth, .step = "operation", .snapshot = entry->snapshot};
    const char *undone = "";
    if (!operation->is_known)
        return LAKE_OK;
    for (size_t i = 0; i < explain->n_told; i++)
        if (explain->told[i] == entry->snapshot)
            return LAKE_OK;
    if (explain->n_told < EXPLAIN_MOST_TOLD)
        explain->told[explain->n_told++] = entry->snapshot;
    if (operation->undone_by != 0)
        TRY(explain_text(explain, &undone, err, ", undone by snapshot %" PRId64, operation->undone_by));
    TRY(explain_name(explain, &entry->dataset, &step.dataset, err));
    if (entry->n_datasets > 1)
        TRY(explain_text(explain, &step.dataset, err, "%s and %" PRId64 " more", step.dataset, entry->n_datasets - 1));
    TRY(explain_text(explain, &step.what, err, "%s by %s%s", entry->operation.kind, entry->operation.software, undone));
    step.committed_ms = &entry->operation.finished_ms;
    step.detail = entry->operation.detail[0] == '\0' ? NULL : entry->operation.detail;
    return explain_tell(explain, &step, err);
}

/* ---- sources ---- */

/* Runs of one member of one source, which are told together. */
struct place {
    const struct manifest_origin *origin; /* the first of them */
    struct explain_lines lines;
    size_t n_runs;
};

static bool is_same_member(const struct manifest_origin *a, const struct manifest_origin *b)
{
    return a->operation_id == b->operation_id && a->source_position == b->source_position &&
           strcmp(a->member, b->member) == 0;
}

/* Runs that follow each other in the source are as good as one; of others it is known only between which lines they lie. */
static void join(struct explain_lines *lines, const struct explain_lines *more)
{
    bool follow = more->from == lines->to + 1 || lines->from == more->to + 1;
    lines->is_exact = lines->is_exact && more->is_exact && follow;
    lines->from = lesser(lines->from, more->from);
    lines->to = greater(lines->to, more->to);
}

/* A run with gaps has its first and last row, and perhaps none of a time between. */
static bool is_sure(const struct place *place, int64_t ts_ms)
{
    return place->lines.is_exact || ts_ms == place->origin->key_from_ms || ts_ms == place->origin->key_to_ms;
}

/* Latest operation first. A single row keeps its runs apart: each may have brought it. */
static lake_status gather(struct explain *explain, const struct explain_rows *rows, const struct explain_facts *facts,
                          struct place **out, size_t *n, struct lake_error *err)
{
    *n = 0;
    TRY(arena_new(&explain->arena, facts->n_origins, sizeof **out, out, err));
    for (size_t i = 0; i < facts->n_origins; i++) {
        const struct manifest_origin *origin = &facts->origins[i];
        struct explain_lines lines = explain_find_lines(origin, rows->period, rows->first_ms, rows->last_ms);
        size_t at = 0;
        while (at < *n && (rows->first_ms == rows->last_ms || !is_same_member((*out)[at].origin, origin)))
            at++;
        if (at < *n) {
            join(&(*out)[at].lines, &lines);
            (*out)[at].n_runs++;
            continue;
        }
        for (; at > 0 && (*out)[at - 1].origin->operation_id < origin->operation_id; at--)
            (*out)[at] = (*out)[at - 1];
        (*out)[at] = (struct place){origin, lines, 1};
        ++*n;
    }
    return LAKE_OK;
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == NULL || slash[1] == '\0' ? path : slash + 1;
}

static bool ends_in(const char *text, const char *end)
{
    size_t n = strlen(text), n_end = strlen(end);
    return n >= n_end && strcmp(text + n - n_end, end) == 0;
}

/* "line 1043", "between rows 1 and 1440" */
static lake_status describe_lines(struct explain *explain, const struct explain_lines *lines, const char *noun,
                                  const char **out, struct lake_error *err)
{
    if (lines->from == 0)
        return explain_text(explain, out, err, "a %s", noun);
    if (lines->from == lines->to)
        return explain_text(explain, out, err, "%s %" PRId64, noun, lines->from);
    return explain_text(explain, out, err, "%s%ss %" PRId64 " %s %" PRId64, lines->is_exact ? "" : "between ", noun,
                        lines->from, lines->is_exact ? "to" : "and", lines->to);
}

/* "line 1043 of btc.csv", "between lines 2 and 1441 of btc.zip, member jan.csv" */
static lake_status describe(struct explain *explain, const struct place *place, const struct manifest_source *source,
                            const char **out, struct lake_error *err)
{
    const char *member = place->origin->member, *lines = "";
    const char *name = source == NULL ? "a source that is not known" : base_name(source->path);
    bool is_parquet = ends_in(member[0] == '\0' ? name : member, ".parquet");
    TRY(describe_lines(explain, &place->lines, is_parquet ? "row" : "line", &lines, err));
    return explain_text(explain, out, err, "%s of %s%s%s", lines, name, member[0] == '\0' ? "" : ", member ", member);
}

static lake_status tell_source(struct explain *explain, const struct explain_rows *rows, const struct place *place,
                               bool is_only, struct lake_error *err)
{
    struct explain_operation operation;
    TRY(explain_find_operation(explain, place->origin->operation_id, &operation, err));
    size_t position = (size_t)place->origin->source_position;
    const struct manifest_source *source =
        position >= 1 && position <= operation.n_sources ? &operation.sources[position - 1] : NULL;
    struct explain_step step = {
        .depth = rows->depth, .step = "source", .line_from = place->lines.from, .line_to = place->lines.to};
    TRY(explain_name(explain, &rows->dataset, &step.dataset, err));
    if (operation.is_known) {
        step.snapshot = operation.entry.snapshot;
        step.committed_ms = &operation.entry.operation.finished_ms;
    }
    if (source != NULL) {
        step.path = source->path;
        step.sha256 = source->sha256;
        TRY(explain_text(explain, &step.detail, err, "%" PRId64 " bytes", source->size_bytes));
    }
    if (!is_only && rows->first_ms == rows->last_ms && !is_sure(place, rows->first_ms))
        step.detail = "perhaps: it has rows before and behind this time, and may have none of it";
    if (operation.undone_by != 0)
        TRY(explain_text(explain, &step.detail, err, "what it brought was undone by snapshot %" PRId64,
                         operation.undone_by));
    TRY(describe(explain, place, source, &step.what, err));
    TRY(explain_tell(explain, &step, err));
    return explain_tell_operation(explain, &operation, rows->depth + 1, err);
}

/* A source of an operation that made the rows' day, of which it is not known which rows it brought. */
static lake_status tell_candidate(struct explain *explain, const struct explain_rows *rows,
                                  const struct explain_operation *operation, size_t index, struct lake_error *err)
{
    const struct manifest_source *source = &operation->sources[index];
    struct explain_step step = {.depth = rows->depth + 1,
                                .step = "source",
                                .path = source->path,
                                .snapshot = operation->entry.snapshot,
                                .committed_ms = &operation->entry.operation.finished_ms,
                                .sha256 = source->sha256,
                                .detail = "perhaps: it is a source of an operation that changed the day"};
    TRY(explain_name(explain, &rows->dataset, &step.dataset, err));
    TRY(explain_text(explain, &step.what, err, "%s", base_name(source->path)));
    return explain_tell(explain, &step, err);
}

/* Rows that came before origins were kept, or whose manifest was made anew: what made their day is all that is known. */
static lake_status tell_unknown(struct explain *explain, const struct explain_rows *rows,
                                const struct explain_facts *facts, const char *dataset, struct lake_error *err)
{
    const struct manifest_content *contents = rows->is_one ? facts->versions : facts->contents;
    size_t n = rows->is_one ? facts->n_versions : facts->n_contents, n_told = 0;
    const struct explain_step step = {
        .depth = rows->depth,
        .step = "source",
        .dataset = dataset,
        .what = "not known",
        .detail = "the rows came before the lake kept their origins, or its manifest was made anew since, or the"
                  " operation that brought them is no longer in the log",
    };
    TRY(explain_tell(explain, &step, err));
    for (size_t i = 0; i < n && n_told < MOST_SOURCES; i++) {
        struct explain_operation operation;
        if (i > 0 && contents[i].operation_id == contents[i - 1].operation_id)
            continue;
        TRY(explain_find_operation(explain, contents[i].operation_id, &operation, err));
        for (size_t at = 0; at < operation.n_sources && n_told < MOST_SOURCES; at++, n_told++)
            TRY(tell_candidate(explain, rows, &operation, at, err));
    }
    return LAKE_OK;
}

lake_status explain_tell_sources(struct explain *explain, const struct explain_rows *rows,
                                 const struct explain_facts *facts, struct lake_error *err)
{
    struct place *places = NULL;
    const char *dataset = "", *what = "";
    size_t n = 0;
    TRY(explain_name(explain, &rows->dataset, &dataset, err));
    if (facts->n_origins == 0)
        return facts->is_derived ? LAKE_OK : tell_unknown(explain, rows, facts, dataset, err);
    TRY(gather(explain, rows, facts, &places, &n, err));
    for (size_t i = 0; i < n && i < MOST_SOURCES; i++)
        TRY(tell_source(explain, rows, &places[i], n == 1, err));
    if (n <= MOST_SOURCES)
        return LAKE_OK;
    TRY(explain_text(explain, &what, err, "and %zu more", n - MOST_SOURCES));
    const struct explain_step more = {.depth = rows->depth, .step = "source", .dataset = dataset, .what = what};
    return explain_tell(explain, &more, err);
}
