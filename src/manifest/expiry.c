/* What history takes, and expiring it. */
#include <inttypes.h>

#include "base/calendar.h"
#include "manifest/query.h"
#include "manifest/upkeep.h"

/* Marks of neighbouring ranges are joined up to this length, so that those of a day can be found without looking at all. */
enum { LONGEST_MARK_DAYS = 366 };

static lake_status read_sizes(struct manifest *manifest, struct manifest_sizes *out, int64_t *unchanged_named_bytes,
                              struct lake_error *err)
{
    struct statement *statement = NULL;
    bool has_row = false;
    lake_status status = LAKE_OK;
    TRY_OUT(statement_get(manifest, STATEMENT_SIZES, &statement, err));
    TRY_OUT(statement_step(statement, &has_row, err));
    if (!has_row) {
        status = lake_fail(err, LAKE_CORRUPT, "%s: its totals are missing", database_path(manifest->database));
        goto out;
    }
    out->live_files = statement_take_int64(statement);
    out->live_bytes = statement_take_int64(statement);
    out->unchanged_files = statement_take_int64(statement);
    out->unchanged_bytes = statement_take_int64(statement);
    out->changed_files = statement_take_int64(statement);
    out->changed_bytes = statement_take_int64(statement);
    *unchanged_named_bytes = statement_take_int64(statement);
    TRY_OUT(statement_check(statement, err));
out:
    statement_reset(statement);
    return status;
}

lake_status manifest_find_sizes(struct manifest *manifest, struct manifest_sizes *out, struct lake_error *err)
{
    int64_t unchanged_named_bytes = 0;
    return read_sizes(manifest, out, &unchanged_named_bytes, err);
}

lake_status manifest_next_history(struct manifest *manifest, int64_t dataset_id, const struct manifest_file *after,
                                  int64_t limit, struct arena *arena, struct manifest_file **out, size_t *n,
                                  struct lake_error *err)
{
    const struct sql_value values[] = {sql_int(dataset_id),
                                       sql_int(after == NULL ? INT64_MIN : after->partition_start_ms),
                                       sql_int(after == NULL ? 0 : after->id), sql_int(limit)};
    const struct query query = {STATEMENT_NEXT_HISTORY, values, 4, sizeof **out, query_read_file, NULL, NULL};
    return query_collect(manifest, &query, arena, out, n, err);
}

/* ---- what may go ---- */

struct allowance {
    int64_t before_ms;
    int64_t excess_bytes; /* that must go whatever their age */
};

/* Files come oldest first: the first that stays ends it. */
static bool may_go(void *context, const void *item)
{
    struct allowance *allowance = context;
    const struct manifest_file *file = item;
    bool goes = file->retired_ms < allowance->before_ms || allowance->excess_bytes > 0;
    allowance->excess_bytes -= file->size_bytes;
    return goes;
}

/* Those of one class. A long scan may hold many that are old enough: only what it does not hold is looked at. */
struct class_search {
    bool changed;
    int64_t needed_snapshot, limit;
    struct allowance allowance;
};

static lake_status find_class(struct manifest *manifest, struct class_search *search, struct arena *arena,
                              struct manifest_file **out, size_t *n, struct lake_error *err)
{
    const struct sql_value values[] = {sql_int(search->changed), sql_int(search->needed_snapshot),
                                       sql_int(search->limit)};
    const struct query query = {STATEMENT_EXPIRABLE, values, 3, sizeof **out, query_read_file, may_go,
                                &search->allowance};
    return query_collect(manifest, &query, arena, out, n, err);
}

static lake_status join(struct manifest_file *const parts[2], const size_t n_parts[2], struct arena *arena,
                        struct manifest_file **out, size_t *n, struct lake_error *err)
{
    TRY(arena_new(arena, n_parts[0] + n_parts[1], sizeof **out, out, err));
    for (size_t part = 0; part < 2; part++)
        for (size_t i = 0; i < n_parts[part]; i++)
            (*out)[(*n)++] = parts[part][i];
    return LAKE_OK;
}

lake_status manifest_find_expired(struct manifest *manifest, const struct manifest_expiry *expiry, struct arena *arena,
                                  struct manifest_file **out, size_t *n, struct lake_error *err)
{
    struct manifest_sizes sizes = {0};
    struct manifest_file *parts[2] = {NULL, NULL};
    size_t n_parts[2] = {0, 0};
    int64_t named_bytes = 0;
    bool begun = false;
    lake_status status = LAKE_OK;
    *out = NULL;
    *n = 0;
    TRY(manifest_read_begin(manifest, &begun, err));
    TRY_OUT(read_sizes(manifest, &sizes, &named_bytes, err));
    struct class_search unchanged = {
        false,
        expiry->needed_snapshot,
        expiry->limit,
        {expiry->unchanged_before_ms, sizes.unchanged_bytes - named_bytes - expiry->unchanged_bytes}};
    TRY_OUT(find_class(manifest, &unchanged, arena, &parts[0], &n_parts[0], err));
    struct class_search changed = {
        true, expiry->needed_snapshot, expiry->limit - (int64_t)n_parts[0], {expiry->changed_before_ms, 0}};
    TRY_OUT(find_class(manifest, &changed, arena, &parts[1], &n_parts[1], err));
    TRY_OUT(join(parts, n_parts, arena, out, n, err));
out:
    return manifest_read_end(manifest, begun, status, err);
}

/* ---- marks ---- */

struct mark {
    int64_t dataset_id;
    int64_t start_ms, end_ms;
    int64_t first, last;
};

struct continuation {
    enum statement_id statement;
    size_t n_values;
};

/* Looks for a mark that continues this one, takes it out and makes this one cover both. */
static lake_status absorb(struct manifest *manifest, const struct continuation *continuation, struct mark *mark,
                          bool *absorbed, struct lake_error *err)
{
    const struct sql_value values[] = {sql_int(mark->dataset_id), sql_int(mark->start_ms),
                                       sql_int(mark->end_ms),     sql_int(mark->first),
                                       sql_int(mark->last),       sql_int(LONGEST_MARK_DAYS * MS_PER_DAY)};
    struct mark other = {mark->dataset_id, 0, 0, 0, 0};
    struct statement *prepared = NULL;
    lake_status status = LAKE_OK;
    *absorbed = false;
    TRY_OUT(statement_get(manifest, continuation->statement, &prepared, err));
    TRY_OUT(statement_bind(prepared, values, continuation->n_values, err));
    TRY_OUT(statement_step(prepared, absorbed, err));
    if (!*absorbed)
        goto out;
    other.start_ms = statement_take_int64(prepared);
    other.end_ms = statement_take_int64(prepared);
    other.first = statement_take_int64(prepared);
    other.last = statement_take_int64(prepared);
    TRY_OUT(statement_check(prepared, err));
    statement_reset(prepared);
    const struct sql_value key[] = {sql_int(other.dataset_id), sql_int(other.start_ms), sql_int(other.end_ms),
                                    sql_int(other.first)};
    TRY_OUT(statement_execute(manifest, STATEMENT_REMOVE_MARK, key, 4, err));
    mark->start_ms = other.start_ms < mark->start_ms ? other.start_ms : mark->start_ms;
    mark->end_ms = other.end_ms > mark->end_ms ? other.end_ms : mark->end_ms;
    mark->first = other.first < mark->first ? other.first : mark->first;
    mark->last = other.last > mark->last ? other.last : mark->last;
out:
    statement_reset(prepared);
    return status;
}

/* Adds the mark, joined with those of the same range that it continues in time, and with neighbours of the same snapshots. Nothing
 * is marked that had not expired. */
static lake_status put_mark(struct manifest *manifest, struct mark *mark, struct lake_error *err)
{
    static const struct continuation continuations[] = {
        {STATEMENT_MARK_SAME_RANGE, 5}, {STATEMENT_MARK_BEFORE, 6}, {STATEMENT_MARK_AFTER, 6}};
    if (mark->first == mark->last)
        return LAKE_OK;
    for (size_t i = 0; i < sizeof continuations / sizeof *continuations;) {
        bool absorbed = false;
        TRY(absorb(manifest, &continuations[i], mark, &absorbed, err));
        i = absorbed ? 0 : i + 1;
    }
    const struct sql_value values[] = {sql_int(mark->dataset_id), sql_int(mark->start_ms), sql_int(mark->end_ms),
                                       sql_int(mark->first), sql_int(mark->last)};
    return statement_execute(manifest, STATEMENT_ADD_MARK, values, 5, err);
}

/* ---- expiring ---- */

static lake_status remove_row(struct manifest *manifest, const struct manifest_file *file, struct lake_error *err)
{
    const struct sql_value values[] = {sql_int(file->id)};
    TRY(statement_execute(manifest, STATEMENT_EXPIRE_FILE, values, 1, err));
    if (database_changes(manifest->database) == 0)
        return lake_fail(err, LAKE_CONFLICT, "%s: file %" PRId64 " may not expire: live, named or being moved",
                         database_path(manifest->database), file->id);
    return LAKE_OK;
}

/* Superseded contents go with the last file that held their rows: where all their time is marked, or no file is left of it. */
static lake_status remove_contents(struct manifest *manifest, const struct manifest_file *file, const struct mark *mark,
                                   struct lake_error *err)
{
    const struct sql_value values[] = {sql_int(file->dataset_id), sql_int(mark->first), sql_int(mark->last),
                                       sql_int(calendar_day_of_ms(file->partition_start_ms)),
                                       sql_int(calendar_day_of_ms(file->partition_end_ms - 1))};
    return statement_execute(manifest, STATEMENT_EXPIRE_CONTENTS, values, 5, err);
}

lake_status manifest_expire_file(struct manifest *manifest, const struct manifest_file *file, const char *state_path,
                                 struct lake_error *err)
{
    const struct sql_value removal[] = {sql_text(state_path)};
    struct mark mark = {file->dataset_id, file->partition_start_ms, file->partition_end_ms, file->added, file->retired};
    TRY(query_check_begun(manifest, err));
    TRY(query_check_path(state_path, err));
    TRY(remove_row(manifest, file, err));
    TRY(put_mark(manifest, &mark, err));
    TRY(remove_contents(manifest, file, &mark, err));
    if (state_path == NULL)
        return LAKE_OK;
    return statement_execute(manifest, STATEMENT_ADD_REMOVAL, removal, 1, err);
}

/* ---- removals ---- */

lake_status manifest_find_removals(struct manifest *manifest, struct arena *arena, const char ***out, size_t *n,
                                   struct lake_error *err)
{
    const struct query query = {STATEMENT_REMOVALS, NULL, 0, sizeof **out, query_read_path, NULL, NULL};
    return query_collect(manifest, &query, arena, out, n, err);
}

lake_status manifest_clear_removal(struct manifest *manifest, const char *state_path, struct lake_error *err)
{
    const struct sql_value values[] = {sql_text(state_path)};
    TRY(query_check_begun(manifest, err));
    return statement_execute(manifest, STATEMENT_CLEAR_REMOVAL, values, 1, err);
}

lake_status manifest_knows_state_path(struct manifest *manifest, const char *state_path, bool *known,
                                      struct lake_error *err)
{
    const struct sql_value values[] = {sql_text(state_path)};
    int64_t is_known = 0;
    *known = false;
    TRY(statement_query_int64(manifest, STATEMENT_KNOWS_STATE_PATH, values, 1, &is_known, err));
    *known = is_known != 0;
    return LAKE_OK;
}
