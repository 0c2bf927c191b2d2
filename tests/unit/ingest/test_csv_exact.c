/* Every number that the parser gives is the double that strtod gives, in the C locale: decimals of all shapes, in files of a column each way.
 *
 *     test_csv_exact [NUMBERS]     (2,000,000 where nothing is said) */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ingest/csv_digits.h"
#include "ingest/csv_parse.h"
#include "unit/base/check.h"

enum { N_ROWS = 2000, NUMBER_BYTES = 400, N_KINDS = 10, MANY = 2000000 };

static int64_t n_numbers = MANY;

/* A column of doubles behind the time, and texts of it. */
struct subject {
    struct csv_field fields[2];
    struct csv_layout layout;
    struct csv_run run;
    char *text;
    size_t length;
    double want[N_ROWS];
    char numbers[N_ROWS][NUMBER_BYTES];
};

static uint64_t random_state = 88172645463325252;

static uint64_t next_random(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

static int below(int n)
{
    return (int)(next_random() % (uint64_t)n);
}

static char *add_digits(char *out, int n)
{
    for (int i = 0; i < n; i++)
        *out++ = (char)('0' + below(10));
    *out = '\0';
    return out;
}

/* Of any bits, without the infinities. */
static double random_double(void)
{
    uint64_t bits = next_random();
    double value;
    if ((bits >> 52 & 0x7ff) == 0x7ff)
        bits &= ~(UINT64_C(1) << 60);
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* Exactly between a double and the next: more digits than decide, and a last one that decides. */
static void print_halfway(char *out)
{
    double low = fabs(random_double());
    if (next_random() % 2 == 0)
        low = ldexp((double)(next_random() >> 11), below(120) - 100);
    long double middle = ((long double)low + (long double)nextafter(low, 1e308)) / 2;
    int n = snprintf(out, NUMBER_BYTES, "%.*Le", 20 + below(60), middle);
    char *exponent = strchr(out, 'e');
    if (n > 0 && exponent != NULL && next_random() % 3 == 0)
        exponent[-1] = (char)('0' + below(10));
}

static void print_number(char *out, int kind)
{
    char *p = out;
    if (next_random() % 4 == 0)
        *p++ = '-';
    switch (kind) {
    case 0: (void)sprintf(p, "%d.%02d", below(100000), below(100)); return;
    case 1: (void)sprintf(p, "%d.%08d", below(1000000), below(100000000)); return;
    case 2: (void)sprintf(p, "%" PRIu64, next_random() >> below(64)); return;
    case 3: (void)sprintf(p, "%.17g", fabs(random_double())); return;
    case 4: (void)sprintf(p, "%.*g", 1 + below(18), (double)next_random() / (double)(1 + below(1000000))); return;
    case 5: print_halfway(p); return;
    case 6:
        (void)sprintf(p, "%.*e", below(30), fabs(random_double()) * 1e-310);
        return; /* many below the normal ones */
    case 7: (void)sprintf(add_digits(p, 1 + below(25)), "e%d", below(640) - 330); return;
    case 8:
        p = add_digits(p, below(22));
        *p++ = '.';
        (void)add_digits(p, 1 + below(30));
        return;
    default:
        p = add_digits(p, 1 + below(3));
        *p++ = '.';
        (void)add_digits(p, 200 + below(150));
        return;
    }
}

static void add_row(struct subject *subject, int row, int kind)
{
    char *number = subject->numbers[row];
    do {
        print_number(number, kind);
        subject->want[row] = strtod(number, NULL);
    } while (!isfinite(subject->want[row]));
    subject->length += (size_t)sprintf(subject->text + subject->length, "1680307200000,%s\n", number);
}

static void check_rows(struct subject *subject)
{
    struct lake_error err = {0};
    struct csv_block block = {.layout = &subject->layout, .place = "x.csv", .text = subject->text};
    memset(subject->text + subject->length, 0, CSV_PADDING_BYTES);
    subject->run.text = subject->text;
    subject->run.end = subject->text + subject->length;
    lake_ok(csv_parse(&block, &subject->run, &err));
    assert_int_equal(subject->run.rows.batch.n_rows, N_ROWS);
    const double *got = batch_values(&subject->run.rows.batch, 1);
    for (int row = 0; row < N_ROWS; row++)
        if (memcmp(&got[row], &subject->want[row], sizeof got[row]) != 0)
            fail_msg("%s became %.17g, not %.17g", subject->numbers[row], got[row], subject->want[row]);
}

static void prepare(struct subject *subject)
{
    static const struct column_field columns[] = {{"ts", COLUMN_TIMESTAMP_MS, 0, false}, {"x", COLUMN_DOUBLE, 0, true}};
    struct lake_error err = {0};
    subject->fields[0].meaning = (struct field_meaning){.use = FIELD_TIME, .name = "ts", .source = "ts"};
    subject->fields[1].meaning = (struct field_meaning){
        .use = FIELD_VALUE, .name = "x", .source = "x", .type = COLUMN_DOUBLE, .is_nullable = true};
    subject->fields[1].column = 1;
    subject->layout = (struct csv_layout){
        .separator = ',', .decimal = '.', .n_fields = 2, .n_needed_fields = 2, .fields = subject->fields};
    lake_ok(schema_new(columns, 2, &subject->layout.schema, &err));
    csv_run_init(&subject->run);
    subject->text = malloc(N_ROWS * (NUMBER_BYTES + 32) + CSV_PADDING_BYTES);
    assert_non_null(subject->text);
}

/* Each column is of one kind, or of all: so numbers come in stretches that go the quickest way, and in such as do not. */
static void test_every_number_is_the_nearest_double(void **state)
{
    (void)state;
    struct subject *subject = malloc(sizeof *subject);
    assert_non_null(subject);
    memset(subject, 0, sizeof *subject);
    prepare(subject);
    int64_t n = 0;
    for (int64_t round = 0; n < n_numbers; n += N_ROWS, round++) {
        int kind = (int)(round % (2 * N_KINDS));
        subject->length = 0;
        for (int row = 0; row < N_ROWS; row++)
            add_row(subject, row, kind < N_KINDS ? kind : below(N_KINDS));
        check_rows(subject);
    }
    print_message("%" PRId64 " numbers\n", n);
    csv_run_release(&subject->run);
    schema_free(subject->layout.schema);
    free(subject->text);
    free(subject);
}

int main(int n_arguments, char **arguments)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_number_is_the_nearest_double)};
    if (n_arguments > 1)
        n_numbers = strtoll(arguments[1], NULL, 10);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
