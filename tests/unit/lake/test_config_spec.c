/* Runs the plain-text cases of tests/spec/config (its README says how they are written): dl.toml in, settings or an error out. */
#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>

#include "base/buffer.h"
#include "io/file.h"
#include "lake/config.h"
#include "unit/base/check.h"

enum { MAX_TEXT = 1 << 20, PATH_BYTES = 1024, CASE_BYTES = 128 };

struct spec_case {
    char name[CASE_BYTES];
    struct buffer toml, want;
};

static int n_cases;

static void print_text(struct buffer *out, const char *member, const char *value, const char *usual)
{
    if (strcmp(value, usual) != 0)
        assert_int_equal(buffer_printf(out, NULL, "%s %s\n", member, value), LAKE_OK);
}

static void print_number(struct buffer *out, const char *member, int64_t value, int64_t usual)
{
    if (value != usual)
        assert_int_equal(buffer_printf(out, NULL, "%s %" PRId64 "\n", member, value), LAKE_OK);
}

#define NUMBER(member) print_number(out, #member, config->policy.member, usual.policy.member)

static void print_config(const struct config *config, struct buffer *out)
{
    struct config usual;
    config_init(&usual);
    print_text(out, "data_root", config->data_root, "");
    print_text(out, "db_path", config->db_path, "");
    print_text(out, "market", config->market, usual.market);
    NUMBER(keep_changed_ms);
    NUMBER(keep_unchanged_ms);
    NUMBER(keep_unchanged_percent);
    NUMBER(keep_log);
    NUMBER(compact_after_ms);
    NUMBER(compact_bytes);
    print_text(out, "aggregate.to", config->aggregate.to, "");
    print_text(out, "aggregate.from", config->aggregate.from, "");
    print_text(out, "aggregate.offset", config->aggregate.offset, "");
    print_text(out, "aggregate.columns", config->aggregate.columns, "");
}

static void run_case(const char *path, struct spec_case *spec)
{
    struct lake_error err = {0};
    struct buffer got = BUFFER_INIT(MAX_TEXT);
    struct config config;
    const char *got_text = NULL, *want_text = NULL;
    if (spec->name[0] == '\0')
        return;
    config_init(&config);
    if (config_parse(&config, "dl.toml", (const char *)spec->toml.data, spec->toml.length, &err) == LAKE_OK) {
        print_config(&config, &got);
    } else {
        assert_int_equal(err.status, LAKE_INVALID_DATA);
        assert_int_equal(buffer_printf(&got, NULL, "error: %s\n", err.message), LAKE_OK);
    }
    lake_ok(buffer_string(&got, &got_text, &err));
    lake_ok(buffer_string(&spec->want, &want_text, &err));
    if (strcmp(got_text, want_text) != 0)
        fail_msg("%s: case '%s'\nwanted:\n%sgot:\n%s", path, spec->name, want_text, got_text);
    buffer_release(&got);
    buffer_clear(&spec->toml);
    buffer_clear(&spec->want);
    n_cases++;
}

/* Where the following lines go; NULL: nowhere. */
static struct buffer *take_mark(const char *path, const char *line, struct spec_case *spec)
{
    if (strncmp(line, "== ", 3) == 0) {
        run_case(path, spec);
        (void)snprintf(spec->name, CASE_BYTES, "%s", line + 3);
        return NULL;
    }
    if (strcmp(line, "-- toml") == 0)
        return &spec->toml;
    if (strcmp(line, "-- error") == 0)
        assert_int_equal(buffer_append_text(&spec->want, "error: ", NULL), LAKE_OK);
    else if (strcmp(line, "-- config") != 0)
        fail_msg("%s: unknown section '%s'", path, line);
    return &spec->want;
}

static void run_file(const char *path)
{
    struct lake_error err = {0};
    struct buffer text = BUFFER_INIT(MAX_TEXT);
    struct spec_case spec = {.toml = BUFFER_INIT(MAX_TEXT), .want = BUFFER_INIT(MAX_TEXT)};
    struct buffer *section = NULL;
    lake_ok(file_read_all(io_system(), path, MAX_TEXT, &text, &err));
    lake_ok(buffer_append_byte(&text, '\0', &err));
    char *line = (char *)text.data, *end;
    for (; (end = strchr(line, '\n')) != NULL; line = end + 1) {
        *end = '\0';
        if (strncmp(line, "== ", 3) == 0 || strncmp(line, "-- ", 3) == 0)
            section = take_mark(path, line, &spec);
        else if (section == &spec.toml || (section != NULL && line[0] != '\0'))
            lake_ok(buffer_printf(section, &err, "%s\n", line));
        else
            assert_string_equal(line, "");
    }
    run_case(path, &spec);
    buffer_release(&text);
    buffer_release(&spec.toml);
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
    assert_true(n_files >= 3 && n_cases >= 50);
}

int main(int n_arguments, char **arguments)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_cases)};
    if (n_arguments != 2) {
        (void)fprintf(stderr, "usage: test_config_spec FOLDER\n");
        return 2;
    }
    folder = arguments[1];
    return cmocka_run_group_tests(tests, NULL, NULL);
}
