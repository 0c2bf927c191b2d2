/* The index against a plain loop over bytes, with vectors and without. */
#include "ingest/csv_index.h"

#include <stdlib.h>

#include "ingest/csv_digits.h"
#include "unit/base/check.h"

enum { ROUNDS = 3000, MOST_BYTES = 3000 };

typedef void (*fill_index)(struct csv_index *index, const char *text, const char *end, char separator);

static uint64_t random_state = 88172645463325252;

static uint64_t next_random(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

/* Records of all kinds; what stands behind the text is of the same letters. */
static size_t make_text(char *text, int round)
{
    static const char *const pieces[] = {"1",    "23.5",  ",",           ",",    ";",  "\n",
                                         "\r\n", "\"7\"", ",\"a,b;c\",", "\"\"", "\"", "-\r"};
    size_t n_pieces = round % 4 == 0 ? 12 : round % 4 == 1 ? 10 : 7;
    size_t length = next_random() % (MOST_BYTES + 1), n = 0;
    while (n < length + CSV_PADDING_BYTES) {
        const char *piece = pieces[next_random() % n_pieces];
        for (; *piece != '\0' && n < length + CSV_PADDING_BYTES; piece++)
            text[n++] = *piece;
    }
    return length;
}

/* The ends in the text up to the first thing that is not a mark around a field, found byte by byte. */
struct expected {
    uint32_t ends[MOST_BYTES];
    size_t n_ends, n_lines, n_bytes;
};

static bool is_end(char c, char separator)
{
    return c == separator || c == '\n';
}

/* Whether an end follows place i, at which a closing mark stands. */
static bool is_closed_well(const char *text, size_t i, char separator)
{
    return is_end(text[i + 1], separator) || (text[i + 1] == '\r' && text[i + 2] == '\n');
}

static void expect(struct expected *expected, const char *text, size_t length, char separator)
{
    bool is_inside = false;
    *expected = (struct expected){.n_ends = 0};
    for (size_t i = 0; i < length; i++, expected->n_bytes++) {
        if (text[i] == '"') {
            if (!is_inside && i > 0 && !is_end(text[i - 1], separator))
                return;
            is_inside = !is_inside;
            if (!is_inside && i + 1 < length && !is_closed_well(text, i, separator)) {
                expected->n_bytes++;
                return;
            }
        } else if (is_inside && text[i] == '\n') {
            return;
        } else if (!is_inside && is_end(text[i], separator)) {
            expected->ends[expected->n_ends++] = (uint32_t)i;
            expected->n_lines += text[i] == '\n';
        }
    }
}

/* Looking ends at the expected place, or before it where a line end could not be told from the block alone. */
static void check_index(const struct csv_index *index, const char *text, size_t length, char separator)
{
    static struct expected expected;
    expect(&expected, text, length, separator);
    assert_true(index->n_bytes <= expected.n_bytes && index->n_ends <= expected.n_ends);
    size_t n_lines = 0;
    for (size_t i = 0; i < index->n_ends; i++) {
        assert_int_equal(index->ends[i], expected.ends[i]);
        n_lines += text[index->ends[i]] == '\n';
    }
    assert_int_equal(index->n_lines, n_lines);
    assert_true(index->n_ends == expected.n_ends || expected.ends[index->n_ends] >= index->n_bytes);
    assert_int_equal((uint32_t)(index->ends[-1] + 1), 0);
    size_t at = index->n_bytes;
    bool is_cut_by_a_return = at < length && at % CSV_INDEX_BLOCK == CSV_INDEX_BLOCK - 1 && text[at] == '\r';
    assert_true(at == expected.n_bytes || is_cut_by_a_return || index->n_ends > CSV_INDEX_ENDS - CSV_INDEX_BLOCK ||
                at >= CSV_INDEX_BYTES);
    assert_true(index->has_quotes || memchr(text, '"', at) == NULL);
}

/* Lines of n_fields fields each, by the ends that the index tells. */
static size_t count_records(const struct csv_index *index, const char *text, size_t n_fields)
{
    size_t n = 0, n_ends = 0;
    for (size_t i = 0; i < index->n_ends; i++) {
        n_ends++;
        if (text[index->ends[i]] != '\n')
            continue;
        if (n_ends != n_fields)
            break;
        n_ends = 0;
        n++;
    }
    return n;
}

static void check_texts(fill_index fill)
{
    struct csv_index *index = malloc(sizeof *index);
    char *text = malloc(MOST_BYTES + CSV_PADDING_BYTES);
    for (int round = 0; round < ROUNDS; round++) {
        size_t length = make_text(text, round);
        char separator = round % 3 == 0 ? ';' : ',';
        fill(index, text, text + length, separator);
        check_index(index, text, length, separator);
        for (size_t n_fields = 2; n_fields < 6; n_fields++)
            assert_int_equal(csv_index_records(index, text, n_fields), count_records(index, text, n_fields));
    }
    free(text);
    free(index);
}

static void test_places_are_those_of_a_loop(void **state)
{
    (void)state;
    check_texts(csv_index_fill);
    check_texts(csv_index_fill_portable);
}

/* Two fields a record, of no bytes or of many: more ends or more bytes than an index holds. */
static void test_an_index_has_limits(void **state)
{
    (void)state;
    fill_index fills[] = {csv_index_fill, csv_index_fill_portable};
    struct csv_index *index = malloc(sizeof *index);
    size_t n = 4 * CSV_INDEX_BYTES;
    char *text = malloc(n + CSV_PADDING_BYTES);
    for (size_t width = 1; width < 100; width += 97)
        for (size_t f = 0; f < 2; f++) {
            for (size_t i = 0; i < n + CSV_PADDING_BYTES; i++)
                text[i] = i % width == width - 1 ? (i / width % 2 == 0 ? ',' : '\n') : '1';
            fills[f](index, text, text + n, ',');
            assert_true(index->n_bytes < n && index->n_ends <= CSV_INDEX_ENDS);
            for (size_t i = 0; i < index->n_ends; i++)
                assert_int_equal(index->ends[i], (i + 1) * width - 1);
            assert_int_equal(csv_index_records(index, text, 2), index->n_ends / 2);
        }
    free(text);
    free(index);
}

static void test_fields_of_a_window(void **state)
{
    (void)state;
    struct csv_index *index = malloc(sizeof *index);
    char text[64 + CSV_PADDING_BYTES] = "12,345\r\n,\n6\r,\r\n\"7,8\",\"\"\r\n\"\",\"9\"\n";
    csv_index_fill(index, text, text + strlen(text), ',');
    struct csv_window window = {text, index->ends, csv_index_records(index, text, 2), 2, index->has_quotes};
    const char *const want[5][2] = {{"12", "345"}, {"", ""}, {"6\r", ""}, {"7,8", ""}, {"", "9"}};
    assert_int_equal(window.n_records, 5);
    for (size_t i = 0; i < 10; i++) {
        struct csv_span field = csv_window_field(&window, i / 2, i % 2);
        assert_int_equal(field.length, strlen(want[i / 2][i % 2]));
        assert_memory_equal(field.data, want[i / 2][i % 2], field.length);
    }
    free(index);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_places_are_those_of_a_loop),
        cmocka_unit_test(test_an_index_has_limits),
        cmocka_unit_test(test_fields_of_a_window),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
