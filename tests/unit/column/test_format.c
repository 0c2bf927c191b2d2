#include "column/format.h"

#include <math.h>

#include "unit/column/rows.h"

static void check_text(struct buffer *buffer, const char *wanted)
{
    struct lake_error err = {0};
    const char *text = NULL;
    lake_ok(buffer_string(buffer, &text, &err));
    assert_string_equal(text, wanted);
    buffer_clear(buffer);
}

static void test_csv_of_every_type(void **state)
{
    (void)state;
    struct lake_error err = {0};
    struct buffer out = BUFFER_INIT(1 << 20);
    struct batch batch = {0};
    rows_make(&batch, 0, 8);
    lake_ok(format_csv_header(&rows_schema, &out, &err));
    check_text(&out, "ts,us,ns,flag,small,large,single,close,side,blob,code\n");
    lake_ok(format_csv_rows(&batch, 0, 3, TIME_TEXT_NUMBER, &out, &err));
    check_text(&out, "0,0,0,true,0,0,0,0,\"\",,000000\n"
                     "1000000007,1000000007,1000000007,false,-1,1000000007,0.25,0.125,b,62,010101\n"
                     "2000000014,,,,,,,,,,\n");
    lake_ok(format_csv_rows(&batch, 4, 1, TIME_TEXT_ISO, &out, &err));
    check_text(&out, "1970-02-16T07:06:40.028Z,1970-01-01T01:06:40.000028Z,1970-01-01T00:00:04.000000028Z,true,-4,"
                     "4000000028,1,0.5,efgh,65666768,040404\n");
    lake_ok(format_csv_rows(&batch, 8, 0, TIME_TEXT_ISO, &out, &err));
    check_text(&out, "");
    buffer_release(&out);
    batch_release(&batch);
}

static void test_json_of_every_type(void **state)
{
    (void)state;
    struct lake_error err = {0};
    struct buffer out = BUFFER_INIT(1 << 20);
    struct batch batch = {0};
    rows_make(&batch, 0, 8);
    lake_ok(format_json_rows(&batch, 1, 2, TIME_TEXT_NUMBER, ",\n", true, &out, &err));
    check_text(
        &out, "{\"ts\":1000000007,\"us\":1000000007,\"ns\":1000000007,\"flag\":false,\"small\":-1,\"large\":1000000007,"
              "\"single\":0.25,\"close\":0.125,\"side\":\"b\",\"blob\":\"62\",\"code\":\"010101\"},\n"
              "{\"ts\":2000000014,\"us\":null,\"ns\":null,\"flag\":null,\"small\":null,\"large\":null,"
              "\"single\":null,\"close\":null,\"side\":null,\"blob\":null,\"code\":null}");
    lake_ok(format_json_rows(&batch, 4, 1, TIME_TEXT_ISO, "\n", false, &out, &err));
    check_text(&out, "{\"ts\":\"1970-02-16T07:06:40.028Z\",\"us\":\"1970-01-01T01:06:40.000028Z\","
                     "\"ns\":\"1970-01-01T00:00:04.000000028Z\",\"flag\":true,\"small\":-4,\"large\":4000000028,"
                     "\"single\":1,\"close\":0.5,\"side\":\"efgh\",\"blob\":\"65666768\",\"code\":\"040404\"}\n");
    buffer_release(&out);
    batch_release(&batch);
}

/* A batch of one column of text. */
static void make_texts(struct batch *batch, const struct schema *schema, const char *const *texts, int64_t n)
{
    struct lake_error err = {0};
    size_t bytes = 0;
    lake_ok(batch_new(batch, schema, n, &err));
    for (int64_t i = 0; i < n; i++)
        bytes += strlen(texts[i]);
    lake_ok(batch_add_bytes(batch, 0, bytes, &err));
    int32_t *offsets = batch->columns[0].offsets;
    for (int64_t i = 0; i < n; i++) {
        offsets[i + 1] = offsets[i] + (int32_t)strlen(texts[i]);
        memcpy((char *)batch->columns[0].values + offsets[i], texts[i], strlen(texts[i]));
    }
}

static void test_csv_quotes_what_a_reader_would_cut(void **state)
{
    (void)state;
    struct lake_error err = {0};
    static const struct column_field field = {"a \"name\", or two", COLUMN_UTF8, 0, true};
    const struct schema schema = {1, (struct column_field *)(uintptr_t)&field};
    static const char *const texts[] = {"plain",  "with,comma", "with \"quotes\"", "two\nlines",
                                        "cr\rcr", "",           "\xc3\xa9"};
    struct buffer out = BUFFER_INIT(1 << 20);
    struct batch batch = {0};
    make_texts(&batch, &schema, texts, 7);
    lake_ok(format_csv_header(&schema, &out, &err));
    lake_ok(format_csv_rows(&batch, 0, 7, TIME_TEXT_ISO, &out, &err));
    check_text(
        &out, "\"a \"\"name\"\", or two\"\nplain\n\"with,comma\"\n\"with \"\"quotes\"\"\"\n\"two\nlines\"\n\"cr\rcr\"\n"
              "\"\"\n\xc3\xa9\n");
    lake_ok(format_value(&batch, 0, 1, TIME_TEXT_ISO, &out, &err));
    check_text(&out, "with,comma");
    batch_release(&batch);
    buffer_release(&out);
}

static void check_json(const char *text, size_t length, const char *wanted)
{
    struct lake_error err = {0};
    struct buffer out = BUFFER_INIT(1 << 20);
    lake_ok(format_json_string(text, length, &out, &err));
    check_text(&out, wanted);
    buffer_release(&out);
}

static void test_json_strings(void **state)
{
    (void)state;
#define CHECK_JSON(text, wanted) check_json(text, sizeof(text) - 1, wanted)
    CHECK_JSON("", "\"\"");
    CHECK_JSON("plain", "\"plain\"");
    CHECK_JSON("a\"b\\c/d", "\"a\\\"b\\\\c/d\"");
    CHECK_JSON("\n\r\t\b\x01\x1f\0.", "\"\\n\\r\\t\\u0008\\u0001\\u001f\\u0000.\"");
    CHECK_JSON("\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"");
    CHECK_JSON("\xef\xbf\xbf\xf4\x8f\xbf\xbf\xed\x9f\xbf\xee\x80\x80\xe0\xa0\x80\xf0\x90\x80\x80",
               "\"\xef\xbf\xbf\xf4\x8f\xbf\xbf\xed\x9f\xbf\xee\x80\x80\xe0\xa0\x80\xf0\x90\x80\x80\"");
#define REPLACED "\xef\xbf\xbd"
    CHECK_JSON("\xff", "\"" REPLACED "\"");
    CHECK_JSON("a\x80z", "\"a" REPLACED "z\"");
    CHECK_JSON("\xc3", "\"" REPLACED "\"");
    CHECK_JSON("\xc3.", "\"" REPLACED ".\"");
    CHECK_JSON("\xc0\x80", "\"" REPLACED REPLACED "\"");                           /* overlong */
    CHECK_JSON("\xe0\x9f\xbf", "\"" REPLACED REPLACED REPLACED "\"");              /* overlong */
    CHECK_JSON("\xed\xa0\x80", "\"" REPLACED REPLACED REPLACED "\"");              /* a surrogate */
    CHECK_JSON("\xf4\x90\x80\x80", "\"" REPLACED REPLACED REPLACED REPLACED "\""); /* past U+10FFFF */
    CHECK_JSON("\xf0\x8f\xbf\xbf", "\"" REPLACED REPLACED REPLACED REPLACED "\""); /* overlong */
    CHECK_JSON("\xe2\x82", "\"" REPLACED REPLACED "\"");
    CHECK_JSON("\xe2\x82x", "\"" REPLACED REPLACED "x\"");
#undef REPLACED
#undef CHECK_JSON
}

static void test_what_is_no_number_in_json(void **state)
{
    (void)state;
    struct lake_error err = {0};
    static const struct column_field fields[] = {{"a\"b", COLUMN_DOUBLE, 0, true}, {"f", COLUMN_FLOAT, 0, true}};
    const struct schema schema = {2, (struct column_field *)(uintptr_t)fields};
    struct buffer out = BUFFER_INIT(1 << 20);
    struct batch batch = {0};
    lake_ok(batch_new(&batch, &schema, 3, &err));
    memcpy(batch.columns[0].values, ((double[]){(double)NAN, (double)INFINITY, -0.1}), 24);
    memcpy(batch.columns[1].values, ((float[]){-INFINITY, NAN, 0.5f}), 12);
    lake_ok(format_json_rows(&batch, 0, 3, TIME_TEXT_NUMBER, "\n", true, &out, &err));
    check_text(&out, "{\"a\\\"b\":null,\"f\":null}\n{\"a\\\"b\":null,\"f\":null}\n{\"a\\\"b\":-0.1,\"f\":0.5}");
    lake_ok(format_csv_rows(&batch, 0, 3, TIME_TEXT_NUMBER, &out, &err));
    check_text(&out, "nan,-inf\ninf,nan\n-0.1,0.5\n");
    batch_release(&batch);
    buffer_release(&out);
}

static void test_nanoseconds(void **state)
{
    (void)state;
    struct lake_error err = {0};
    static const struct column_field field = {"ts", COLUMN_TIMESTAMP_NS, 0, false};
    const struct schema schema = {1, (struct column_field *)(uintptr_t)&field};
    static const int64_t values[] = {0, 1, -1, 1500000000, 1000000001000, INT64_MAX, INT64_MIN};
    struct buffer out = BUFFER_INIT(1 << 20);
    struct batch batch = {0};
    lake_ok(batch_new(&batch, &schema, 7, &err));
    memcpy(batch.columns[0].values, values, sizeof values);
    lake_ok(format_csv_rows(&batch, 0, 7, TIME_TEXT_ISO, &out, &err));
    check_text(&out, "1970-01-01T00:00:00Z\n1970-01-01T00:00:00.000000001Z\n1969-12-31T23:59:59.999999999Z\n"
                     "1970-01-01T00:00:01.500Z\n1970-01-01T00:16:40.000001Z\n2262-04-11T23:47:16.854775807Z\n"
                     "1677-09-21T00:12:43.145224192Z\n");
    batch_release(&batch);
    buffer_release(&out);
}

static void test_single_values(void **state)
{
    (void)state;
    struct lake_error err = {0};
    static const char *const wanted[ROWS_FIELDS] = {"1970-02-16T07:06:40.028Z",
                                                    "1970-01-01T01:06:40.000028Z",
                                                    "1970-01-01T00:00:04.000000028Z",
                                                    "true",
                                                    "-4",
                                                    "4000000028",
                                                    "1",
                                                    "0.5",
                                                    "efgh",
                                                    "65666768",
                                                    "040404"};
    struct buffer out = BUFFER_INIT(1 << 20);
    struct batch batch = {0};
    rows_make(&batch, 0, 8);
    for (size_t c = 0; c < ROWS_FIELDS; c++) {
        lake_ok(format_value(&batch, c, 4, TIME_TEXT_ISO, &out, &err));
        check_text(&out, wanted[c]);
        lake_ok(format_value(&batch, c, 5, TIME_TEXT_ISO, &out, &err));
        if (c > 0)
            check_text(&out, "");
        buffer_clear(&out);
    }
    batch_release(&batch);
    buffer_release(&out);
}

static void test_limit_of_the_buffer_holds(void **state)
{
    (void)state;
    struct lake_error err = {0};
    struct buffer out = BUFFER_INIT(1000);
    struct batch batch = {0};
    rows_make(&batch, 0, 1000);
    lake_fails(format_csv_rows(&batch, 0, 1000, TIME_TEXT_ISO, &out, &err), LAKE_NO_MEMORY, "1000");
    assert_true(out.length <= 1000);
    buffer_clear(&out);
    lake_fails(format_json_rows(&batch, 0, 1000, TIME_TEXT_ISO, "\n", false, &out, &err), LAKE_NO_MEMORY, "1000");
    assert_true(out.length <= 1000);
    batch_release(&batch);
    buffer_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_csv_of_every_type),
        cmocka_unit_test(test_json_of_every_type),
        cmocka_unit_test(test_csv_quotes_what_a_reader_would_cut),
        cmocka_unit_test(test_json_strings),
        cmocka_unit_test(test_what_is_no_number_in_json),
        cmocka_unit_test(test_nanoseconds),
        cmocka_unit_test(test_single_values),
        cmocka_unit_test(test_limit_of_the_buffer_holds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
