/* Every statement has a text, and none reads more of what grows with the lake than it must. */
#include "manifest/statements.h"

#include <stdio.h>
#include <string.h>

#include "manifest/handle.h"
#include "unit/manifest/fixture.h"

static void test_every_statement_is_there_and_compiles(void **state)
{
    struct fixture *f = *state;
    for (int id = 0; id < N_STATEMENTS; id++) {
        struct statement *statement = NULL, *again = NULL;
        assert_non_null(statement_sql((enum statement_id)id));
        must(f, statement_get(f->manifest, (enum statement_id)id, &statement, &f->err));
        must(f, statement_get(f->manifest, (enum statement_id)id, &again, &f->err));
        assert_ptr_equal(statement, again);
    }
}

/* The steps of a statement's plan, one a line. */
static void explain(struct fixture *f, enum statement_id id, char *plan, size_t n_plan)
{
    struct statement *statement = NULL;
    char sql[4000];
    bool has_row = false;
    plan[0] = '\0';
    snprintf(sql, sizeof sql, "EXPLAIN QUERY PLAN %s", statement_sql(id));
    must(f, statement_new(f->manifest->database, sql, &statement, &f->err));
    for (;;) {
        must(f, statement_step(statement, &has_row, &f->err));
        if (!has_row)
            break;
        for (int skipped = 0; skipped < 3; skipped++)
            (void)statement_take_int64(statement);
        size_t at = strlen(plan);
        snprintf(plan + at, n_plan - at, "%s\n", statement_take_text(statement, &f->arena));
    }
    statement_free(statement);
}

/* Every scan in the plan is of a part of the statement's own, not of a table. */
static bool scans_little(const char *plan)
{
    for (const char *at = strstr(plan, "SCAN"); at != NULL; at = strstr(at + 1, "SCAN"))
        if (strncmp(at, "SCAN CONSTANT ROW", 17) != 0 && strncmp(at, "SCAN (subquery", 14) != 0)
            return false;
    return true;
}

static void test_only_listings_of_everything_scan_a_table(void **state)
{
    struct fixture *f = *state;
    static const enum statement_id of_history[] = {
        STATEMENT_OUTSTANDING,                           /* as long as what the last commit moved */
        STATEMENT_REMOVALS,                              /* as long as what the last commit expired */
        STATEMENT_NAMES,          STATEMENT_CONTENTS_OF, /* of one operation, to undo it */
        STATEMENT_TYPES,                                 /* as many as were registered */
        STATEMENT_SWEEP_CONTENTS,                        /* maintenance */
    };
    for (int id = STATEMENT_COMMIT + 1; id < N_STATEMENTS; id++) {
        char plan[4000];
        explain(f, (enum statement_id)id, plan, sizeof plan);
        bool may_scan = id == STATEMENT_FILES || id == STATEMENT_DATASETS;
        for (size_t i = 0; i < sizeof of_history / sizeof *of_history; i++)
            may_scan = may_scan || id == (int)of_history[i];
        if (strstr(plan, "SCAN") != NULL && !scans_little(plan) && !may_scan)
            fail_msg("%s\n%s", statement_sql((enum statement_id)id), plan);
        if (strstr(plan, "TEMP B-TREE") != NULL && id != STATEMENT_CONTENTS_OF && id != STATEMENT_CONTENTS_AT)
            fail_msg("sorts: %s\n%s", statement_sql((enum statement_id)id), plan);
    }
}

static void expect_plan(struct fixture *f, enum statement_id id, const char *step)
{
    char plan[2000];
    explain(f, id, plan, sizeof plan);
    if (strstr(plan, step) == NULL)
        fail_msg("'%s' is not in the plan of %s\n%s", step, statement_sql(id), plan);
}

static void test_look_ups_use_their_index(void **state)
{
    struct fixture *f = *state;
    expect_plan(f, STATEMENT_DATASETS_EXACT, "(exchange=? AND symbol=? AND market=? AND type=? AND period=?)");
    expect_plan(f, STATEMENT_DATASETS_OF_SYMBOL, "(exchange=? AND symbol=?)");
    expect_plan(f, STATEMENT_TOTALS, "USING INDEX files_live (dataset_id=?)");
    expect_plan(f, STATEMENT_FILES_OF_DATASET,
                "USING INDEX files_live (dataset_id=? AND partition_start_ms>? AND partition_start_ms<?)");
    expect_plan(f, STATEMENT_FILES_OF_DATASET, "USING INDEX files_live (dataset_id=? AND partition_start_ms<?)");
    expect_plan(f, STATEMENT_CONTENTS, "USING PRIMARY KEY (dataset_id=? AND retired=? AND day>? AND day<?)");
    expect_plan(f, STATEMENT_FILE_VERSION, "USING PRIMARY KEY (dataset_id=? AND retired=? AND day>? AND day<?)");
    expect_plan(f, STATEMENT_CHANGED, "USING INTEGER PRIMARY KEY (rowid=?)");
    expect_plan(f, STATEMENT_DERIVATION, "USING INTEGER PRIMARY KEY (rowid=?)");
    expect_plan(f, STATEMENT_DERIVED, "USING INDEX derivations_by_source (source_id=?)");
    expect_plan(f, STATEMENT_LINEAGE, "USING PRIMARY KEY (dataset_id=? AND day>? AND day<?)");
    expect_plan(f, STATEMENT_CLEAR_LINEAGE, "USING PRIMARY KEY (dataset_id=? AND day>? AND day<?)");
    expect_plan(f, STATEMENT_ORIGINS, "USING PRIMARY KEY (dataset_id=? AND day=?)");
    expect_plan(f, STATEMENT_ORIGINS_IN, "USING PRIMARY KEY (dataset_id=? AND day>? AND day<?)");
    expect_plan(f, STATEMENT_ADD_ORIGIN, "origins_by_operation (operation_id=? AND dataset_id=? AND day=?)");
    expect_plan(f, STATEMENT_PRUNE_ORIGINS, "origins_by_operation (operation_id=?)");
    expect_plan(f, STATEMENT_ABSENCES, "USING PRIMARY KEY (dataset_id=? AND start_ms>? AND start_ms<?)");
    expect_plan(f, STATEMENT_ABSENCE_BEFORE, "USING PRIMARY KEY (dataset_id=? AND start_ms<?)");
    expect_plan(f, STATEMENT_CLEAR_ABSENCES, "USING PRIMARY KEY (dataset_id=? AND start_ms>? AND start_ms<?)");
    expect_plan(f, STATEMENT_PRUNE_ABSENCES, "absences_by_operation (operation_id=?)");
    expect_plan(f, STATEMENT_FINDINGS, "USING PRIMARY KEY (dataset_id=?)");
    expect_plan(f, STATEMENT_PRUNE_FINDINGS, "findings_by_operation (operation_id=?)");
    expect_plan(f, STATEMENT_TYPE_COLUMNS, "USING PRIMARY KEY (type_name=?)");
    expect_plan(f, STATEMENT_CONTENTS_AT, "USING PRIMARY KEY (dataset_id=? AND retired>?)");
    expect_plan(f, STATEMENT_RETIRE_FILE, "USING INTEGER PRIMARY KEY (rowid=?)");
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        T(test_every_statement_is_there_and_compiles),
        T(test_only_listings_of_everything_scan_a_table),
        T(test_look_ups_use_their_index),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
