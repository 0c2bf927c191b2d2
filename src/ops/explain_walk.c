/* From rows of one dataset to where they lie, what their days hold, and where they came from. */
#include <inttypes.h>

#include "base/calendar.h"
#include "lake/bar_slots.h"
#include "lake/stored_file.h"
#include "ops/bucket.h"
#include "ops/derive_state.h"
#include "ops/explain_source.h"

enum { MOST_FILES = 4, MOST_CONTENTS = 6, MOST_VERSIONS = 10, MOST_DEPTH = 16 };

/* What is at hand. */
struct walk {
    struct explain *explain;
    const struct explain_rows *rows;
    const struct explain_facts *facts;
    const char *dataset;
};

/* ---- files ---- */

/* Its path now: a move that is committed may not be done. */
static lake_status find_path(const struct walk *walk, const struct manifest_file *file, struct explain_step *step,
                             struct lake_error *err)
{
    struct stored_file *stored = NULL;
    struct lake_error missing;
    const char *path = NULL;
    lake_status status = LAKE_OK;
    TRY(stored_file_new(walk->explain->lake, &stored, err));
    lake_status found = stored_file_find(stored, file, &path, &missing);
    if (found == LAKE_OK)
        status = explain_text(walk->explain, &step->path, err, "%s", path);
    else if (found == LAKE_NOT_FOUND)
        status = explain_text(walk->explain, &step->detail, err, "%s", missing.message);
    else
        status = lake_fail(err, found, "%s", missing.message);
    stored_file_free(stored);
    return status;
}

static lake_status tell_file(const struct walk *walk, const struct manifest_file *file, struct lake_error *err)
{
    struct explain *explain = walk->explain;
    struct explain_step step = {.depth = walk->rows->depth,
                                .step = "file",
                                .dataset = walk->dataset,
                                .snapshot = file->added,
                                .sha256 = file->sha256};
    TRY(explain_text(explain, &step.what, err, "%" PRId64 " %s, %" PRId64 " bytes", file->n_rows,
                     file->n_rows == 1 ? "row" : "rows", file->size_bytes));
    TRY(find_path(walk, file, &step, err));
    return explain_tell(explain, &step, err);
}

static lake_status tell_more(const struct walk *walk, const char *step, const char *noun, size_t n,
                             struct lake_error *err)
{
    struct explain_step more = {.depth = walk->rows->depth, .step = step, .dataset = walk->dataset};
    TRY(explain_text(walk->explain, &more.what, err, "and %zu more %s", n, noun));
    return explain_tell(walk->explain, &more, err);
}

static lake_status tell_files(const struct walk *walk, struct lake_error *err)
{
    size_t n = walk->facts->n_files;
    for (size_t i = 0; i < n && i < MOST_FILES; i++)
        TRY(tell_file(walk, &walk->facts->files[i], err));
    return n > MOST_FILES ? tell_more(walk, "file", "files", n - MOST_FILES, err) : LAKE_OK;
}

/* ---- contents ---- */

static lake_status tell_content(const struct walk *walk, const struct manifest_content *content, const char *days,
                                struct lake_error *err)
{
    struct explain_operation operation;
    struct explain_step step = {.depth = walk->rows->depth,
                                .step = "content",
                                .dataset = walk->dataset,
                                .version = content->version,
                                .snapshot = content->added,
                                .sha256 = content->sha256};
    TRY(explain_find_operation(walk->explain, content->operation_id, &operation, err));
    if (operation.is_known)
        step.committed_ms = &operation.entry.operation.finished_ms;
    TRY(explain_text(walk->explain, &step.what, err, "%s, %" PRId64 " %s", days, content->n_rows,
                     content->n_rows == 1 ? "row" : "rows"));
    if (content->retired != 0)
        TRY(explain_text(walk->explain, &step.detail, err, "earlier: superseded by snapshot %" PRId64,
                         content->retired));
    TRY(explain_tell(walk->explain, &step, err));
    return explain_tell_operation(walk->explain, &operation, walk->rows->depth + 1, err);
}

static lake_status tell_versions(const struct walk *walk, struct lake_error *err)
{
    char day[CALENDAR_TEXT_BYTES];
    size_t n = walk->facts->n_versions;
    calendar_format_day(calendar_day_of_ms(walk->rows->first_ms), day);
    for (size_t i = 0; i < n && i < MOST_VERSIONS; i++)
        TRY(tell_content(walk, &walk->facts->versions[i], day, err));
    return n > MOST_VERSIONS ? tell_more(walk, "content", "earlier versions", n - MOST_VERSIONS, err) : LAKE_OK;
}

static lake_status tell_day(const struct walk *walk, const struct manifest_content *content, struct lake_error *err)
{
    char day[CALENDAR_TEXT_BYTES];
    calendar_format_day(content->day, day);
    return tell_content(walk, content, day, err);
}

/* Of many days, how many, up to which snapshot; their versions are told with the lineage. */
static lake_status tell_days(const struct walk *walk, struct lake_error *err)
{
    const struct explain_facts *facts = walk->facts;
    char from[CALENDAR_TEXT_BYTES], to[CALENDAR_TEXT_BYTES];
    struct explain_step step = {.depth = walk->rows->depth, .step = "content", .dataset = walk->dataset};
    int64_t n_rows = 0;
    for (size_t i = 0; i < facts->n_contents; i++) {
        n_rows += facts->contents[i].n_rows;
        step.snapshot = facts->contents[i].added > step.snapshot ? facts->contents[i].added : step.snapshot;
    }
    calendar_format_day(facts->contents[0].day, from);
    calendar_format_day(facts->contents[facts->n_contents - 1].day, to);
    TRY(explain_text(walk->explain, &step.what, err, "%zu days from %s to %s, %" PRId64 " rows", facts->n_contents,
                     from, to, n_rows));
    step.detail = "the snapshot is the last that changed one of them";
    return explain_tell(walk->explain, &step, err);
}

static lake_status tell_contents(const struct walk *walk, struct lake_error *err)
{
    if (walk->rows->is_one)
        return tell_versions(walk, err);
    if (walk->facts->n_contents > MOST_CONTENTS)
        return tell_days(walk, err);
    for (size_t i = 0; i < walk->facts->n_contents; i++)
        TRY(tell_day(walk, &walk->facts->contents[i], err));
    return LAKE_OK;
}

/* ---- derived bars ---- */

/* Days of the source that follow each other in one version. */
struct days {
    const struct manifest_lineage *first, *last;
    int64_t now; /* version; 0: the day has no rows any more */
};

static lake_status tell_lineage(const struct walk *walk, const struct days *days, struct lake_error *err)
{
    char from[CALENDAR_TEXT_BYTES], to[CALENDAR_TEXT_BYTES];
    struct explain_step step = {
        .depth = walk->rows->depth, .step = "derived-from", .version = days->first->source_version};
    calendar_format_day(days->first->source_day, from);
    calendar_format_day(days->last->source_day, to);
    TRY(explain_name(walk->explain, &walk->facts->source, &step.dataset, err));
    if (days->first == days->last)
        TRY(explain_text(walk->explain, &step.what, err, "%s in version %" PRId64, from, step.version));
    else
        TRY(explain_text(walk->explain, &step.what, err, "%s to %s, each in version %" PRId64, from, to, step.version));
    if (days->now == step.version)
        step.detail = "current";
    else
        TRY(explain_text(walk->explain, &step.detail, err,
                         "not current: it is version %" PRId64 " now; dl aggregate derives it again", days->now));
    return explain_tell(walk->explain, &step, err);
}

/* Those of the days that the bars' buckets reach into. */
static lake_status tell_lineages(const struct walk *walk, const struct time_range *range, struct lake_error *err)
{
    const struct explain_facts *facts = walk->facts;
    int64_t from_day = calendar_day_of_ms(range->start_ms), to_day = calendar_day_of_ms(range->end_ms - 1);
    struct days days = {NULL, NULL, 0};
    for (size_t i = 0; i < facts->n_lineage; i++) {
        const struct manifest_lineage *at = &facts->lineage[i];
        int64_t now = derive_version_of(facts->source_contents, facts->n_source_contents, at->source_day);
        if (at->source_day < from_day || at->source_day > to_day)
            continue;
        if (days.last != NULL && days.last->source_day + 1 == at->source_day && days.now == now &&
            days.last->source_version == at->source_version) {
            days.last = at;
            continue;
        }
        if (days.last != NULL)
            TRY(tell_lineage(walk, &days, err));
        days = (struct days){at, at, now};
    }
    return days.last == NULL ? LAKE_OK : tell_lineage(walk, &days, err);
}

/* The first bar of the rows lays the grid: it begins where its bucket does. */
static lake_status tell_derivation(const struct walk *walk, struct lake_error *err)
{
    const struct explain_facts *facts = walk->facts;
    const struct period *source_period = NULL;
    struct bucket_grid grid;
    TRY(bucket_grid_init(&grid, walk->rows->period, bucket_offset_of(walk->rows->period, walk->rows->first_ms), err));
    TRY(period_find(facts->source.period, &source_period, err));
    struct explain_bucket bucket = {.source = facts->source,
                                    .range = bucket_at(&grid, walk->rows->first_ms),
                                    .recipe = facts->derivation.recipe,
                                    .depth = walk->rows->depth};
    if (walk->rows->first_ms == walk->rows->last_ms && bar_slots_has(source_period))
        bucket.n_expected = bucket_expected(&grid, bucket.range, source_period);
    bucket.range.end_ms = bucket_at(&grid, walk->rows->last_ms).end_ms;
    TRY(tell_lineages(walk, &bucket.range, err));
    return explain_bucket_rows(walk->explain, &bucket, err);
}

/* ---- all of it ---- */

lake_status explain_walk(struct explain *explain, const struct explain_rows *rows, struct lake_error *err)
{
    struct explain_facts facts;
    struct walk walk = {explain, rows, &facts, ""};
    TRY(explain_find_facts(explain, rows, &facts, err));
    TRY(explain_name(explain, &rows->dataset, &walk.dataset, err));
    TRY(tell_files(&walk, err));
    TRY(tell_contents(&walk, err));
    TRY(explain_tell_sources(explain, rows, &facts, err));
    return facts.is_derived && rows->depth < MOST_DEPTH ? tell_derivation(&walk, err) : LAKE_OK;
}
