/* Runs the plain-text cases of tests/spec/csv (its README says how they are written): CSV in, rows or an error out. */
#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "column/format.h"
#include "ingest/csv_reader.h"
#include "ingest/row_period.h"
#include "io/file.h"
#include "unit/base/check.h"
#include "unit/ingest/memory_file.h"

enum { MAX_TEXT = 1 << 20, PATH_BYTES = 1024, NAME_BYTES = 128, MAX_ITEMS = 8 };

/* One case as it is written: the sections' text. */
struct spec_case {
    char name[NAME_BYTES];
    char given[NAME_BYTES]; /* what the user says, or "" */
    struct buffer csv;
    struct buffer want; /* "period or type\nheader\nrows" or "error: …\n" */
};

static struct pool *pool;
static int n_cases;

static int hex_digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* One line of a csv section: \r, \t, \\, \xHH stand for bytes, \c at the end for no line end. */
static void append_csv_line(struct buffer *out, const char *line)
{
    struct lake_error err = {0};
    for (const char *p = line; *p != '\0'; p++) {
        char byte = *p;
        if (*p == '\\') {
            p++;
            if (*p == 'c')
                return;
            byte = (char)(*p == 'r' ? '\r' : *p == 't' ? '\t' : *p);
            if (*p == 'x') {
                assert_true(hex_digit(p[1]) >= 0 && hex_digit(p[2]) >= 0);
                byte = (char)(hex_digit(p[1]) * 16 + hex_digit(p[2]));
                p += 2;
            }
        }
        lake_ok(buffer_append_byte(out, (uint8_t)byte, &err));
    }
    lake_ok(buffer_append_byte(out, '\n', &err));
}

/* How a case is read. */
struct given {
    struct csv_wishes wishes;
    const char *items[MAX_ITEMS];
    const struct period *period;
    bool wants_rejects;
};

/* "1m rejects type=trades column=note:text …" */
static void take_given(char *text, struct given *given)
{
    struct lake_error err = {0};
    *given = (struct given){.period = NULL};
    for (char *word = strtok(text, " "); word != NULL; word = strtok(NULL, " ")) {
        if (strcmp(word, "rejects") == 0)
            given->wants_rejects = true;
        else if (strncmp(word, "type=", 5) == 0)
            lake_ok(data_type_find(word + 5, &given->wishes.type, &err));
        else if (strncmp(word, "column=", 7) == 0)
            given->items[given->wishes.columns.n_items++] = word + 7;
        else if (strncmp(word, "symbol=", 7) == 0)
            given->wishes.columns.symbol = word + 7;
        else
            lake_ok(period_find(word, &given->period, &err));
    }
    given->wishes.columns.items = given->items;
}

/* The period of bars, and the name of the type for others. */
static lake_status print_kind(struct row_source *rows, const struct row_runs *runs, const struct given *given,
                              struct buffer *out, struct lake_error *err)
{
    struct period_clues clues = {.place = rows->place,
                                 .given = given->period,
                                 .named = csv_reader_layout(rows)->period,
                                 .close_length_ms = csv_reader_bar_ms(rows)};
    struct period_told told;
    if (runs->n_runs == 0)
        return lake_fail(err, LAKE_INVALID_DATA, "%s: there is no row in it", rows->place);
    if (!rows->type->has_period)
        return buffer_printf(out, err, "%s\n", rows->type->name);
    for (size_t i = 0; i < runs->n_runs; i++) {
        const struct batch *batch = runs->runs[i].batch;
        if (i == 0 && batch->n_rows > 0)
            clues.first_ms = ((const int64_t *)batch_values(batch, 0))[0];
        bar_evidence_add(&clues.evidence, batch_values(batch, 0), batch->n_rows);
    }
    TRY(row_period_tell(&clues, &told, err));
    return buffer_printf(out, err, "%s\n", told.period->name);
}

static lake_status print_run(const struct row_run *run, struct buffer *out, struct buffer *rejects,
                             struct lake_error *err)
{
    for (size_t i = 0; i < run->n_rejects; i++)
        TRY(buffer_printf(rejects, err, "put aside: %" PRId64 ": %s (%s)\n", run->rejects[i].line,
                          run->rejects[i].reason, run->rejects[i].rule));
    if (run->n_others > 0)
        TRY(buffer_printf(rejects, err, "of other symbols: %" PRId64 "\n", run->n_others));
    return format_csv_rows(run->batch, 0, run->batch->n_rows, TIME_TEXT_NUMBER, out, err);
}

/* What reading the CSV gives, in the form of the wanted text. */
static lake_status read_rows(struct row_source *rows, const struct given *given, struct buffer *out,
                             struct lake_error *err)
{
    struct buffer rejects = BUFFER_INIT(MAX_TEXT);
    struct row_runs runs;
    bool has_kind = false;
    lake_status status = LAKE_OK;
    do {
        TRY_OUT(rows->ops->next(rows, &runs, err));
        if (!has_kind) {
            TRY_OUT(print_kind(rows, &runs, given, out, err));
            TRY_OUT(format_csv_header(rows->schema, out, err));
            has_kind = true;
        }
        for (size_t i = 0; i < runs.n_runs; i++)
            TRY_OUT(print_run(&runs.runs[i], out, &rejects, err));
    } while (runs.n_runs > 0);
    TRY_OUT(buffer_append(out, rejects.data, rejects.length, err));
out:
    buffer_release(&rejects);
    return status;
}

static lake_status read_csv(struct spec_case *spec, struct buffer *out, struct lake_error *err)
{
    struct memory_file file = memory_file_of((const char *)spec->csv.data, spec->csv.length);
    struct given given;
    take_given(spec->given, &given);
    struct csv_reader_options options = {.pool = pool, .wishes = &given.wishes, .wants_rejects = given.wants_rejects};
    struct row_source *rows = NULL;
    bool has_member = false;
    lake_status status = LAKE_OK;
    TRY(source_open(memory_file_io(&file), "x.csv", &options.source, err));
    TRY_OUT(source_next_member(options.source, &has_member, err));
    TRY_OUT(csv_reader_open(&options, &rows, err));
    TRY_OUT(read_rows(rows, &given, out, err));
out:
    if (rows != NULL)
        rows->ops->close(rows);
    source_close(options.source);
    return status;
}

static void run_case(const char *path, struct spec_case *spec)
{
    struct lake_error err = {0};
    struct buffer got = BUFFER_INIT(MAX_TEXT);
    const char *got_text = NULL, *want_text = NULL;
    if (spec->name[0] == '\0')
        return;
    lake_ok(buffer_reserve(&spec->csv, 1, &err));
    if (read_csv(spec, &got, &err) != LAKE_OK) {
        struct lake_error failure = err;
        buffer_clear(&got);
        lake_ok(buffer_printf(&got, &err, "error: %s\n", failure.message));
    }
    lake_ok(buffer_string(&got, &got_text, &err));
    lake_ok(buffer_string(&spec->want, &want_text, &err));
    if (strcmp(got_text, want_text) != 0)
        fail_msg("%s: case '%s'\nwanted:\n%sgot:\n%s", path, spec->name, want_text, got_text);
    buffer_release(&got);
    buffer_clear(&spec->csv);
    buffer_clear(&spec->want);
    spec->given[0] = '\0';
    n_cases++;
}

enum section { SECTION_NONE, SECTION_CSV, SECTION_WANT };

/* A line that begins a case or a section; false for any other. */
static bool take_mark(const char *path, const char *line, struct spec_case *spec, enum section *section)
{
    struct lake_error err = {0};
    if (strncmp(line, "== ", 3) == 0) {
        run_case(path, spec);
        (void)snprintf(spec->name, NAME_BYTES, "%s", line + 3);
        *section = SECTION_NONE;
        return true;
    }
    if (strncmp(line, "-- ", 3) != 0)
        return false;
    *section = strcmp(line, "-- csv") == 0 ? SECTION_CSV : SECTION_WANT;
    if (strncmp(line, "-- given ", 9) == 0)
        (void)snprintf(spec->given, NAME_BYTES, "%s", line + 9);
    else if (strncmp(line, "-- rows ", 8) == 0)
        lake_ok(buffer_printf(&spec->want, &err, "%s\n", line + 8));
    else if (strcmp(line, "-- error") == 0)
        lake_ok(buffer_append_text(&spec->want, "error: ", &err));
    else if (*section != SECTION_CSV)
        fail_msg("%s: unknown section '%s'", path, line);
    return true;
}

static void run_file(const char *path)
{
    struct lake_error err = {0};
    struct buffer text = BUFFER_INIT(MAX_TEXT);
    struct spec_case spec = {.csv = BUFFER_INIT(MAX_TEXT), .want = BUFFER_INIT(MAX_TEXT)};
    enum section section = SECTION_NONE;
    lake_ok(file_read_all(io_system(), path, MAX_TEXT, &text, &err));
    lake_ok(buffer_append_byte(&text, '\0', &err));
    char *line = (char *)text.data, *end;
    for (; (end = strchr(line, '\n')) != NULL; line = end + 1) {
        *end = '\0';
        if (line[0] == '#' || take_mark(path, line, &spec, &section))
            continue;
        if (section == SECTION_CSV)
            append_csv_line(&spec.csv, line);
        else if (line[0] != '\0' && section == SECTION_WANT)
            lake_ok(buffer_printf(&spec.want, &err, "%s\n", line));
        else
            assert_string_equal(line, "");
    }
    run_case(path, &spec);
    buffer_release(&text);
    buffer_release(&spec.csv);
    buffer_release(&spec.want);
}

static const char *folder;

static void test_cases(void **state)
{
    (void)state;
    DIR *directory = opendir(folder);
    assert_non_null(directory);
    int n_files = 0;
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        const char *dot = strrchr(entry->d_name, '.');
        char path[PATH_BYTES];
        if (dot == NULL || strcmp(dot, ".txt") != 0)
            continue;
        (void)snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        run_file(path);
        n_files++;
    }
    (void)closedir(directory);
    print_message("%d cases in %d files\n", n_cases, n_files);
    assert_true(n_files >= 5 && n_cases >= 50);
}

static int set_up(void **state)
{
    (void)state;
    return pool_new(2, &pool, NULL) == LAKE_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    pool_free(pool);
    return 0;
}

int main(int n_arguments, char **arguments)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_cases)};
    if (n_arguments != 2) {
        (void)fprintf(stderr, "usage: test_csv_spec FOLDER\n");
        return 2;
    }
    folder = arguments[1];
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
