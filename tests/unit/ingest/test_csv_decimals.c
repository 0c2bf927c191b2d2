/* Decimals read with vectors, without, and by strtod: the same bits. */
#include "ingest/csv_decimals.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "ingest/csv_digits.h"
#include "unit/base/check.h"

enum { ROUNDS = 400, N_RECORDS = 500, TEXT_BYTES = 64 << 10 };

/* Numbers as the first field of records, with what reading them needs. */
struct sample {
    char text[TEXT_BYTES];
    size_t length, n_records;
    struct csv_index index;
    struct csv_window window;
    struct csv_decimals decimals;
    double doubles[N_RECORDS];
    int64_t integers[N_RECORDS];
};

static struct sample *sample;

static int set_up(void **state)
{
    (void)state;
    sample = malloc(sizeof *sample);
    return sample != NULL ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    free(sample);
    return 0;
}

static uint64_t random_state = 88172645463325252;

static uint64_t next_random(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

static void clear_sample(void)
{
    sample->length = sample->n_records = 0;
}

static void add_number(const char *number, const char *end)
{
    assert_true(sample->n_records < N_RECORDS && sample->length < TEXT_BYTES - 100);
    sample->length += (size_t)sprintf(sample->text + sample->length, "%s,%s%s\n", number, number, end);
    sample->n_records++;
}

static void index_sample(void)
{
    memset(sample->text + sample->length, '7', CSV_PADDING_BYTES);
    csv_index_fill(&sample->index, sample->text, sample->text + sample->length, ',');
    size_t n = csv_index_records(&sample->index, sample->text, 2);
    assert_true(n <= sample->n_records);
    sample->window = (struct csv_window){sample->text, sample->index.ends, n, 2, sample->index.has_quotes};
}

static double number_at(size_t record, size_t field, char shown[128])
{
    struct csv_span text = csv_window_field(&sample->window, record, field);
    char *end = NULL;
    assert_true(text.length < 128);
    memcpy(shown, text.data, text.length);
    shown[text.length] = '\0';
    double value = strtod(shown, &end);
    assert_true(*end == '\0' && end != shown);
    return value;
}

static bool is_same(double a, double b)
{
    return memcmp(&a, &b, sizeof a) == 0;
}

/* How many of the field's decimals were read; each of them is right. */
static size_t check_decimals(size_t field)
{
    size_t n_read = 0;
    char shown[128];
    for (size_t i = 0; i < sample->window.n_records; i++) {
        double got = 0;
        if ((sample->decimals.form[i] & CSV_DECIMAL_OTHER) != 0 ||
            !csv_decimal_to_double(sample->decimals.digits[i], sample->decimals.form[i], &got))
            continue;
        n_read++;
        if (!is_same(got, number_at(i, field, shown)))
            fail_msg("%s became %.17g", shown, got);
    }
    return n_read;
}

static void check_sample(void)
{
    char shown[128];
    index_sample();
    for (size_t field = 0; field < 2; field++) {
        csv_decimals_read(&sample->window, field, &sample->decimals);
        (void)check_decimals(field);
        csv_decimals_read_portable(&sample->window, field, &sample->decimals);
        (void)check_decimals(field);
        if (csv_decimals_doubles(&sample->window, field, sample->doubles))
            for (size_t i = 0; i < sample->window.n_records; i++)
                if (!is_same(sample->doubles[i], number_at(i, field, shown)))
                    fail_msg("%s became %.17g", shown, sample->doubles[i]);
        if (csv_decimals_integers(&sample->window, field, sample->integers))
            for (size_t i = 0; i < sample->window.n_records; i++)
                if ((double)sample->integers[i] != number_at(i, field, shown))
                    fail_msg("%s became %" PRId64, shown, sample->integers[i]);
    }
}

/* A number of up to n_whole and n_fraction digits. */
static void print_number(char *out, int n_whole, int n_fraction, bool has_sign)
{
    uint64_t whole = next_random() % (uint64_t)pow(10, n_whole);
    uint64_t fraction = next_random() % (uint64_t)pow(10, n_fraction);
    const char *sign = has_sign && next_random() % 4 == 0 ? "-" : "";
    if (n_fraction == 0)
        (void)sprintf(out, "%s%" PRIu64, sign, whole);
    else
        (void)sprintf(out, "%s%" PRIu64 ".%0*" PRIu64, sign, whole, n_fraction, fraction);
}

static void test_numbers_of_every_shape(void **state)
{
    (void)state;
    char number[128];
    for (int round = 0; round < ROUNDS; round++) {
        clear_sample();
        int most = 1 + round % (round % 4 < 2 ? 18 : 15);
        for (size_t i = 0; i < N_RECORDS / 2; i++) {
            int n_whole = 1 + (int)(next_random() % (uint64_t)most);
            int n_digits = round % 4 < 2 ? 19 : 15; /* those that the plainest way takes, and others */
            int n_fraction = n_whole < n_digits ? (int)(next_random() % (uint64_t)(n_digits - n_whole)) : 0;
            print_number(number, n_whole, n_fraction, round % 2 == 0);
            bool has_return = round % 3 == 0 || (round % 3 == 1 && next_random() % 8 != 0);
            add_number(number, has_return ? "\r" : "");
        }
        check_sample();
    }
}

static const char *const common[] = {"0",
                                     "0.0",
                                     "5.685",
                                     "00.50",
                                     "42000.12",
                                     "0.00002853",
                                     "26547.30000000",
                                     "8388698.6",
                                     "123456789012345",
                                     "12345678",
                                     "99999999.9999999",
                                     "1234567.8",
                                     "9007199254740.991",
                                     ".5",
                                     "5.",
                                     "-0.0001",
                                     "-3",
                                     "12345678.1234567",
                                     "769101.20000000"};

/* The common forms are understood, so that the quick way is not left for them. */
static void test_common_numbers_need_no_other_way(void **state)
{
    (void)state;
    const size_t n = sizeof common / sizeof common[0];
    clear_sample();
    for (size_t i = 0; i < n; i++)
        add_number(common[i], "");
    check_sample();
    csv_decimals_read(&sample->window, 0, &sample->decimals);
    assert_int_equal(check_decimals(0), n);
    csv_decimals_read_portable(&sample->window, 0, &sample->decimals);
    assert_int_equal(check_decimals(0), n);
}

static void test_zeros_behind_many_digits_are_dropped(void **state)
{
    (void)state;
    clear_sample();
    add_number("31257123456.45600000", "");
    add_number("1234567890123.00000", "\r");
    check_sample();
    for (size_t field = 0; field < 2; field++) {
        csv_decimals_read(&sample->window, field, &sample->decimals);
        assert_int_equal(check_decimals(field), 2);
        csv_decimals_read_portable(&sample->window, field, &sample->decimals);
        assert_int_equal(check_decimals(field), 2);
    }
}

static const char *const others[] = {"",
                                     "-",
                                     "+1",
                                     ".",
                                     "-.",
                                     "1..2",
                                     "1.2.3",
                                     "x",
                                     " 1",
                                     "1 ",
                                     "1e5",
                                     "--1",
                                     "nan",
                                     "1\r",
                                     "1/2",
                                     "1:2",
                                     "0x10",
                                     "1,5\r",
                                     "-1-1",
                                     "1.2-",
                                     "1234567890123456789012.",
                                     "123456789012.34567890123",
                                     "1234567890123456789012345",
                                     "1234.5678901234567.8"};

static void test_other_forms_are_left_to_others(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        if (strchr(others[i], ',') != NULL)
            continue;
        clear_sample();
        add_number("1.5", "");
        add_number(others[i], "x");
        add_number("17", "");
        index_sample();
        csv_decimals_read(&sample->window, 0, &sample->decimals);
        uint8_t form = sample->decimals.form[1];
        csv_decimals_read_portable(&sample->window, 0, &sample->decimals);
        if ((form & CSV_DECIMAL_OTHER) == 0 || (sample->decimals.form[1] & CSV_DECIMAL_OTHER) == 0)
            fail_msg("'%s' was taken for a decimal", others[i]);
        if (csv_decimals_doubles(&sample->window, 0, sample->doubles) ||
            csv_decimals_integers(&sample->window, 0, sample->integers) ||
            csv_decimals_doubles(&sample->window, 1, sample->doubles))
            fail_msg("'%s' was taken for a plain number", others[i]);
    }
}

/* A byte that is no digit, wherever it stands in a number of whatever length. */
static void test_only_the_ten_digits_are_digits(void **state)
{
    (void)state;
    for (int byte = 0; byte < 256; byte++) {
        if ((byte >= '0' && byte <= '9') || byte == ',' || byte == '\n' || byte == '"' || byte == '.' || byte == '-')
            continue;
        clear_sample();
        for (size_t length = 1; length <= 16; length++)
            for (size_t at = 0; at < length; at++) {
                char number[20] = "1234567890123456";
                number[length] = '\0';
                if (at > 0)
                    number[length / 2] = '.';
                number[at] = byte != 0 ? (char)byte : 'x';
                add_number(number, "");
            }
        index_sample();
        csv_decimals_read(&sample->window, 0, &sample->decimals);
        for (size_t i = 0; i < sample->window.n_records; i++)
            assert_true((sample->decimals.form[i] & CSV_DECIMAL_OTHER) != 0);
        csv_decimals_read_portable(&sample->window, 0, &sample->decimals);
        for (size_t i = 0; i < sample->window.n_records; i++)
            assert_true((sample->decimals.form[i] & CSV_DECIMAL_OTHER) != 0);
    }
}

static void test_whole_numbers(void **state)
{
    (void)state;
    clear_sample();
    add_number("1680307200000", "\r");
    add_number("0", "\r");
    add_number("9007199254740991", "\r");
    check_sample();
    if (!csv_decimals_integers(&sample->window, 1, sample->integers))
        skip(); /* without vectors */
    assert_true(sample->integers[0] == INT64_C(1680307200000) && sample->integers[1] == 0);
    assert_true(sample->integers[2] == INT64_C(9007199254740991));
    clear_sample();
    add_number("9007199254740993", "");
    index_sample();
    assert_false(csv_decimals_doubles(&sample->window, 0, sample->doubles));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers_of_every_shape),
        cmocka_unit_test(test_common_numbers_need_no_other_way),
        cmocka_unit_test(test_zeros_behind_many_digits_are_dropped),
        cmocka_unit_test(test_other_forms_are_left_to_others),
        cmocka_unit_test(test_only_the_ten_digits_are_digits),
        cmocka_unit_test(test_whole_numbers),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
