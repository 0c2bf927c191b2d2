/* Origins: which rows of a day an operation brought from which source. */
#include "base/calendar.h"
#include "manifest/knowledge.h"
#include "manifest/query.h"

/* Places are reckoned with these, so what nobody writes is not passed on. */
static bool is_sound(const struct manifest_origin *origin)
{
    return origin->n_rows > 0 && origin->key_from_ms <= origin->key_to_ms &&
           calendar_day_of_ms(origin->key_from_ms) == origin->day &&
           calendar_day_of_ms(origin->key_to_ms) == origin->day && origin->line_from >= 0 &&
           origin->line_from <= origin->line_to;
}

static void read_origin(struct statement *statement, struct arena *arena, void *item)
{
    struct manifest_origin *origin = item;
    origin->dataset_id = statement_take_int64(statement);
    origin->day = query_take_day(statement);
    origin->operation_id = statement_take_int64(statement);
    origin->source_position = statement_take_int64(statement);
    origin->n_rows = statement_take_int64(statement);
    origin->key_from_ms = statement_take_int64(statement);
    origin->key_to_ms = statement_take_int64(statement);
    origin->line_from = statement_take_int64(statement);
    origin->line_to = statement_take_int64(statement);
    origin->is_descending = statement_take_int64(statement) != 0;
    origin->is_mixed = statement_take_int64(statement) != 0;
    origin->member = statement_take_text(statement, arena);
    if (!is_sound(origin))
        statement_reject(statement, "rows that have no place in their source");
}

lake_status manifest_find_origins(struct manifest *manifest, int64_t dataset_id, int64_t ts_ms, struct arena *arena,
                                  struct manifest_origin **out, size_t *n, struct lake_error *err)
{
    const struct sql_value values[] = {sql_int(dataset_id), sql_int(calendar_day_of_ms(ts_ms)), sql_int(ts_ms)};
    const struct query query = {STATEMENT_ORIGINS, values, 3, sizeof **out, read_origin, NULL, NULL};
    return query_collect(manifest, &query, arena, out, n, err);
}

lake_status manifest_find_origins_in(struct manifest *manifest, int64_t dataset_id, int64_t from_ms, int64_t to_ms,
                                     struct arena *arena, struct manifest_origin **out, size_t *n,
                                     struct lake_error *err)
{
    const struct sql_value values[] = {sql_int(dataset_id), sql_int(calendar_day_of_ms(from_ms)),
                                       sql_int(calendar_day_of_ms(to_ms - 1)), sql_int(from_ms), sql_int(to_ms)};
    const struct query query = {STATEMENT_ORIGINS_IN, values, 5, sizeof **out, read_origin, NULL, NULL};
    return query_collect(manifest, &query, arena, out, n, err);
}

lake_status manifest_add_origin(struct manifest *manifest, const struct manifest_origin *origin, struct lake_error *err)
{
    const struct sql_value values[] = {
        sql_int(origin->dataset_id),      sql_int(origin->day),       sql_int(origin->operation_id),
        sql_int(origin->source_position), sql_int(origin->n_rows),    sql_int(origin->key_from_ms),
        sql_int(origin->key_to_ms),       sql_int(origin->line_from), sql_int(origin->line_to),
        sql_int(origin->is_descending),   sql_int(origin->is_mixed),  sql_text(origin->member)};
    TRY(query_check_begun(manifest, err));
    return statement_execute(manifest, STATEMENT_ADD_ORIGIN, values, sizeof values / sizeof *values, err);
}
