/* Runs the plain-text cases of tests/spec/csv/vendors (the README beside them says how they are written): the
 * beginning of a file in, what detection finds or why it refuses out. With a second argument the cases are written
 * anew with what is found, for a person to read and check. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "io/file.h"
#include "unit/base/check.h"
#include "unit/ingest/layout_text.h"

enum { MAX_TEXT = 1 << 20, PATH_BYTES = 1024, NAME_BYTES = 256, MAX_ITEMS = 16 };

struct vendor_case {
    char name[NAME_BYTES], file[NAME_BYTES], given[NAME_BYTES];
    struct buffer csv, written; /* the text of the file; the section as it is written */
    struct buffer want;
};

enum section { SECTION_NONE, SECTION_CSV, SECTION_WANT };

static struct lake_error err;
static int n_cases;
static FILE *rewritten; /* where the cases are written anew; NULL: they are held against what is found */

static int hex_digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* One line of a csv section: \r, \t, \\, \xHH stand for bytes, \c at the end for no line end. */
static void append_csv_line(struct buffer *out, const char *line)
{
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
        lake_ok(buffer_append_byte(out, (uint8_t)byte, NULL));
    }
    lake_ok(buffer_append_byte(out, '\n', NULL));
}

/* "symbol=BTCUSD type=raw tz columns=ts,open …" */
static void take_given(char *given, struct csv_wishes *wishes, const char *items[MAX_ITEMS])
{
    for (char *word = strtok(given, " "); word != NULL; word = strtok(NULL, " ")) {
        char *value = strchr(word, '=');
        value = value != NULL ? value + 1 : word;
        if (strncmp(word, "symbol=", 7) == 0)
            wishes->columns.symbol = value;
        else if (strncmp(word, "type=", 5) == 0)
            lake_ok(data_type_find(value, &wishes->type, NULL));
        else if (strncmp(word, "order=", 6) == 0)
            wishes->date_order = strcmp(value, "DMY") == 0 ? CSV_ORDER_DMY : CSV_ORDER_MDY;
        else if (strncmp(word, "decimal=", 8) == 0)
            wishes->decimal = value[0];
        else if (strncmp(word, "header=", 7) == 0)
            wishes->header = strcmp(value, "yes") == 0 ? 1 : -1;
        else if (strcmp(word, "tz") == 0)
            wishes->has_zone = true;
        else if (strncmp(word, "column=", 7) == 0)
            items[wishes->columns.n_items++] = value;
        else
            fail_msg("unknown word '%s'", word);
    }
    wishes->columns.items = items;
}

/* What detection finds, in the form of the wanted text. */
static void find_layout(struct vendor_case *spec, struct buffer *out)
{
    struct csv_wishes wishes = {.type = NULL};
    struct csv_layout layout;
    struct lake_error refusal = {0};
    const char *items[MAX_ITEMS];
    char given[NAME_BYTES];
    struct csv_input input = {.place = "x.csv", .wishes = &wishes, .is_whole = true};
    strcpy(given, spec->given);
    take_given(given, &wishes, items);
    file_name_read(spec->file[0] != '\0' ? spec->file : "x.csv", &input.name);
    lake_ok(buffer_reserve(&spec->csv, 64, &err));
    input.block = (struct csv_span){(const char *)spec->csv.data, spec->csv.length};
    if (csv_layout_detect(&layout, &input, &refusal) == LAKE_OK)
        lake_ok(layout_text(&layout, input.block, out, &err));
    else
        lake_ok(buffer_printf(out, NULL, "error: %s\n", refusal.message));
    csv_layout_release(&layout);
}

static void write_anew(const struct vendor_case *spec, const char *found)
{
    (void)fprintf(rewritten, "== %s\n", spec->name);
    if (spec->file[0] != '\0')
        (void)fprintf(rewritten, "-- file %s\n", spec->file);
    if (spec->given[0] != '\0')
        (void)fprintf(rewritten, "-- given %s\n", spec->given);
    (void)fprintf(rewritten, "-- csv\n%.*s-- layout\n%s\n", (int)spec->written.length, (const char *)spec->written.data,
                  found);
}

static void run_case(const char *path, struct vendor_case *spec)
{
    struct buffer got = BUFFER_INIT(MAX_TEXT);
    const char *got_text = NULL, *want_text = NULL;
    if (spec->name[0] == '\0')
        return;
    find_layout(spec, &got);
    lake_ok(buffer_string(&got, &got_text, NULL));
    lake_ok(buffer_string(&spec->want, &want_text, NULL));
    if (rewritten != NULL)
        write_anew(spec, got_text);
    else if (strcmp(got_text, want_text) != 0)
        fail_msg("%s: case '%s'\nwanted:\n%sgot:\n%s", path, spec->name, want_text, got_text);
    buffer_release(&got);
    buffer_clear(&spec->csv);
    buffer_clear(&spec->written);
    buffer_clear(&spec->want);
    spec->given[0] = spec->file[0] = '\0';
    n_cases++;
}

/* A line that begins a case or a section; false for any other. */
static bool take_mark(const char *path, const char *line, struct vendor_case *spec, enum section *section)
{
    if (strncmp(line, "== ", 3) == 0) {
        run_case(path, spec);
        (void)snprintf(spec->name, NAME_BYTES, "%s", line + 3);
        *section = SECTION_NONE;
        return true;
    }
    if (strncmp(line, "-- ", 3) != 0)
        return false;
    if (strncmp(line, "-- file ", 8) == 0)
        (void)snprintf(spec->file, NAME_BYTES, "%s", line + 8);
    else if (strncmp(line, "-- given ", 9) == 0)
        (void)snprintf(spec->given, NAME_BYTES, "%s", line + 9);
    else if (strcmp(line, "-- csv") == 0)
        *section = SECTION_CSV;
    else if (strcmp(line, "-- layout") == 0)
        *section = SECTION_WANT;
    else
        fail_msg("%s: unknown section '%s'", path, line);
    return true;
}

static void run_file(const char *path)
{
    struct buffer text = BUFFER_INIT(MAX_TEXT);
    struct vendor_case spec = {
        .csv = BUFFER_INIT(MAX_TEXT), .written = BUFFER_INIT(MAX_TEXT), .want = BUFFER_INIT(MAX_TEXT)};
    enum section section = SECTION_NONE;
    lake_ok(file_read_all(io_system(), path, MAX_TEXT, &text, NULL));
    lake_ok(buffer_append_byte(&text, '\0', NULL));
    char *line = (char *)text.data, *end;
    for (; (end = strchr(line, '\n')) != NULL; line = end + 1) {
        *end = '\0';
        bool is_comment = line[0] == '#' && section != SECTION_CSV;
        if (is_comment && rewritten != NULL)
            (void)fprintf(rewritten, "%s\n\n", line);
        if (is_comment || take_mark(path, line, &spec, &section))
            continue;
        if (section == SECTION_CSV) {
            append_csv_line(&spec.csv, line);
            lake_ok(buffer_printf(&spec.written, NULL, "%s\n", line));
        } else if (line[0] != '\0' && section == SECTION_WANT) {
            lake_ok(buffer_printf(&spec.want, NULL, "%s\n", line));
        } else {
            assert_string_equal(line, "");
        }
    }
    run_case(path, &spec);
    buffer_release(&text);
    buffer_release(&spec.csv);
    buffer_release(&spec.written);
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
    assert_true(n_files >= 10 && n_cases >= 180);
}

int main(int n_arguments, char **arguments)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_cases)};
    if (n_arguments != 2 && n_arguments != 3) {
        (void)fprintf(stderr, "usage: test_csv_vendors FOLDER | FILE NEW_FILE\n");
        return 2;
    }
    if (n_arguments == 3) {
        rewritten = fopen(arguments[2], "w");
        if (rewritten == NULL)
            return 1;
        run_file(arguments[1]);
        return fclose(rewritten) == 0 ? 0 : 1;
    }
    folder = arguments[1];
    return cmocka_run_group_tests(tests, NULL, NULL);
}
