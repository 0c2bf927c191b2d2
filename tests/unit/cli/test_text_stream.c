#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <datalake/text.h>

#include "made_rows.h"

/* A sink that keeps what it takes, and may refuse to take more. */
struct kept {
    char text[1 << 20];
    size_t used;
    size_t limit;
    size_t largest; /* piece */
};

static struct kept kept;

static int keep(void *context, const void *bytes, size_t n)
{
    (void)context;
    if (n > kept.limit - kept.used)
        return -1;
    memcpy(kept.text + kept.used, bytes, n);
    kept.used += n;
    kept.largest = n > kept.largest ? n : kept.largest;
    return 0;
}

static lake_status write_rows(struct rows_plan *plan, struct lake_write_options options, struct lake_error *err)
{
    struct ArrowArrayStream stream;
    struct lake_sink sink = {keep, NULL};
    rows_stream(plan, &stream);
    kept = (struct kept){.limit = sizeof kept.text - 1};
    options.size = options.size == 0 ? sizeof options : options.size;
    lake_status status = lake_write_stream(&stream, &options, sink, err);
    assert_int_equal(plan->n_released, 1);
    kept.text[kept.used] = '\0';
    return status;
}

static const char *written(const int64_t *batches, size_t n_batches, struct lake_write_options options)
{
    struct rows_plan plan = {.batches = batches, .n_batches = n_batches};
    assert_int_equal(write_rows(&plan, options, NULL), LAKE_OK);
    return kept.text;
}

static const int64_t three[] = {1, 0, 2};
static const int64_t none[] = {0};

static void csv(void **state)
{
    (void)state;
    assert_string_equal(written(three, 3, (struct lake_write_options){.format = LAKE_FORMAT_CSV}),
                        "ts,n,price,note\n"
                        "2026-01-01T00:00:00Z,0,0,\"note, 0\"\n"
                        "2026-01-01T00:01:00Z,1,0.25,\n"
                        "2026-01-01T00:02:00Z,2,0.5,\"note, 2\"\n");
    assert_string_equal(written(three, 1, (struct lake_write_options){.format = LAKE_FORMAT_CSV, .ts_numbers = true}),
                        "ts,n,price,note\n1767225600000,0,0,\"note, 0\"\n");
    assert_string_equal(written(none, 0, (struct lake_write_options){.format = LAKE_FORMAT_CSV}), "ts,n,price,note\n");
}

static void json(void **state)
{
    (void)state;
    const char *objects = "[{\"ts\":1767225600000,\"n\":0,\"price\":0,\"note\":\"note, 0\"},\n"
                          "{\"ts\":1767225660000,\"n\":1,\"price\":0.25,\"note\":null},\n"
                          "{\"ts\":1767225720000,\"n\":2,\"price\":0.5,\"note\":\"note, 2\"}]\n";
    static const int64_t one[] = {3};
    assert_string_equal(written(three, 3, (struct lake_write_options){.format = LAKE_FORMAT_JSON}), objects);
    assert_string_equal(written(one, 1, (struct lake_write_options){.format = LAKE_FORMAT_JSON}), objects);
    assert_string_equal(written(none, 1, (struct lake_write_options){.format = LAKE_FORMAT_JSON}), "[]\n");
}

static void ndjson(void **state)
{
    (void)state;
    assert_string_equal(written(three, 1, (struct lake_write_options){.format = LAKE_FORMAT_NDJSON, .ts_iso = true}),
                        "{\"ts\":\"2026-01-01T00:00:00Z\",\"n\":0,\"price\":0,\"note\":\"note, 0\"}\n");
    assert_string_equal(written(none, 1, (struct lake_write_options){.format = LAKE_FORMAT_NDJSON}), "");
}

/* The rows across slices and sink pieces are all there, once, and in order. */
static void many_rows(void **state)
{
    (void)state;
    static const int64_t batches[] = {1023, 1, 1024, 5000, 2};
    const char *text = written(batches, 5, (struct lake_write_options){.format = LAKE_FORMAT_JSON});
    const char *at = text;
    for (int n = 0; n < 7050; n++) {
        char number[32];
        snprintf(number, sizeof number, "%s\"n\":%d,", "", n);
        at = strstr(at, number);
        assert_non_null(at);
    }
    assert_null(strstr(text, "}{"));
    assert_null(strstr(text, ",,"));
    assert_true(kept.largest < 512 * 1024);
}

static void parquet(void **state)
{
    (void)state;
    static const int64_t batches[] = {300, 140000};
    written(batches, 2, (struct lake_write_options){.format = LAKE_FORMAT_PARQUET});
    assert_true(kept.used > 8);
    assert_memory_equal(kept.text, "PAR1", 4);
    assert_memory_equal(kept.text + kept.used - 4, "PAR1", 4);
    size_t n_full = kept.used;
    written(none, 1, (struct lake_write_options){.format = LAKE_FORMAT_PARQUET});
    assert_memory_equal(kept.text + kept.used - 4, "PAR1", 4);
    assert_true(kept.used < n_full);
}

static void a_sink_that_stops(void **state)
{
    (void)state;
    static const enum lake_format formats[] = {LAKE_FORMAT_CSV, LAKE_FORMAT_JSON, LAKE_FORMAT_PARQUET};
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        struct rows_plan plan = {.batches = three, .n_batches = 3};
        struct ArrowArrayStream stream;
        struct lake_error err = {0};
        struct lake_write_options options = {.size = sizeof options, .format = formats[i]};
        rows_stream(&plan, &stream);
        kept = (struct kept){.limit = 3};
        assert_int_equal(lake_write_stream(&stream, &options, (struct lake_sink){keep, NULL}, &err), LAKE_IO);
        assert_int_equal(plan.n_released, 1);
    }
}

static void a_stream_that_fails(void **state)
{
    (void)state;
    struct rows_plan plan = {.batches = three, .n_batches = 3, .fails = LAKE_NO_SPACE};
    struct lake_error err = {0};
    assert_int_equal(write_rows(&plan, (struct lake_write_options){.format = LAKE_FORMAT_CSV}, &err), LAKE_NO_SPACE);
    assert_string_equal(err.message, "the rows are gone");
}

static void options_are_checked(void **state)
{
    (void)state;
    const struct lake_write_options bad[] = {
        {.size = 4},
        {.format = (enum lake_format)9},
        {.ts_iso = true, .ts_numbers = true},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct rows_plan plan = {.batches = three, .n_batches = 3};
        assert_int_equal(write_rows(&plan, bad[i], NULL), LAKE_INVALID_ARGUMENT);
    }
}

/* ---- one value ---- */

struct value_case {
    const char *format;
    const void *values;
    const char *expected;
};

static void values(void **state)
{
    (void)state;
    static const int32_t i32 = -5;
    static const int64_t i64 = 1767225600000;
    static const int64_t us = 1767225600000001;
    static const int64_t ns = 1767225600000000001;
    static const float f32 = 0.5f;
    static const double f64 = 0.1;
    static const uint8_t bits = 1;
    static const struct value_case cases[] = {
        {"i", &i32, "-5"},
        {"l", &i64, "1767225600000"},
        {"f", &f32, "0.5"},
        {"g", &f64, "0.1"},
        {"b", &bits, "true"},
        {"tsm:UTC", &i64, "2026-01-01T00:00:00Z"},
        {"tsu:UTC", &us, "2026-01-01T00:00:00.000001Z"},
        {"tsn:UTC", &ns, "2026-01-01T00:00:00.000000001Z"},
        {"w:2", "\xAB\x01", "ab01"},
        {"+l", &i64, ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char out[LAKE_TEXT_BYTES];
        const void *buffers[] = {NULL, cases[i].values};
        struct ArrowSchema schema = {.format = cases[i].format};
        struct ArrowArray array = {.length = 1, .n_buffers = 2, .buffers = buffers};
        assert_int_equal(lake_format_value(&schema, &array, 0, out, sizeof out), strlen(cases[i].expected));
        assert_string_equal(out, cases[i].expected);
    }
}

static void values_that_are_null_cut_or_sliced(void **state)
{
    (void)state;
    char out[4];
    const uint8_t validity = 0x6; /* rows 1 and 2 */
    const int32_t offsets[] = {0, 0, 5, 7};
    const void *buffers[] = {&validity, offsets, "helloyo"};
    struct ArrowSchema schema = {.format = "u"};
    struct ArrowArray array = {.length = 3, .n_buffers = 3, .buffers = buffers};
    assert_int_equal(lake_format_value(&schema, &array, 0, out, sizeof out), 0);
    assert_string_equal(out, "");
    assert_int_equal(lake_format_value(&schema, &array, 1, out, sizeof out), 5);
    assert_string_equal(out, "hel");
    assert_int_equal(lake_format_value(&schema, &array, 1, NULL, 0), 5);

    array.offset = 2;
    array.length = 1;
    assert_int_equal(lake_format_value(&schema, &array, 0, out, sizeof out), 2);
    assert_string_equal(out, "yo");
    assert_int_equal(lake_format_value(&schema, &array, 1, out, sizeof out), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(csv),
        cmocka_unit_test(json),
        cmocka_unit_test(ndjson),
        cmocka_unit_test(many_rows),
        cmocka_unit_test(parquet),
        cmocka_unit_test(a_sink_that_stops),
        cmocka_unit_test(a_stream_that_fails),
        cmocka_unit_test(options_are_checked),
        cmocka_unit_test(values),
        cmocka_unit_test(values_that_are_null_cut_or_sliced),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
