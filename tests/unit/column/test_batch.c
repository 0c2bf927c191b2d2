#include "column/batch.h"

#include "unit/column/rows.h"

static void test_new_columns_are_aligned_and_empty(void **state)
{
    (void)state;
    struct lake_error err = {0};
    static const int64_t sizes[] = {0, 1, 7, 8, 9, 1000};
    for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
        struct batch batch = {0};
        lake_ok(batch_new(&batch, &rows_schema, sizes[s], &err));
        assert_int_equal(batch.n_rows, sizes[s]);
        for (size_t c = 0; c < ROWS_FIELDS; c++) {
            const struct column *column = &batch.columns[c];
            bool has_offsets = column_type_has_offsets(rows_fields[c].type);
            assert_null(column->validity);
            assert_int_equal(column->null_count, 0);
            assert_true(has_offsets ? column->values == NULL : column->values != NULL);
            assert_int_equal((uintptr_t)column->values % 64, 0);
            assert_true(has_offsets == (column->offsets != NULL));
            for (int64_t i = 0; has_offsets && i <= sizes[s]; i++)
                assert_int_equal(column->offsets[i], 0);
        }
        batch_release(&batch);
    }
}

static void test_sizes_that_cannot_be_are_refused(void **state)
{
    (void)state;
    struct lake_error err = {0};
    struct batch batch = {0};
    lake_fails(batch_new(&batch, &rows_schema, -1, &err), LAKE_INVALID_ARGUMENT, "-1");
    assert_null(batch.release);
    lake_fails(batch_new(&batch, &rows_schema, INT64_MAX, &err), LAKE_NO_MEMORY, "");
    assert_null(batch.release);
    lake_fails(batch_new(&batch, &rows_schema, INT64_MAX / 4, &err), LAKE_NO_MEMORY, "");
    batch_release(&batch);
}

static void test_move_empties_the_source(void **state)
{
    (void)state;
    struct batch from = {0}, to = {0};
    rows_make(&from, 0, 20);
    batch_move(&to, &from);
    assert_null(from.release);
    batch_release(&from);
    rows_check(&to, 0, 20, 0);
    batch_release(&to);
    batch_release(&to);
    assert_int_equal(to.n_rows, 0);
}

static void test_validity_starts_all_present(void **state)
{
    (void)state;
    struct lake_error err = {0};
    for (int64_t n = 0; n < 20; n++) {
        struct batch batch = {0};
        lake_ok(batch_new(&batch, &rows_schema, n, &err));
        lake_ok(batch_add_validity(&batch, 7, &err));
        for (int64_t i = 0; i < n; i++)
            assert_true(column_is_valid(&batch.columns[7], i));
        if (n % 8 != 0)
            assert_int_equal(batch.columns[7].validity[n / 8] >> (n % 8), 0);
        uint8_t *validity = batch.columns[7].validity;
        lake_ok(batch_add_validity(&batch, 7, &err));
        assert_ptr_equal(batch.columns[7].validity, validity);
        batch_release(&batch);
    }
}

static void test_owned_schema_goes_with_the_batch(void **state)
{
    (void)state;
    struct lake_error err = {0};
    struct schema *schema = NULL;
    struct batch batch = {0};
    lake_ok(schema_new(rows_fields, ROWS_FIELDS, &schema, &err));
    lake_ok(batch_new(&batch, schema, 3, &err));
    batch.owns_schema = true; /* the leak checker tells if it is not freed, the address checker if it is too early */
    batch_release(&batch);
}

static void test_bits(void **state)
{
    (void)state;
    uint8_t bits[3] = {0};
    for (int64_t i = 0; i < 24; i++) {
        bit_set(bits, i, i % 5 == 0);
        for (int64_t k = 0; k <= i; k++)
            assert_int_equal(bit_get(bits, k), k % 5 == 0);
    }
    bit_set(bits, 5, false);
    assert_int_equal(bits[0], 1); /* least significant bit first */
    assert_int_equal(bits[1], 1 << 2 | 1 << 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_new_columns_are_aligned_and_empty),
        cmocka_unit_test(test_sizes_that_cannot_be_are_refused),
        cmocka_unit_test(test_move_empties_the_source),
        cmocka_unit_test(test_validity_starts_all_present),
        cmocka_unit_test(test_owned_schema_goes_with_the_batch),
        cmocka_unit_test(test_bits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
