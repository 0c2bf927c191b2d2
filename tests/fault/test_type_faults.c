/* Registering a data type, and finding one, where each allocation and each file operation fails in turn: the type is there whole or not at
 * all, and what is answered is right or an error. */
#include "unit/lake/type_fixture.h"

#include <stdlib.h>
#include <string.h>

#include "fault/fault_io.h"
#include "fault/fault_memory.h"
#include "lake/types.h"
#include "manifest/handle.h"

static struct fixture *new_lake(void)
{
    struct fixture *fixture = fixture_new();
    fixture->n_threads = 1;
    fixture_reopen(fixture);
    return fixture;
}

/* So that the next run has all to do. */
static lake_status forget(struct lake *lake, struct lake_error *err)
{
    lake->types = NULL;
    return database_run(lake->manifest->database, "BEGIN; DELETE FROM type_columns; DELETE FROM types; COMMIT", err);
}

/* What is there says all of the type, to a handle that did not know it. */
static lake_status look(struct lake *lake, struct lake_error *err)
{
    const struct data_type *type = NULL;
    TRY(lake_type_find(lake, "liquidations", &type, err));
    if (type->n_columns != 4 || type->n_key != 2 || strcmp(type->key[1], "id") != 0 ||
        type->columns[3].nullable != true)
        return lake_fail(err, LAKE_INTERNAL, "the type is not what was registered");
    return LAKE_OK;
}

static lake_status register_and_look(struct lake *lake, struct lake_error *err)
{
    const struct lake_type_options type = liquidations();
    TRY(lake_register_type(lake, &type, err));
    TRY(lake_register_type(lake, &type, err));
    return look(lake, err);
}

/* ---- memory ---- */

static lake_status work_in_memory(void *context, struct lake_error *err)
{
    const struct fixture *fixture = context;
    struct ArrowArrayStream stream;
    TRY(forget(fixture->lake, err));
    TRY(register_and_look(fixture->lake, err));
    TRY(lake_list_types(fixture->lake, &stream, err));
    stream.release(&stream);
    return LAKE_OK;
}

static void test_an_allocation_fails(void **state)
{
    struct fixture *fixture = new_lake();
    (void)state;
    assert_true(sweep_memory(work_in_memory, fixture) > 20);
    assert_int_equal(count_problems(fixture->lake), 0);
    fixture_free(fixture);
}

/* An unknown name is told with what memory there is. */
static lake_status ask_for_nothing(void *context, struct lake_error *err)
{
    const struct fixture *fixture = context;
    const struct data_type *type = NULL;
    fixture->lake->types = NULL;
    lake_status status = lake_type_find(fixture->lake, "liquidation", &type, err);
    return status == LAKE_INVALID_ARGUMENT ? LAKE_OK : status;
}

static void test_an_allocation_fails_where_a_type_is_not_there(void **state)
{
    struct fixture *fixture = new_lake();
    (void)state;
    register_type(fixture->lake, liquidations());
    fixture_reopen(fixture);
    assert_true(sweep_memory(ask_for_nothing, fixture) > 3);
    fixture_free(fixture);
}

/* ---- files ---- */

static lake_status work_on_files(void *context, struct io io, struct lake_error *err)
{
    struct fixture *fixture = context;
    lake_status status = fixture_try_open(fixture, io, err);
    if (status == LAKE_OK)
        status = register_and_look(fixture->lake, err);
    lake_close(fixture->lake);
    fixture->lake = NULL;
    return status;
}

static void reset(void *context)
{
    struct fixture *fixture = context;
    fixture_reopen(fixture);
    assert_int_equal(forget(fixture->lake, NULL), LAKE_OK);
}

/* Opening and closing a lake do without what these do; the type is in SQLite, whose files are its own. */
static void test_a_file_operation_fails(void **state)
{
    struct fixture *fixture = new_lake();
    (void)state;
    const struct io_sweep sweep = {.work = work_on_files,
                                   .context = fixture,
                                   .reset = reset,
                                   .tolerated = "list lock status open remove is_network write sync close"};
    assert_true(sweep_io(&sweep) > 10);
    fixture_reopen(fixture);
    assert_int_equal(count_problems(fixture->lake), 0);
    fixture_free(fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_allocation_fails),
        cmocka_unit_test(test_an_allocation_fails_where_a_type_is_not_there),
        cmocka_unit_test(test_a_file_operation_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
