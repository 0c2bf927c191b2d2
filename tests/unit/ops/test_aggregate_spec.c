/* Runs the plain-text cases of tests/spec/aggregate (its README says how they are written): bars or trades in, bars or an error out. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "base/calendar.h"
#include "column/builder.h"
#include "column/format.h"
#include "io/file.h"
#include "ops/aggregate.h"
#include "ops/aggregate_column.h"
#include "unit/base/check.h"
#include "unit/ops/rows_text.h"

enum { MAX_TEXT = 1 << 20, PATH_BYTES = 1024, CASE_BYTES = 160, MAX_COLUMNS = 8, MAX_FIELDS = 32 };

struct spec_case {
    char name[CASE_BYTES];
    char derive[CASE_BYTES]; /* "1m 15m offset=5m type=agg closed=2023-01-01" */
    char columns[MAX_COLUMNS][CASE_BYTES];
    size_t n_columns;
    struct buffer rows, want; /* what is wanted: a header and rows, or "error: …\n" */
};

static int n_cases;
static struct buffer used = BUFFER_INIT(MAX_TEXT); /* functions that cases name, each between blanks */

/* ---- deriving ---- */

struct derive {
    const struct data_type *type;
    const struct period *from, *to;
    int64_t offset_ms, closed_ms;
};

static lake_status take_derive(char *text, struct derive *derive, struct lake_error *err)
{
    *derive = (struct derive){.closed_ms = INT64_MAX};
    int64_t closed_us = 0;
    const char *type = NULL;
    for (char *word = strtok(text, " "); word != NULL; word = strtok(NULL, " ")) {
        if (strncmp(word, "offset=", 7) == 0)
            TRY(bucket_offset_parse(word + 7, &derive->offset_ms, err));
        else if (strncmp(word, "type=", 5) == 0)
            type = word + 5;
        else if (strncmp(word, "closed=", 7) == 0) {
            assert_true(calendar_parse_us(word + 7, strlen(word + 7), &closed_us, NULL));
            derive->closed_ms = closed_us / US_PER_MS;
        } else
            TRY(period_find(word, derive->from == NULL ? &derive->from : &derive->to, err));
    }
    assert_non_null(derive->to);
    bool is_tick = strcmp(derive->from->name, "tick") == 0;
    return data_type_find(type != NULL ? type : is_tick ? "trades" : "raw", &derive->type, err);
}

/* Rows of `batch`, at most `most` at a time, and what is done is taken at once. */
static lake_status add_rows(struct aggregator *aggregator, const struct batch *batch, int64_t most,
                            struct batch_builder *bars, struct lake_error *err)
{
    struct batch_builder *part = NULL;
    struct batch rows = {0}, done = {0};
    lake_status status = LAKE_OK;
    TRY(batch_builder_new(batch->schema, &part, err));
    for (int64_t row = 0; row < batch->n_rows; row += rows.n_rows) {
        batch_release(&rows);
        TRY_OUT(batch_builder_append(part, batch, row, batch->n_rows - row < most ? batch->n_rows - row : most, err));
        TRY_OUT(batch_builder_take(part, &rows, err));
        TRY_OUT(aggregator_add(aggregator, &rows, err));
        TRY_OUT(aggregator_take(aggregator, &done, err));
        TRY_OUT(batch_builder_append(bars, &done, 0, done.n_rows, err));
        batch_release(&done);
    }
out:
    batch_release(&rows);
    batch_release(&done);
    batch_builder_free(part);
    return status;
}

/* The columns that the wanted header names. */
static lake_status print_bars(const struct batch *bars, const char *want, struct buffer *out, struct lake_error *err)
{
    char header[MAX_FIELDS * 32], *names[MAX_FIELDS];
    (void)snprintf(header, sizeof header, "%.*s", (int)strcspn(want, "\n"), want);
    TRY(buffer_printf(out, err, "%s\n", header));
    size_t n = rows_text_split(header, names, MAX_FIELDS);
    for (int64_t row = 0; row < bars->n_rows; row++)
        for (size_t i = 0; i < n; i++) {
            int column = schema_find(bars->schema, names[i]);
            if (column < 0)
                return lake_fail(err, LAKE_NOT_FOUND, "there is no column '%s'", names[i]);
            TRY(format_value(bars, (size_t)column, row, TIME_TEXT_ISO, out, err));
            TRY(buffer_append_byte(out, i + 1 < n ? ',' : '\n', err));
        }
    return LAKE_OK;
}

static lake_status derive_bars(const struct spec_case *spec, const struct batch *rows, int64_t most, struct buffer *out,
                               struct lake_error *err)
{
    char text[CASE_BYTES];
    const char *columns[MAX_COLUMNS], *want = NULL;
    struct derive derive;
    struct aggregator *aggregator = NULL;
    struct batch_builder *builder = NULL;
    struct batch bars = {0}, last = {0};
    lake_status status = LAKE_OK;
    for (size_t i = 0; i < spec->n_columns; i++)
        columns[i] = spec->columns[i];
    (void)snprintf(text, sizeof text, "%s", spec->derive);
    TRY(take_derive(text, &derive, err));
    struct aggregate_recipe recipe = {.source_type = derive.type,
                                      .source_period = derive.from,
                                      .columns = columns,
                                      .n_columns = spec->n_columns,
                                      .place = "source"};
    struct buffer wanted = spec->want;
    TRY(bucket_grid_init(&recipe.grid, derive.to, derive.offset_ms, err));
    TRY(aggregator_new(&recipe, rows->schema, &aggregator, err));
    TRY_OUT(batch_builder_new(aggregator_schema(aggregator), &builder, err));
    TRY_OUT(add_rows(aggregator, rows, most, builder, err));
    TRY_OUT(aggregator_finish(aggregator, derive.closed_ms, err));
    TRY_OUT(aggregator_take(aggregator, &last, err));
    TRY_OUT(batch_builder_append(builder, &last, 0, last.n_rows, err));
    TRY_OUT(batch_builder_take(builder, &bars, err));
    TRY_OUT(buffer_string(&wanted, &want, err));
    TRY_OUT(print_bars(&bars, want, out, err));
out:
    aggregator_free(aggregator);
    batch_builder_free(builder);
    batch_release(&bars);
    batch_release(&last);
    return status;
}

/* ---- a case ---- */

static void note_functions(const struct spec_case *spec)
{
    struct lake_error err = {0};
    for (size_t i = 0; i < spec->n_columns; i++) {
        const char *equals = strchr(spec->columns[i], '=');
        if (equals != NULL)
            lake_ok(buffer_printf(&used, &err, " %.*s ", (int)strcspn(equals + 1, "("), equals + 1));
    }
}

/* The same must come however the rows are cut into batches. */
static void run_case(const char *path, struct spec_case *spec)
{
    struct lake_error err = {0};
    struct batch rows = {0};
    const char *text = NULL, *want = NULL, *got_text = NULL;
    const struct data_type *type = NULL;
    struct derive derive;
    char words[CASE_BYTES];
    if (spec->name[0] == '\0')
        return;
    (void)snprintf(words, sizeof words, "%s", spec->derive);
    (void)take_derive(words, &derive, &err);
    type = derive.type != NULL ? derive.type : data_type_at(0);
    lake_ok(buffer_string(&spec->rows, &text, &err));
    lake_ok(buffer_reserve(&spec->want, 1, &err));
    lake_ok(buffer_string(&spec->want, &want, &err));
    rows_text_read(text, type, &rows);
    for (int64_t most = 1; most < 2 * rows.n_rows + 2; most++) {
        struct buffer got = BUFFER_INIT(MAX_TEXT);
        if (derive_bars(spec, &rows, most, &got, &err) != LAKE_OK) {
            struct lake_error failure = err;
            buffer_clear(&got);
            lake_ok(buffer_printf(&got, &err, "error: %s\n", failure.message));
        }
        lake_ok(buffer_string(&got, &got_text, &err));
        if (strcmp(got_text, want) != 0)
            fail_msg("%s: case '%s', %d rows at a time\nwanted:\n%sgot:\n%s", path, spec->name, (int)most, want,
                     got_text);
        buffer_release(&got);
    }
    note_functions(spec);
    batch_release(&rows);
    buffer_clear(&spec->rows);
    buffer_clear(&spec->want);
    spec->n_columns = 0;
    n_cases++;
}

enum section { SECTION_NONE, SECTION_ROWS, SECTION_WANT };

/* A line that begins a case or a section; false for any other. */
static bool take_mark(const char *path, const char *line, struct spec_case *spec, enum section *section)
{
    struct lake_error err = {0};
    if (strncmp(line, "== ", 3) == 0) {
        run_case(path, spec);
        (void)snprintf(spec->name, CASE_BYTES, "%s", line + 3);
        *section = SECTION_NONE;
        return true;
    }
    if (strncmp(line, "-- ", 3) != 0)
        return false;
    *section = strcmp(line, "-- rows") == 0 ? SECTION_ROWS : SECTION_WANT;
    if (strncmp(line, "-- derive ", 10) == 0) {
        (void)snprintf(spec->derive, CASE_BYTES, "%s", line + 10);
    } else if (strncmp(line, "-- column ", 10) == 0) {
        assert_true(spec->n_columns < MAX_COLUMNS);
        (void)snprintf(spec->columns[spec->n_columns++], CASE_BYTES, "%s", line + 10);
    } else if (strcmp(line, "-- error") == 0) {
        lake_ok(buffer_append_text(&spec->want, "error: ", &err));
    } else if (*section != SECTION_ROWS && strcmp(line, "-- bars") != 0) {
        fail_msg("%s: unknown section '%s'", path, line);
    }
    return true;
}

static void run_file(const char *path)
{
    struct lake_error err = {0};
    struct buffer text = BUFFER_INIT(MAX_TEXT);
    struct spec_case spec = {.rows = BUFFER_INIT(MAX_TEXT), .want = BUFFER_INIT(MAX_TEXT)};
    enum section section = SECTION_NONE;
    lake_ok(file_read_all(io_system(), path, MAX_TEXT, &text, &err));
    lake_ok(buffer_append_byte(&text, '\0', &err));
    char *line = (char *)text.data, *end;
    for (; (end = strchr(line, '\n')) != NULL; line = end + 1) {
        *end = '\0';
        if (line[0] == '#' || line[0] == '\0' || take_mark(path, line, &spec, &section))
            continue;
        assert_true(section != SECTION_NONE);
        lake_ok(buffer_printf(section == SECTION_ROWS ? &spec.rows : &spec.want, &err, "%s\n", line));
    }
    run_case(path, &spec);
    buffer_release(&text);
    buffer_release(&spec.rows);
    buffer_release(&spec.want);
}

static const char *folder;

static void test_cases(void **state)
{
    (void)state;
    DIR *directory = opendir(folder);
    assert_non_null(directory);
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        const char *dot = strrchr(entry->d_name, '.');
        char path[PATH_BYTES];
        if (dot == NULL || strcmp(dot, ".txt") != 0)
            continue;
        (void)snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        run_file(path);
    }
    (void)closedir(directory);
    print_message("%d cases\n", n_cases);
    assert_true(n_cases >= 50);
}

static void test_every_function_has_a_case(void **state)
{
    (void)state;
    struct lake_error err = {0};
    const struct aggregate_function *function;
    const char *text = NULL;
    lake_ok(buffer_string(&used, &text, &err));
    for (size_t i = 0; (function = aggregate_function_at(i)) != NULL; i++) {
        char name[CASE_BYTES];
        (void)snprintf(name, sizeof name, " %s ", function->name);
        if (strstr(text, name) == NULL)
            fail_msg("no case in %s uses the function '%s'", folder, function->name);
    }
    buffer_release(&used);
}

int main(int n_arguments, char **arguments)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_cases), cmocka_unit_test(test_every_function_has_a_case)};
    if (n_arguments != 2) {
        (void)fprintf(stderr, "usage: test_aggregate_spec FOLDER\n");
        return 2;
    }
    folder = arguments[1];
    return cmocka_run_group_tests(tests, NULL, NULL);
}
