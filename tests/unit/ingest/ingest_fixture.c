#include "ingest_fixture.h"

#include <datalake/text.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ASSERT_OK(call)                                                                                                \
    do {                                                                                                               \
        struct lake_error error_ = {LAKE_OK, ""};                                                                      \
        struct lake_error *err = &error_;                                                                              \
        if ((call) != LAKE_OK)                                                                                         \
            fail_msg("%s", error_.message);                                                                            \
    } while (0)

struct fixture *fixture;

int ingest_set_up(void **state)
{
    (void)state;
    fixture = fixture_new();
    return 0;
}

int ingest_tear_down(void **state)
{
    (void)state;
    fixture_free(fixture);
    return 0;
}

const char *write_source(const char *name, const char *text)
{
    static char paths[MOST_SOURCES][SOURCE_PATH_BYTES];
    static size_t next = 0;
    char *path = paths[next++ % MOST_SOURCES];
    (void)snprintf(path, SOURCE_PATH_BYTES, "%s/%s", fixture->root, name);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
    assert_int_equal(fclose(file), 0);
    return path;
}

const char *minutes_text(int64_t first, int64_t n)
{
    enum { LINE_BYTES = 80 };
    static char *text;
    size_t at = sizeof BAR_HEADER - 1;
    text = realloc(text, sizeof BAR_HEADER + (size_t)n * LINE_BYTES);
    assert_non_null(text);
    memcpy(text, BAR_HEADER, sizeof BAR_HEADER);
    for (int64_t i = first; i < first + n; i++) {
        struct bar bar = bar_of(DAY_2024 + i * MS_PER_MINUTE);
        at += (size_t)snprintf(text + at, LINE_BYTES, "%lld,%g,%g,%g,%g,%g\n", (long long)bar.ts, bar.open, bar.high,
                               bar.low, bar.close, bar.volume);
    }
    return text;
}

struct lake_ingest_options options_of(const char *const *sources, size_t n_sources)
{
    return (struct lake_ingest_options){.size = sizeof(struct lake_ingest_options),
                                        .sources = sources,
                                        .n_sources = n_sources,
                                        .dataset = {.exchange = "test", .symbol = "BTC/USDT"}};
}

lake_status ingest(const struct lake_ingest_options *options, struct lake_ingest_result *result, struct lake_error *err)
{
    *result = (struct lake_ingest_result){.size = sizeof *result};
    return lake_ingest(fixture->lake, options, result, err);
}

void assert_nothing_was_committed(void)
{
    assert_int_equal(count_files(fixture->lake), 0);
    assert_int_equal(count_paths(fixture, "data", NULL), 0);
    assert_int_equal(count_paths(fixture, ".lake/staging", NULL), 0);
}

void assert_refused(const struct lake_ingest_options *options, lake_status wanted, const char *message)
{
    struct lake_error err = {LAKE_OK, ""};
    struct lake_ingest_result result;
    assert_int_equal(ingest(options, &result, &err), wanted);
    assert_int_equal(err.status, wanted);
    if (strstr(err.message, message) == NULL)
        fail_msg("'%s' does not mention '%s'", err.message, message);
    assert_false(result.can_resume);
    assert_nothing_was_committed();
}

static const struct lake_ingest_check *find_check(const struct lake_ingest_result *result, const char *rule)
{
    for (size_t i = 0; i < result->n_checks; i++)
        if (strcmp(result->checks[i].rule, rule) == 0)
            return &result->checks[i];
    return NULL;
}

int64_t n_warned(const struct lake_ingest_result *result, const char *rule)
{
    const struct lake_ingest_check *check = find_check(result, rule);
    return check == NULL ? 0 : check->n_warned;
}

int64_t n_rejected(const struct lake_ingest_result *result, const char *rule)
{
    const struct lake_ingest_check *check = find_check(result, rule);
    return check == NULL ? 0 : check->n_rejected;
}

const char *finding_of(const struct lake_ingest_result *result, const char *what)
{
    for (size_t i = 0; i < result->n_findings; i++)
        if (strcmp(result->findings[i].what, what) == 0)
            return result->findings[i].value;
    return "";
}

static int append_text(void *context, const void *bytes, size_t n)
{
    return buffer_append(context, bytes, n, NULL) == LAKE_OK ? 0 : -1;
}

char *read_text(const char *symbol, const char *type)
{
    struct lake_scan *scan = NULL;
    struct ArrowArrayStream stream;
    struct buffer text = BUFFER_INIT(1 << 28);
    struct lake_scan_options options = {.size = sizeof options,
                                        .dataset = {.exchange = "test", .symbol = symbol, .type = type}};
    struct lake_write_options form = {.size = sizeof form, .format = LAKE_FORMAT_CSV};
    const char *string = NULL;
    ASSERT_OK(lake_scan_open(fixture->lake, &options, &scan, err));
    ASSERT_OK(lake_scan_take_stream(scan, &stream, err));
    ASSERT_OK(lake_write_stream(&stream, &form, (struct lake_sink){append_text, &text}, err));
    ASSERT_OK(buffer_string(&text, &string, err));
    char *copy = strdup(string);
    assert_non_null(copy);
    buffer_release(&text);
    return copy;
}
