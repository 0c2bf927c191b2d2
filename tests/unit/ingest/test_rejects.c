#define _XOPEN_SOURCE 700
#include "ingest/rejects.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "fault/fault_io.h"
#include "unit/base/check.h"

enum { PATH_BYTES = 128 };
#define HEADER "place,line,rule,reason,record\n"

static char folder[PATH_BYTES], path[2 * PATH_BYTES];

static int set_up(void **state)
{
    (void)state;
    (void)snprintf(folder, sizeof folder, "%s/rejects-XXXXXX", getenv("TMPDIR") != NULL ? getenv("TMPDIR") : "/tmp");
    assert_non_null(mkdtemp(folder));
    (void)snprintf(path, sizeof path, "%s/rejects.csv", folder);
    return 0;
}

static int tear_down(void **state)
{
    char other[3 * PATH_BYTES];
    (void)state;
    (void)snprintf(other, sizeof other, "%s.new", path);
    (void)unlink(other);
    (void)unlink(path);
    assert_int_equal(rmdir(folder), 0);
    return 0;
}

static struct reject reject_of(int64_t line, const char *record)
{
    return (struct reject){"a.csv", line, "value", "close is 'abc', not a number", record, strlen(record)};
}

static void write_text(const char *text)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
    assert_int_equal(fclose(file), 0);
}

static void assert_file(const char *wanted)
{
    struct lake_error err = {0};
    struct buffer bytes = BUFFER_INIT(1 << 24);
    const char *text = NULL;
    lake_ok(file_read_all(io_system(), path, 1 << 24, &bytes, &err));
    lake_ok(buffer_string(&bytes, &text, &err));
    assert_string_equal(text, wanted);
    buffer_release(&bytes);
}

static void assert_no_file(void)
{
    assert_int_equal(access(path, F_OK), -1);
}

static void test_rows_are_written_as_csv(void **state)
{
    (void)state;
    struct lake_error err = {0};
    struct rejects rejects;
    struct reject plain = reject_of(7, "1,2,x");
    struct reject quoted = {"a \"b\".csv", 8, "quotes", "a quote", "1,\"x\r\ny", 7};
    rejects_init(&rejects, io_system(), path);
    lake_ok(rejects_check(&rejects, &err));
    assert_no_file();
    lake_ok(rejects_add(&rejects, &plain, &err));
    lake_ok(rejects_add(&rejects, &quoted, &err));
    lake_ok(rejects_finish(&rejects, &err));
    rejects_release(&rejects);
    assert_file(HEADER "a.csv,7,value,\"close is 'abc', not a number\",\"1,2,x\"\n"
                       "\"a \"\"b\"\".csv\",8,quotes,a quote,\"1,\"\"x\r\ny\"\n");
}

static void test_nothing_is_left_where_nothing_was_finished(void **state)
{
    (void)state;
    struct lake_error err = {0};
    struct rejects rejects;
    struct reject one = reject_of(7, "x");
    rejects_init(&rejects, io_system(), path);
    lake_ok(rejects_finish(&rejects, &err));
    rejects_release(&rejects);
    assert_no_file();
    rejects_init(&rejects, io_system(), path);
    lake_ok(rejects_add(&rejects, &one, &err));
    rejects_release(&rejects);
    assert_no_file();
}

static void test_what_is_there_is_not_written_over(void **state)
{
    (void)state;
    struct lake_error err = {0};
    struct rejects rejects;
    struct reject one = reject_of(7, "x");
    char missing[3 * PATH_BYTES];
    write_text("mine\n");
    rejects_init(&rejects, io_system(), path);
    lake_fails(rejects_check(&rejects, &err), LAKE_EXISTS, "rejects.csv: there is something in it already");
    write_text("");
    lake_ok(rejects_check(&rejects, &err));
    lake_ok(rejects_add(&rejects, &one, &err));
    lake_ok(rejects_finish(&rejects, &err));
    rejects_release(&rejects);
    assert_file(HEADER "a.csv,7,value,\"close is 'abc', not a number\",x\n");
    rejects_init(&rejects, io_system(), folder);
    lake_fails(rejects_check(&rejects, &err), LAKE_INVALID_ARGUMENT, "is no file");
    (void)snprintf(missing, sizeof missing, "%s/none/rejects.csv", folder);
    rejects_init(&rejects, io_system(), missing);
    lake_fails(rejects_check(&rejects, &err), LAKE_NOT_FOUND, "there is no directory");
    rejects_release(&rejects);
}

/* Rows [from, to), each of many bytes; tells the size of the file that is durable. */
static int64_t add_rows(struct rejects *rejects, int64_t from, int64_t to)
{
    struct lake_error err = {0};
    static char record[3001];
    int64_t n_bytes = 0;
    memset(record, 'r', sizeof record - 1);
    for (int64_t line = from; line < to; line++) {
        struct reject one = reject_of(line, record);
        lake_ok(rejects_add(rejects, &one, &err));
    }
    lake_ok(rejects_sync(rejects, &n_bytes, &err));
    return n_bytes;
}

static void test_a_resumed_ingest_goes_on_behind_its_safe_point(void **state)
{
    (void)state;
    struct lake_error err = {0};
    struct rejects rejects;
    struct buffer whole = BUFFER_INIT(1 << 24);
    const char *text = NULL;
    rejects_init(&rejects, io_system(), path);
    (void)add_rows(&rejects, 1, 100);
    lake_ok(rejects_finish(&rejects, &err));
    rejects_release(&rejects);
    lake_ok(file_read_all(io_system(), path, 1 << 24, &whole, &err));
    lake_ok(buffer_string(&whole, &text, &err));
    assert_int_equal(unlink(path), 0);

    /* It is saved behind line 30 and ends, as in a crash, behind line 40. */
    rejects_init(&rejects, io_system(), path);
    int64_t n_saved = add_rows(&rejects, 1, 31);
    (void)add_rows(&rejects, 31, 41);
    lake_ok(rejects_finish(&rejects, &err));
    rejects_release(&rejects);
    rejects_init(&rejects, io_system(), path);
    lake_ok(rejects_resume(&rejects, n_saved, &err));
    (void)add_rows(&rejects, 31, 100);
    lake_ok(rejects_finish(&rejects, &err));
    rejects_release(&rejects);
    assert_file(text);
    buffer_release(&whole);
}

static void test_what_was_left_must_be_there(void **state)
{
    (void)state;
    struct lake_error err = {0};
    struct rejects rejects;
    rejects_init(&rejects, io_system(), path);
    lake_ok(rejects_resume(&rejects, 0, &err));
    lake_fails(rejects_resume(&rejects, 50, &err), LAKE_CONFLICT, "holds 0 of the 50 bytes");
    write_text(HEADER "a.csv,1,");
    lake_fails(rejects_resume(&rejects, 50, &err), LAKE_CONFLICT, "holds 38 of the 50 bytes");
    write_text("something else that is long enough to be resumed");
    lake_fails(rejects_resume(&rejects, 40, &err), LAKE_CONFLICT, "is not the file of rejected rows");
    lake_fails(rejects_resume(&rejects, 0, &err), LAKE_CONFLICT, "is not the file of rejected rows");
    /* Rows that were put aside after a safe point without any. */
    write_text(HEADER "a.csv,1,");
    lake_ok(rejects_resume(&rejects, 0, &err));
    assert_no_file();
    rejects_release(&rejects);
}

/* ---- faults ---- */

static void reset(void *context)
{
    char other[3 * PATH_BYTES];
    (void)context;
    (void)snprintf(other, sizeof other, "%s.new", path);
    (void)unlink(other);
    write_text(HEADER "a.csv,1,value,why,x\nrest that was not saved");
}

#define SAVED HEADER "a.csv,1,value,why,x\n"

/* Whatever failed, the rows of the safe point are there. */
static void assert_saved_rows(void)
{
    char text[sizeof SAVED] = "";
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    assert_int_equal(fread(text, 1, sizeof SAVED - 1, file), sizeof SAVED - 1);
    assert_int_equal(fclose(file), 0);
    assert_string_equal(text, SAVED);
}

static lake_status go_on(void *context, struct io io, struct lake_error *err)
{
    struct rejects rejects;
    struct reject one = reject_of(2, "y");
    int64_t n_bytes = 0;
    lake_status status = LAKE_OK;
    (void)context;
    rejects_init(&rejects, io, path);
    TRY_OUT(rejects_resume(&rejects, (int64_t)strlen(SAVED), err));
    TRY_OUT(rejects_add(&rejects, &one, err));
    TRY_OUT(rejects_sync(&rejects, &n_bytes, err));
    TRY_OUT(rejects_finish(&rejects, err));
out:
    rejects_release(&rejects);
    assert_saved_rows();
    if (status == LAKE_OK)
        assert_file(SAVED "a.csv,2,value,\"close is 'abc', not a number\",y\n");
    return status;
}

static void test_faults_are_errors(void **state)
{
    (void)state;
    const struct io_sweep sweep = {.work = go_on, .reset = reset, .tolerated = "close"};
    assert_true(sweep_io(&sweep) > 30);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_rows_are_written_as_csv, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_nothing_is_left_where_nothing_was_finished, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_what_is_there_is_not_written_over, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_resumed_ingest_goes_on_behind_its_safe_point, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_what_was_left_must_be_there, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_faults_are_errors, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
