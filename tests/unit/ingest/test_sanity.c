#include "ingest/sanity.h"

#include <math.h>
#include <stdlib.h>

#include "column/builder.h"
#include "unit/base/check.h"

static const struct column_field bar_fields[] = {
    {"ts", COLUMN_TIMESTAMP_MS, 0, false},
    {"open", COLUMN_DOUBLE, 0, true},
    {"high", COLUMN_DOUBLE, 0, true},
    {"low", COLUMN_DOUBLE, 0, true},
    {"close", COLUMN_DOUBLE, 0, true},
    {"volume", COLUMN_DOUBLE, 0, true},
    {"quote_volume", COLUMN_DOUBLE, 0, true},
    {"trades", COLUMN_INT64, 0, true},
    {"taker_buy_volume", COLUMN_DOUBLE, 0, true},
};
enum { BAR_FIELDS = sizeof bar_fields / sizeof *bar_fields, N_VALUES = BAR_FIELDS - 1, N_ROWS = 3000 };

/* open, high, low, close, volume, quote_volume, trades, taker_buy_volume; NAN is a null */
static const double well[N_VALUES] = {100, 110, 90, 105, 2, 200, 7, 1};

static const struct data_type *type_of(const char *name)
{
    struct lake_error err = {0};
    const struct data_type *type = NULL;
    lake_ok(data_type_find(name, &type, &err));
    return type;
}

static struct batch_builder *builder_of(const struct column_field *fields, size_t n)
{
    struct lake_error err = {0};
    struct schema *schema = NULL;
    struct batch_builder *builder = NULL;
    lake_ok(schema_new(fields, n, &schema, &err));
    lake_ok(batch_builder_new(schema, &builder, &err));
    schema_free(schema);
    return builder;
}

static void add_row(struct batch_builder *builder, const struct column_field *fields, size_t n, const double *values)
{
    struct lake_error err = {0};
    struct cell cells[BAR_FIELDS] = {{.kind = CELL_INT64}};
    for (size_t i = 1; i < n; i++) {
        double value = values[i - 1];
        cells[i].kind = isnan(value) ? CELL_NULL : fields[i].type == COLUMN_INT64 ? CELL_INT64 : CELL_DOUBLE;
        cells[i].number = value;
        cells[i].int64 = fields[i].type != COLUMN_INT64 || isnan(value) ? 0 : (int64_t)value;
    }
    lake_ok(batch_builder_append_cells(builder, cells, &err));
}

/* ---- one row among many that are well ---- */

/* The rule that the row breaks, found in the midst of a batch; the text of its reason in `reason`. */
static enum row_rule rule_among(const double *values, int64_t at, struct buffer *reason)
{
    struct lake_error err = {0};
    struct batch_builder *builder = builder_of(bar_fields, BAR_FIELDS);
    struct batch batch = {0};
    struct sanity sanity;
    struct row_marks marks = {0};
    for (int64_t row = 0; row < N_ROWS; row++)
        add_row(builder, bar_fields, BAR_FIELDS, row == at ? values : well);
    lake_ok(batch_builder_take(builder, &batch, &err));
    sanity_init(&sanity, type_of("raw"), batch.schema);
    row_marks_start(&marks, batch.n_rows);
    lake_ok(sanity_check(&sanity, &batch, &marks, &err));
    enum row_rule rule = marks.n_marked == 0 ? RULE_NONE : (enum row_rule)marks.rules[at];
    assert_int_equal(marks.n_marked, rule != RULE_NONE);
    buffer_clear(reason);
    if (rule != RULE_NONE)
        lake_ok(sanity_reason(&sanity, rule, &batch, at, reason, &err));
    row_marks_release(&marks);
    batch_release(&batch);
    batch_builder_free(builder);
    return rule;
}

struct wrong_bar {
    size_t column; /* of the values of a bar that is well … */
    double value;  /* … which has this one instead */
    enum row_rule rule;
    const char *reason;
};

static const struct wrong_bar wrong_bars[] = {
    {0, NAN, RULE_PRICE_MISSING, "open is missing"},
    {3, NAN, RULE_PRICE_MISSING, "close is missing"},
    {1, 80, RULE_HIGH_BELOW_LOW, "high 80 is below low 90"},
    {0, 111, RULE_OPEN_OUTSIDE, "open 111 is not between low 90 and high 110"},
    {0, 89.5, RULE_OPEN_OUTSIDE, "open 89.5 is not between low 90 and high 110"},
    {3, 120, RULE_CLOSE_OUTSIDE, "close 120 is not between low 90 and high 110"},
    {3, -1, RULE_CLOSE_OUTSIDE, "close -1 is not between"},
    {2, 0, RULE_PRICE_NOT_POSITIVE, "low 0 is no price"},
    {2, -4, RULE_PRICE_NOT_POSITIVE, "low -4 is no price"},
    {1, INFINITY, RULE_PRICE_NOT_POSITIVE, "high inf is no price"},
    {4, -0.5, RULE_VOLUME_NEGATIVE, "volume -0.5 is negative"},
    {5, -1, RULE_VOLUME_NEGATIVE, "quote_volume -1 is negative"},
    {7, -1, RULE_VOLUME_NEGATIVE, "taker_buy_volume -1 is negative"},
    {6, -1, RULE_TRADES_NEGATIVE, "trades -1 is negative"},
    {7, 2.5, RULE_TAKER_ABOVE_VOLUME, "taker_buy_volume 2.5 is above volume 2"},
    {5, 2, RULE_QUOTE_VOLUME_OUTSIDE, "quote_volume 2 is not volume 2 at a price between low 90 and high 110"},
    {5, 400, RULE_QUOTE_VOLUME_OUTSIDE, "quote_volume 400 is not volume 2"},
};

static void test_each_rule_is_found_and_explained(void **state)
{
    (void)state;
    struct lake_error err = {0};
    struct buffer reason = BUFFER_INIT(4096);
    static const int64_t places[] = {0, 511, 512, N_ROWS - 1};
    for (size_t i = 0; i < sizeof wrong_bars / sizeof *wrong_bars; i++) {
        const struct wrong_bar *wrong = &wrong_bars[i];
        double values[N_VALUES];
        const char *text = NULL;
        memcpy(values, well, sizeof well);
        values[wrong->column] = wrong->value;
        assert_int_equal(rule_among(values, places[i % 4], &reason), wrong->rule);
        lake_ok(buffer_string(&reason, &text, &err));
        if (strstr(text, wrong->reason) == NULL)
            fail_msg("'%s' does not say '%s'", text, wrong->reason);
    }
    buffer_release(&reason);
}

/* What venues publish: nothing traded, volumes in two decimals, whole quote volumes, no volume at all. */
static void test_real_rows_are_not_accused(void **state)
{
    (void)state;
    static const double rows[][N_VALUES] = {
        {100, 100, 100, 100, 0, 0, 0, 0},
        {100, 110, 90, 105, NAN, NAN, NAN, NAN},
        {100, 110, 90, 105, 0.01, 1.49, 1, 0.01},
        {20000, 20010, 19990, 20000, 0.01, 298.7, 3, 0.014},
        {2.8e-05, 2.9e-05, 2.7e-05, 2.8e-05, 384968, 11, 9, 1},
        {100, 110, 90, 105, 2, 180, 7, 2},
        {100, 110, 90, 105, 2, 220, 7, 0},
        {1e-300, 1e-300, 1e-300, 1e-300, 1, 0, 7, 1},
    };
    struct buffer reason = BUFFER_INIT(4096);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_int_equal(rule_among(rows[i], 700, &reason), RULE_NONE);
    buffer_release(&reason);
}

/* ---- the quick look against the careful one ---- */

static double odd_value(double value)
{
    switch (rand() % 40) {
    case 0: return NAN;
    case 1: return -value;
    case 2: return 0;
    case 3: return value * 1.3;
    case 4: return value / 1.3;
    case 5: return INFINITY;
    default: return value;
    }
}

static void test_both_looks_agree(void **state)
{
    (void)state;
    struct lake_error err = {0};
    srand(5);
    for (int round = 0; round < 20; round++) {
        struct batch_builder *builder = builder_of(bar_fields, BAR_FIELDS);
        struct batch batch = {0};
        struct sanity sanity;
        struct row_marks marks = {0};
        for (int64_t row = 0; row < N_ROWS; row++) {
            double values[N_VALUES];
            for (size_t i = 0; i < N_VALUES; i++) {
                values[i] = rand() % (round * 100 + 1) == 0 ? odd_value(well[i]) : well[i];
                if (bar_fields[i + 1].type == COLUMN_INT64 && isinf(values[i]))
                    values[i] = -1;
                /* In half of the rounds there are no nulls, so that the quick look is asked. */
                if (round % 2 == 0 && isnan(values[i]))
                    values[i] = 0;
            }
            add_row(builder, bar_fields, BAR_FIELDS, values);
        }
        lake_ok(batch_builder_take(builder, &batch, &err));
        sanity_init(&sanity, type_of("raw"), batch.schema);
        row_marks_start(&marks, batch.n_rows);
        lake_ok(sanity_check(&sanity, &batch, &marks, &err));
        for (int64_t row = 0; row < N_ROWS; row++)
            assert_int_equal(marks.n_marked == 0 ? RULE_NONE : marks.rules[row], sanity_rule(&sanity, &batch, row));
        row_marks_release(&marks);
        batch_release(&batch);
        batch_builder_free(builder);
    }
}

/* ---- trades and funding ---- */

static enum row_rule event_rule(const char *type, const struct column_field *fields, size_t n, const double *values)
{
    struct lake_error err = {0};
    struct batch_builder *builder = builder_of(fields, n);
    struct batch batch = {0};
    struct sanity sanity;
    struct row_marks marks = {0};
    add_row(builder, fields, n, values);
    lake_ok(batch_builder_take(builder, &batch, &err));
    sanity_init(&sanity, type_of(type), batch.schema);
    row_marks_start(&marks, 1);
    lake_ok(sanity_check(&sanity, &batch, &marks, &err));
    enum row_rule rule = marks.n_marked == 0 ? RULE_NONE : (enum row_rule)marks.rules[0];
    row_marks_release(&marks);
    batch_release(&batch);
    batch_builder_free(builder);
    return rule;
}

static void test_trades_and_funding(void **state)
{
    (void)state;
    static const struct column_field trade[] = {
        {"ts", COLUMN_TIMESTAMP_US, 0, false}, {"price", COLUMN_DOUBLE, 0, true}, {"amount", COLUMN_DOUBLE, 0, true}};
    static const struct column_field funding[] = {{"ts", COLUMN_TIMESTAMP_MS, 0, false},
                                                  {"rate", COLUMN_DOUBLE, 0, true}};
    assert_int_equal(event_rule("trades", trade, 3, (double[]){5, 0.1}), RULE_NONE);
    assert_int_equal(event_rule("trades", trade, 3, (double[]){5, 0}), RULE_NONE);
    assert_int_equal(event_rule("trades", trade, 3, (double[]){5e-324, 1}), RULE_NONE);
    assert_int_equal(event_rule("trades", trade, 3, (double[]){0, 0.1}), RULE_PRICE_NOT_POSITIVE);
    assert_int_equal(event_rule("trades", trade, 3, (double[]){5, -0.1}), RULE_AMOUNT_NEGATIVE);
    assert_int_equal(event_rule("trades", trade, 3, (double[]){5, INFINITY}), RULE_AMOUNT_NEGATIVE);
    assert_int_equal(event_rule("aggtrades", trade, 3, (double[]){NAN, 1}), RULE_VALUE_MISSING);
    assert_int_equal(event_rule("funding", funding, 2, (double[]){-0.00375}), RULE_NONE);
    assert_int_equal(event_rule("funding", funding, 2, (double[]){1.5}), RULE_RATE_TOO_LARGE);
    assert_int_equal(event_rule("funding", funding, 2, (double[]){NAN}), RULE_VALUE_MISSING);
}

/* ---- the table ---- */

static void test_what_becomes_of_rows(void **state)
{
    (void)state;
    for (int rule = RULE_NONE + 1; rule < N_ROW_RULES; rule++) {
        assert_true(row_rule_name((enum row_rule)rule) != NULL && *row_rule_name((enum row_rule)rule) != '\0');
        for (int other = RULE_NONE + 1; other < rule; other++)
            assert_string_not_equal(row_rule_name((enum row_rule)rule), row_rule_name((enum row_rule)other));
    }
    assert_int_equal(row_rule_action(RULE_CLOSE_OUTSIDE, LAKE_CHECK_DEFAULT), ROW_WARN);
    assert_int_equal(row_rule_action(RULE_CLOSE_OUTSIDE, LAKE_CHECK_OFF), ROW_KEEP);
    assert_int_equal(row_rule_action(RULE_CLOSE_OUTSIDE, LAKE_CHECK_REJECT), ROW_REJECT);
    assert_int_equal(row_rule_action(RULE_QUOTE_VOLUME_OUTSIDE, LAKE_CHECK_REJECT), ROW_WARN);
    assert_int_equal(row_rule_action(RULE_OFF_GRID, LAKE_CHECK_DEFAULT), ROW_REJECT);
    assert_int_equal(row_rule_action(RULE_OFF_GRID, LAKE_CHECK_WARN), ROW_WARN);
    assert_int_equal(row_rule_action(RULE_OFF_GRID, LAKE_CHECK_OFF), ROW_KEEP);
    assert_int_equal(row_rule_action(RULE_SKIPPED_TIME, LAKE_CHECK_OFF), ROW_REJECT);
    assert_int_equal(row_rule_action(RULE_STILL_OPEN, LAKE_CHECK_OFF), ROW_LEAVE_OUT);
    assert_int_equal(row_rule_action(RULE_FUTURE, LAKE_CHECK_DEFAULT), ROW_WARN);
    assert_int_equal(row_rule_action(RULE_FUTURE, LAKE_CHECK_REJECT), ROW_REJECT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_rule_is_found_and_explained),
        cmocka_unit_test(test_real_rows_are_not_accused),
        cmocka_unit_test(test_both_looks_agree),
        cmocka_unit_test(test_trades_and_funding),
        cmocka_unit_test(test_what_becomes_of_rows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
