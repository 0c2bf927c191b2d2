/* Copies while others write, and packing beside readers. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "manifest/history.h"
#include "unit/manifest/fixture.h"

static void write_days(struct fixture *f, int64_t at_ms, int64_t n_days)
{
    struct write write = fixture_begin(f, at_ms);
    int64_t dataset = fixture_dataset(f, "BTCUSDT", "1m");
    for (int64_t day = 0; day < n_days; day++) {
        struct manifest_file file = fixture_file(dataset, write, at_ms * n_days + day, 1, "B/a/path/of/some/length");
        struct manifest_content content = fixture_content(dataset, write, at_ms * n_days + day, 1);
        must(f, manifest_add_file(f->manifest, &file, NULL, &f->err));
        must(f, manifest_put_content(f->manifest, &content, write.snapshot, &f->err));
    }
    fixture_commit(f);
}

static int no_problem(void *context, const char *detail)
{
    (void)context;
    print_message("%s\n", detail);
    return 1;
}

/* Every copy is one snapshot, whole: each commit adds ten files. */
static void test_a_copy_is_consistent_while_another_process_writes(void **state)
{
    struct fixture *f = *state;
    pid_t writer = fork();
    assert_true(writer >= 0);
    if (writer == 0) {
        fixture_reopen(f, MANIFEST_READ_WRITE);
        for (int64_t i = 1;; i++)
            write_days(f, i, 10);
    }
    int64_t before = 0;
    for (int i = 0; i < 20; i++) {
        char path[128];
        struct manifest *copy = NULL;
        int64_t snapshot = 0;
        size_t n = 0;
        struct manifest_file *files = NULL;
        snprintf(path, sizeof path, "%s/copy-%d.db", f->directory, i);
        must(f, manifest_copy(f->manifest, path, &f->err));
        must(f, manifest_open(path, MANIFEST_READ_WRITE, NULL, &copy, &f->err));
        must(f, manifest_find_files(copy, 0, INT64_MIN, INT64_MAX, &f->arena, &files, &n, &snapshot, &f->err));
        assert_int_equal(n, 10 * snapshot);
        assert_true(snapshot >= before);
        before = snapshot;
        must(f, manifest_check(copy, true, no_problem, NULL, &f->err));
        manifest_close(copy);
    }
    kill(writer, SIGKILL);
    assert_int_equal(waitpid(writer, NULL, 0), writer);
}

static void test_a_copy_is_never_made_over_something(void **state)
{
    struct fixture *f = *state;
    char path[128];
    snprintf(path, sizeof path, "%s/there", f->directory);
    write_bytes(path, "x", 1);
    expect_status(f, LAKE_EXISTS, manifest_copy(f->manifest, path, &f->err));
    assert_int_equal(file_bytes(path), 1);
    snprintf(path, sizeof path, "%s/no/such/directory", f->directory);
    expect_status(f, LAKE_NOT_FOUND, manifest_copy(f->manifest, path, &f->err));
    must(f, manifest_begin(f->manifest, &f->err));
    snprintf(path, sizeof path, "%s/copy", f->directory);
    expect_status(f, LAKE_INVALID_STATE, manifest_copy(f->manifest, path, &f->err));
    assert_int_equal(file_bytes(path), -1);
    fixture_commit(f);
}

static void test_free_pages_are_given_back_beside_a_reader(void **state)
{
    struct fixture *f = *state;
    struct manifest *reader = NULL;
    int64_t pages_bytes = 0, free_bytes = 0, snapshot = 0, before = 0;
    bool begun = false;
    write_days(f, 1, 12000);
    run_sql(f, f->path, "DELETE FROM contents WHERE day > 13000; DELETE FROM files WHERE id > 1000");
    must(f, manifest_size_bytes(f->manifest, &before, &free_bytes, &f->err));
    assert_true(free_bytes > before / 4);
    must(f, manifest_open(f->path, MANIFEST_READ_WRITE, NULL, &reader, &f->err));
    must(f, manifest_read_begin(reader, &begun, &f->err));
    must(f, manifest_snapshot(reader, &snapshot, &f->err));
    must(f, manifest_optimize(f->manifest, &f->err));
    must(f, manifest_snapshot(reader, &snapshot, &f->err));
    must(f, manifest_read_end(reader, begun, LAKE_OK, &f->err));
    manifest_close(reader);
    must(f, manifest_size_bytes(f->manifest, &pages_bytes, &free_bytes, &f->err));
    assert_true(pages_bytes < before * 3 / 4);
    assert_int_equal(free_bytes, 0);
    must(f, manifest_optimize(f->manifest, &f->err)); /* the reader is gone: now the file itself is short */
    assert_int_equal(file_bytes(f->path), pages_bytes);
    assert_int_equal(query_int64(f, "SELECT count(*) FROM files"), 1000);
}

static void test_optimizing_is_for_writers_outside_transactions(void **state)
{
    struct fixture *f = *state;
    must(f, manifest_begin(f->manifest, &f->err));
    expect_status(f, LAKE_INVALID_STATE, manifest_optimize(f->manifest, &f->err));
    fixture_commit(f);
    fixture_reopen(f, MANIFEST_READ_ONLY);
    expect_status(f, LAKE_PERMISSION, manifest_optimize(f->manifest, &f->err));
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        T(test_a_copy_is_consistent_while_another_process_writes),
        T(test_a_copy_is_never_made_over_something),
        T(test_free_pages_are_given_back_beside_a_reader),
        T(test_optimizing_is_for_writers_outside_transactions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
