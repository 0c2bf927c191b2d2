/* Runs the plain-text cases of tests/spec/check (its README says how they are written): bars in, findings out, however the bars are
 * cut into batches. */
#include <dirent.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "base/calendar.h"
#include "io/file.h"
#include "io/number.h"
#include "ops/check_rows.h"
#include "ops/check_window.h"
#include "unit/base/check.h"

enum { MAX_TEXT = 1 << 20, PATH_BYTES = 1024, WORD_BYTES = 128, MOST_BARS = 4096, MOST_FIELDS = 16, MOST_SHOWN = 50 };

struct spec_case {
    char name[WORD_BYTES];
    char type[WORD_BYTES], period[WORD_BYTES];
    int64_t now_ms;
    struct column_field fields[MOST_FIELDS];
    char names[MOST_FIELDS][WORD_BYTES];
    size_t n_fields;
    int64_t ts[MOST_BARS];
    double values[MOST_FIELDS][MOST_BARS]; /* NaN: as written in the next */
    bool is_null[MOST_FIELDS][MOST_BARS];
    int64_t n_bars;
    struct buffer want;
};

static struct spec_case spec;
static int n_cases, n_failed;
static bool is_found[N_CHECK_RULES];

/* ---- bars ---- */

static int64_t time_of(const char *text)
{
    int64_t us = 0;
    if (!calendar_parse_us(text, strlen(text), &us, NULL))
        fail_msg("case '%s': '%s' is no time", spec.name, text);
    return us / US_PER_MS;
}

static void take_field(size_t field, int64_t bar, const char *text)
{
    double value = NAN;
    spec.is_null[field][bar] = text[0] == '\0';
    if (strcmp(text, "inf") == 0)
        value = HUGE_VAL;
    else if (text[0] != '\0' && strcmp(text, "nan") != 0 && !number_parse_double(text, strlen(text), &value))
        fail_msg("case '%s': '%s' is no number", spec.name, text);
    spec.values[field][bar] = value;
}

static void take_header(char *line)
{
    char *rest = NULL;
    for (char *word = strtok_r(line, ",", &rest); word != NULL; word = strtok_r(NULL, ",", &rest)) {
        size_t i = spec.n_fields++;
        bool is_count = strcmp(word, "trades") == 0 || strncmp(word, "bars", 4) == 0;
        assert_true(i < MOST_FIELDS);
        (void)snprintf(spec.names[i], WORD_BYTES, "%s", word);
        spec.fields[i] = (struct column_field){spec.names[i],
                                               i == 0     ? COLUMN_TIMESTAMP_MS
                                               : is_count ? COLUMN_INT64
                                                          : COLUMN_DOUBLE,
                                               0, i > 0};
    }
}

/* "walk 300 100": so many bars that go up and down by a thousandth around a price, from a period after the bar before, or from the time
 * that is given as a third word. */
static void take_walk(const char *line)
{
    const struct period *period = NULL;
    struct lake_error err;
    int n = 0;
    double price = 0;
    char start[WORD_BYTES] = "2024-01-01";
    int n_read = sscanf(line, "walk %d %lf %127s", &n, &price, start);
    assert_true(n_read >= 2 && n > 0 && spec.n_bars + n <= MOST_BARS);
    lake_ok(period_find(spec.period, &period, &err));
    int64_t ts = n_read == 3 || spec.n_bars == 0 ? time_of(start) : spec.ts[spec.n_bars - 1] + period->length_ms;
    for (int i = 0; i < n; i++, ts += period->length_ms) {
        static const double steps[] = {0, 0.001, 0.0005, -0.001};
        double open = price * (1 + steps[i % 4]), close = price * (1 + steps[(i + 1) % 4]);
        const double bar[] = {open, fmax(open, close) * 1.0002, fmin(open, close) * 0.9998, close, 10};
        int64_t at = spec.n_bars++;
        spec.ts[at] = ts;
        for (size_t k = 1; k < spec.n_fields; k++) {
            spec.is_null[k][at] = k > 5;
            spec.values[k][at] = k > 5 ? NAN : bar[k - 1];
        }
    }
}

static void take_bar(char *line)
{
    size_t field = 0;
    assert_true(spec.n_bars < MOST_BARS);
    for (char *end; field < spec.n_fields; line = end + 1, field++) {
        end = line + strcspn(line, ",");
        bool is_last = *end == '\0';
        *end = '\0';
        if (field == 0)
            spec.ts[spec.n_bars] = time_of(line);
        else
            take_field(field, spec.n_bars, line);
        if (is_last)
            break;
    }
    assert_int_equal(field, spec.n_fields - 1);
    spec.n_bars++;
}

static void take_bar_line(char *line)
{
    if (spec.n_fields == 0)
        take_header(line);
    else if (strncmp(line, "walk ", 5) == 0)
        take_walk(line);
    else
        take_bar(line);
}

/* ---- running ---- */

static void fill_batch(struct batch *batch, int64_t first)
{
    struct lake_error err;
    memcpy(batch_values(batch, 0), spec.ts + first, (size_t)batch->n_rows * sizeof *spec.ts);
    for (size_t k = 1; k < spec.n_fields; k++) {
        lake_ok(batch_add_validity(batch, k, &err));
        for (int64_t i = 0; i < batch->n_rows; i++) {
            bool is_null = spec.is_null[k][first + i];
            double value = is_null ? 0 : spec.values[k][first + i];
            if (spec.fields[k].type == COLUMN_INT64)
                ((int64_t *)batch_values(batch, k))[i] = (int64_t)value;
            else
                ((double *)batch_values(batch, k))[i] = value;
            bit_set(batch->columns[k].validity, i, !is_null);
            batch->columns[k].null_count += is_null;
        }
    }
}

static const char *text_at(const struct batch *batch, size_t column, int64_t row, char out[CHECK_DETAIL_BYTES])
{
    const struct column *from = &batch->columns[column];
    int length = from->offsets[row + 1] - from->offsets[row];
    (void)snprintf(out, CHECK_DETAIL_BYTES, "%.*s", length, (const char *)from->values + from->offsets[row]);
    return out;
}

enum { RULE_COLUMN = 5, SEVERITY_COLUMN, TS_COLUMN, BARS_COLUMN, DETAIL_COLUMN };

static void note_found(const char *rule)
{
    for (int i = 0; i < N_CHECK_RULES; i++)
        if (strcmp(check_rule_name((enum check_rule)i), rule) == 0)
            is_found[i] = true;
}

static void print_findings(struct check_report *report, struct buffer *out)
{
    struct lake_error err;
    struct batch rows = {0};
    char text[CHECK_DETAIL_BYTES], ts[CALENDAR_TEXT_BYTES];
    lake_ok(batch_builder_take(report->rows, &rows, &err));
    for (int64_t row = 0; row < rows.n_rows; row++) {
        note_found(text_at(&rows, RULE_COLUMN, row, text));
        lake_ok(buffer_printf(out, &err, "%s ", text));
        lake_ok(buffer_printf(out, &err, "%s ", text_at(&rows, SEVERITY_COLUMN, row, text)));
        int64_t n_bars = ((const int64_t *)batch_values(&rows, BARS_COLUMN))[row];
        if (!column_is_valid(&rows.columns[TS_COLUMN], row)) {
            lake_ok(buffer_printf(out, &err, "and %" PRId64 " more\n", n_bars));
            continue;
        }
        (void)calendar_format_ms(((const int64_t *)batch_values(&rows, TS_COLUMN))[row], ts);
        lake_ok(buffer_printf(out, &err, "%s %" PRId64 " %s\n", ts, n_bars, text_at(&rows, DETAIL_COLUMN, row, text)));
    }
    batch_release(&rows);
}

static void check_in_batches(int64_t batch_rows, struct buffer *out)
{
    struct lake_error err;
    static const struct manifest_dataset dataset = {1, "TEST", "SPOT", "X", "raw", "1m"};
    struct check_subject subject = {
        .must_be_closed = strcmp(spec.type, "raw") == 0, .now_ms = spec.now_ms, .most_batch_rows = batch_rows};
    struct check_report report;
    struct check_rows *rows = NULL;
    struct schema *schema = NULL;
    lake_ok(period_find(spec.period, &subject.period, &err));
    lake_ok(schema_new(spec.fields, spec.n_fields, &schema, &err));
    lake_ok(check_report_init(&report, MOST_SHOWN, 1 << 20, &err));
    check_report_begin(&report, &dataset);
    lake_ok(check_rows_new(&subject, schema, &report, &rows, &err));
    for (int64_t first = 0; first < spec.n_bars; first += batch_rows) {
        struct batch batch = {0};
        int64_t n = spec.n_bars - first < batch_rows ? spec.n_bars - first : batch_rows;
        lake_ok(batch_new(&batch, schema, n, &err));
        fill_batch(&batch, first);
        lake_ok(check_rows_add(rows, &batch, &err));
        batch_release(&batch);
    }
    lake_ok(check_rows_end(rows, &err));
    lake_ok(check_report_end(&report, &err));
    print_findings(&report, out);
    check_rows_free(rows);
    check_report_release(&report);
    schema_free(schema);
}

static void run_case(const char *path)
{
    static const int64_t batch_rows[] = {MOST_BARS, 1, 7, 333};
    struct lake_error err;
    struct buffer got = BUFFER_INIT(MAX_TEXT);
    const char *got_text = NULL, *want_text = NULL;
    if (spec.name[0] == '\0')
        return;
    lake_ok(buffer_string(&spec.want, &want_text, &err));
    for (size_t i = 0; i < sizeof batch_rows / sizeof *batch_rows; i++) {
        buffer_clear(&got);
        check_in_batches(batch_rows[i], &got);
        lake_ok(buffer_string(&got, &got_text, &err));
        if (strcmp(got_text, want_text) == 0)
            continue;
        print_error("%s: case '%s', batches of %" PRId64 "\nwanted:\n%sgot:\n%s", path, spec.name, batch_rows[i],
                    want_text, got_text);
        n_failed++;
        break;
    }
    buffer_release(&got);
    n_cases++;
}

/* ---- reading ---- */

enum section { SECTION_NONE, SECTION_BARS, SECTION_FINDINGS };

static void begin_case(const char *name)
{
    buffer_clear(&spec.want);
    (void)snprintf(spec.name, sizeof spec.name, "%s", name);
    spec.n_fields = 0;
    spec.n_bars = 0;
    spec.now_ms = time_of("2030-01-01");
}

static enum section take_mark(const char *path, const char *line)
{
    char now[WORD_BYTES] = "";
    if (strncmp(line, "== ", 3) == 0) {
        run_case(path);
        begin_case(line + 3);
        return SECTION_NONE;
    }
    if (strcmp(line, "-- findings") == 0)
        return SECTION_FINDINGS;
    if (sscanf(line, "-- bars %127s %127s now %127s", spec.type, spec.period, now) < 2)
        fail_msg("%s: unknown section '%s'", path, line);
    if (now[0] != '\0')
        spec.now_ms = time_of(now);
    return SECTION_BARS;
}

static void run_file(const char *path)
{
    struct lake_error err;
    struct buffer text = BUFFER_INIT(MAX_TEXT);
    enum section section = SECTION_NONE;
    lake_ok(file_read_all(io_system(), path, MAX_TEXT, &text, &err));
    lake_ok(buffer_append_byte(&text, '\0', &err));
    spec.name[0] = '\0';
    char *line = (char *)text.data, *end;
    for (; (end = strchr(line, '\n')) != NULL; line = end + 1) {
        *end = '\0';
        if (strncmp(line, "== ", 3) == 0 || strncmp(line, "-- ", 3) == 0)
            section = take_mark(path, line);
        else if (line[0] == '\0' || line[0] == '#')
            continue;
        else if (section == SECTION_BARS)
            take_bar_line(line);
        else if (section == SECTION_FINDINGS)
            lake_ok(buffer_printf(&spec.want, &err, "%s\n", line));
        else
            fail_msg("%s: '%s' is in no section", path, line);
    }
    run_case(path);
    buffer_release(&text);
}

static const char *folder;

static void test_cases(void **state)
{
    (void)state;
    DIR *directory = opendir(folder);
    assert_non_null(directory);
    buffer_init(&spec.want, MAX_TEXT);
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        const char *dot = strrchr(entry->d_name, '.');
        char path[PATH_BYTES];
        if (dot == NULL || strcmp(dot, ".txt") != 0)
            continue;
        (void)snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        run_file(path);
    }
    (void)closedir(directory);
    buffer_release(&spec.want);
    print_message("%d cases\n", n_cases);
    assert_true(n_cases >= 50);
    assert_int_equal(n_failed, 0);
}

/* Those of conservation need a lake: tests/cli/test_quality.py. */
static void test_every_rule_of_rows_is_found_in_some_case(void **state)
{
    (void)state;
    for (int i = 0; i < CHECK_NOT_OF_SOURCE; i++)
        if (!is_found[i])
            fail_msg("no case finds %s", check_rule_name((enum check_rule)i));
}

static void test_names(void **state)
{
    (void)state;
    for (int i = 0; i < N_CHECK_RULES; i++) {
        const char *name = check_rule_name((enum check_rule)i);
        assert_non_null(name);
        assert_true(check_rule_is_known(name));
        for (int k = 0; k < i; k++)
            assert_string_not_equal(name, check_rule_name((enum check_rule)k));
    }
    assert_false(check_rule_is_known("repeated"));
}

int main(int n_arguments, char **arguments)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_every_rule_of_rows_is_found_in_some_case),
        cmocka_unit_test(test_names),
    };
    if (n_arguments != 2) {
        (void)fprintf(stderr, "usage: test_check_spec FOLDER\n");
        return 2;
    }
    folder = arguments[1];
    return cmocka_run_group_tests(tests, NULL, NULL);
}
