/* Looking for damage in the database. Each check is a query whose rows are the problems, one text each, and streams: it needs no
 * more memory for five million files than for five. To add one: a row in the table; test_check.c breaks each thing in turn. */
#include <inttypes.h>
#include <string.h>

#include "base/limits.h"
#include "manifest/query.h"
#include "manifest/upkeep.h"

struct check {
    struct manifest *manifest;
    int (*found)(void *context, const char *detail);
    void *context;
    struct arena arena; /* of one row */
};

struct check_query {
    bool full_only;
    const char *sql;
};

#define DATASET_NAME "d.exchange || ' ' || d.market || ' ' || d.symbol || ' ' || d.type || ' ' || d.period"
#define DAY_MS "86400000"

static const struct check_query queries[] = {
    {false,
     "SELECT \"table\" || coalesce(' row ' || rowid, '') || ' refers to a row in ' || parent || ' that is not there'"
     " FROM pragma_foreign_key_check"},
    {false, "SELECT 'file ' || id || ' was superseded in snapshot ' || retired || ', which is not there' FROM files"
            " WHERE retired <> 0 AND retired NOT IN (SELECT id FROM snapshots)"},
    {false,
     "SELECT 'content of day ' || day || ' of dataset ' || dataset_id || ' was superseded in snapshot ' || retired"
     " || ', which is not there' FROM contents"
     " WHERE retired <> 0 AND retired NOT IN (SELECT id FROM snapshots)"},
    {false, "SELECT " DATASET_NAME " || ': live files ' || f.before || ' and ' || f.id || ' overlap'"
            " FROM (SELECT id, dataset_id, partition_start_ms,"
            "   lag(id) OVER (PARTITION BY dataset_id ORDER BY partition_start_ms) AS before,"
            "   lag(partition_end_ms) OVER (PARTITION BY dataset_id ORDER BY partition_start_ms) AS end_before"
            "   FROM files WHERE retired = 0) AS f JOIN datasets AS d ON d.id = f.dataset_id"
            " WHERE end_before > partition_start_ms"},
    {false, "SELECT " DATASET_NAME " || ': its totals of live files are not those of its files'"
            " FROM datasets AS d LEFT JOIN (SELECT dataset_id, count(*) AS n, sum(n_rows) AS n_rows,"
            "   sum(size_bytes) AS size_bytes FROM files WHERE retired = 0 GROUP BY dataset_id) AS f"
            " ON f.dataset_id = d.id WHERE (d.n_files, d.n_rows, d.size_bytes) <>"
            " (coalesce(f.n, 0), coalesce(f.n_rows, 0), coalesce(f.size_bytes, 0))"},
    {false, "SELECT " DATASET_NAME " || ': its totals of history are not those of its files'"
            " FROM datasets AS d LEFT JOIN (SELECT dataset_id, count(*) AS n, sum(size_bytes) AS size_bytes"
            "   FROM files WHERE retired <> 0 GROUP BY dataset_id) AS f"
            " ON f.dataset_id = d.id WHERE (d.history_files, d.history_bytes) <>"
            " (coalesce(f.n, 0), coalesce(f.size_bytes, 0))"},
    {false, "SELECT " DATASET_NAME " || ': its days hold ' || coalesce(c.n_rows, 0) || ' rows, its files ' || d.n_rows"
            " FROM datasets AS d LEFT JOIN (SELECT dataset_id, sum(n_rows) AS n_rows, sum(n_rows > 0) AS n_days"
            "   FROM contents WHERE retired = 0 GROUP BY dataset_id) AS c ON c.dataset_id = d.id"
            " WHERE (d.n_rows, d.n_days) <> (coalesce(c.n_rows, 0), coalesce(c.n_days, 0))"},
    {false,
     "SELECT f.path || ': has ' || f.n_rows || ' rows, its days ' || f.of_days FROM (SELECT path, n_rows,"
     "   (SELECT coalesce(sum(c.n_rows), 0) FROM contents AS c WHERE c.dataset_id = f.dataset_id AND c.retired = 0"
     "     AND c.day >= f.partition_start_ms / " DAY_MS " AND c.day < f.partition_end_ms / " DAY_MS ") AS of_days"
     "   FROM files AS f WHERE retired = 0 AND partition_start_ms % " DAY_MS " = 0"
     "     AND partition_end_ms % " DAY_MS " = 0) AS f WHERE f.n_rows <> f.of_days"},
    {false,
     "SELECT 'the totals of the lake are not those of its datasets' FROM lake AS l,"
     " (SELECT coalesce(sum(n_files), 0) AS n, coalesce(sum(size_bytes), 0) AS bytes,"
     "   coalesce(sum(history_files), 0) AS h_n, coalesce(sum(history_bytes), 0) AS h_bytes FROM datasets) AS d"
     " WHERE (l.live_files, l.live_bytes, l.unchanged_files + l.changed_files, l.unchanged_bytes + l.changed_bytes)"
     "   <> (d.n, d.bytes, d.h_n, d.h_bytes)"},
    {false, "SELECT 'the totals of the lake are missing' WHERE NOT EXISTS (SELECT 1 FROM lake)"},
    {false, "SELECT 'the totals of history are not those of its files' FROM lake AS l, (SELECT"
            "   coalesce(sum(rows_lost = 0), 0) AS n, coalesce(sum((rows_lost = 0) * size_bytes), 0) AS bytes,"
            "   coalesce(sum((rows_lost = 0) * (named <> 0) * size_bytes), 0) AS named_bytes"
            "   FROM files WHERE retired <> 0) AS f"
            " WHERE (l.unchanged_files, l.unchanged_bytes, l.unchanged_named_bytes) <> (f.n, f.bytes, f.named_bytes)"},
    {false, "SELECT 'file ' || id || (CASE named WHEN 0 THEN ' is needed by a named snapshot and may expire'"
            "   ELSE ' is kept for a named snapshot that does not need it' END) FROM files"
            " WHERE retired <> 0 AND (named <> 0) <> EXISTS (SELECT 1 FROM snapshot_names AS s"
            "   WHERE s.snapshot >= files.added AND s.snapshot < files.retired)"},
    {false, "SELECT 'snapshot ' || id || ' was committed before the one before it' FROM (SELECT id, committed_ms,"
            "   lag(committed_ms) OVER (ORDER BY id) AS before FROM snapshots) WHERE before > committed_ms"},
    {false, "SELECT 'operation ' || o.id || ' and snapshot ' || o.snapshot || ' do not belong together'"
            " FROM operations AS o LEFT JOIN snapshots AS s ON s.id = o.snapshot WHERE s.operation_id IS NOT o.id"},
    {false, "SELECT " DATASET_NAME " || ': snapshot ' || d.changed || ' is not the last that changed it'"
            " FROM datasets AS d LEFT JOIN (SELECT dataset_id, max(added) AS added FROM contents WHERE retired = 0"
            "   GROUP BY dataset_id) AS c ON c.dataset_id = d.id WHERE d.changed <> coalesce(c.added, 0)"},
    {false, "SELECT 'lineage of day ' || min(l.day) || ' of dataset ' || l.dataset_id || ' is of a dataset that is not"
            " derived' FROM lineage AS l WHERE NOT EXISTS (SELECT 1 FROM derivations AS d"
            "   WHERE d.dataset_id = l.dataset_id) GROUP BY l.dataset_id"},
    {false, "SELECT 'absence at ' || start_ms || ' of dataset ' || dataset_id || ' overlaps the one before it' FROM"
            " (SELECT dataset_id, start_ms, lag(end_ms) OVER (PARTITION BY dataset_id ORDER BY start_ms) AS end_before"
            "   FROM absences) WHERE end_before > start_ms"},
    {false, "SELECT 'absence at ' || start_ms || ' of dataset ' || dataset_id || ' is known by operation ' ||"
            " operation_id || ', which is not there' FROM absences WHERE operation_id <> 0"
            "   AND operation_id NOT IN (SELECT id FROM operations)"},
    {false, "SELECT 'data type ' || name || ' does not begin with a time' FROM types AS t WHERE NOT EXISTS"
            " (SELECT 1 FROM type_columns WHERE type_name = t.name AND position = 1 AND type IN (6, 7))"},
    {true, "SELECT 'operation ' || o.id || ' counts ' || o.n_uses || ' uses and has ' || coalesce(u.n, 0)"
           " FROM operations AS o LEFT JOIN (SELECT operation_id, count(*) AS n FROM ("
           "     SELECT operation_id FROM files UNION ALL SELECT operation_id FROM contents"
           "     UNION ALL SELECT s.operation_id FROM files AS f JOIN snapshots AS s ON s.id = f.retired"
           "     UNION ALL SELECT s.operation_id FROM contents AS c JOIN snapshots AS s ON s.id = c.retired"
           "   ) GROUP BY operation_id) AS u ON u.operation_id = o.id WHERE o.n_uses <> coalesce(u.n, 0)"},
    {true, "SELECT 'the lake counts ' || idle_operations || ' operations without effect' FROM lake"
           " WHERE idle_operations <> (SELECT count(*) FROM operations WHERE n_uses = 0)"},
};

static lake_status report(struct check *check, const char *detail, struct lake_error *err)
{
    if (check->found(check->context, detail) != 0)
        return lake_fail(err, LAKE_CANCELLED, "%s: the check was stopped", database_path(check->manifest->database));
    return LAKE_OK;
}

/* Damage may show as an answer or as a query that fails: both are found, and the next check goes on. */
static lake_status absorb_damage(struct check *check, lake_status status, const struct lake_error *seen,
                                 struct lake_error *err)
{
    if (status == LAKE_CORRUPT)
        return report(check, seen->message, err);
    if (status != LAKE_OK && err != NULL)
        *err = *seen;
    return status;
}

typedef lake_status (*row_check)(struct check *check, const char *text, struct lake_error *err);

/* Runs a query of one text a row. */
static lake_status for_each_text(struct check *check, const char *sql, row_check row, struct lake_error *err)
{
    struct lake_error seen = {LAKE_OK, ""};
    struct statement *statement = NULL;
    bool has_row = false, stopped = false;
    lake_status status = LAKE_OK;
    TRY_OUT(statement_new(check->manifest->database, sql, &statement, &seen));
    for (;;) {
        TRY_OUT(statement_step(statement, &has_row, &seen));
        if (!has_row)
            break;
        arena_reset(&check->arena);
        const char *text = statement_take_text(statement, &check->arena);
        TRY_OUT(statement_check(statement, &seen));
        status = row(check, text, err);
        stopped = status != LAKE_OK;
        if (stopped)
            break;
    }
out:
    statement_free(statement);
    return stopped ? status : absorb_damage(check, status, &seen, err);
}

static lake_status check_integrity_row(struct check *check, const char *text, struct lake_error *err)
{
    return strcmp(text, "ok") == 0 ? LAKE_OK : report(check, text, err);
}

static lake_status check_path_row(struct check *check, const char *path, struct lake_error *err)
{
    struct lake_error message = {LAKE_OK, ""};
    if (manifest_path_is_safe(path))
        return LAKE_OK;
    (void)lake_fail(&message, LAKE_CORRUPT, "'%.500s' is a path that is not below its root", path);
    return report(check, message.message, err);
}

static lake_status run_queries(struct check *check, bool full, struct lake_error *err)
{
    for (size_t i = 0; i < sizeof queries / sizeof *queries; i++)
        if (full || !queries[i].full_only)
            TRY(for_each_text(check, queries[i].sql, report, err));
    return LAKE_OK;
}

static lake_status check_pages(struct check *check, struct lake_error *err)
{
    struct lake_error message = {LAKE_OK, ""};
    for (int64_t page = 0;; page++) {
        TRY(database_find_damaged_page(check->manifest->database, &page, err));
        if (page < 0)
            return LAKE_OK;
        (void)lake_fail(&message, LAKE_CORRUPT,
                        "page %" PRId64 " has a wrong checksum: it is damaged, or was written by another program",
                        page + 1);
        TRY(report(check, message.message, err));
    }
}

static lake_status check_all(struct check *check, bool full, struct lake_error *err)
{
    static const char paths[] =
        "SELECT path FROM files UNION ALL SELECT state_path FROM files WHERE state_path IS NOT NULL"
        " UNION ALL SELECT state_path FROM outstanding UNION ALL SELECT state_path FROM removals";
    TRY(for_each_text(check, full ? "PRAGMA integrity_check" : "PRAGMA quick_check", check_integrity_row, err));
    if (full)
        TRY(check_pages(check, err));
    TRY(run_queries(check, full, err));
    return for_each_text(check, paths, check_path_row, err);
}

lake_status manifest_check(struct manifest *manifest, bool full, int (*found)(void *context, const char *detail),
                           void *context, struct lake_error *err)
{
    struct check check = {manifest, found, context, ARENA_INIT(4 * MIB)};
    bool begun = false;
    lake_status status = LAKE_OK;
    TRY(manifest_read_begin(manifest, &begun, err));
    status = check_all(&check, full, err);
    arena_release(&check.arena);
    /* Not by manifest_read_end: in a damaged database even the end of a read may fail. */
    if (begun)
        manifest_rollback(manifest);
    return status;
}
