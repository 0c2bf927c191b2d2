/* Two processes on one manifest: a reader never sees half a transaction, and neither waits for the other. */
#include "unit/manifest/fixture.h"

#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/limits.h"

enum { N_COMMITS = 60, N_FILES = 20 };

/* Each commit replaces all N_FILES files, so that at any moment exactly N_FILES are live, of one operation. */
static void write_commits(struct fixture *f)
{
    int64_t ids[N_FILES] = {0};
    for (int64_t i = 0; i < N_COMMITS; i++) {
        struct write write = fixture_begin(f, i);
        int64_t dataset = fixture_dataset(f, "BTCUSDT", "1m");
        for (int64_t day = 0; day < N_FILES; day++) {
            struct manifest_file file = fixture_file(dataset, write, day, 1, "a");
            if (ids[day] != 0)
                must(f, retire(f, ids[day], write.snapshot, NULL));
            must(f, manifest_add_file(f->manifest, &file, NULL, &f->err));
            ids[day] = file.id;
        }
        fixture_commit(f);
        manifest_checkpoint(f->manifest);
    }
}

/* 0: what was read is one whole snapshot. */
static int read_once(struct fixture *f, int64_t *last_snapshot)
{
    struct arena arena = ARENA_INIT(1 * MIB);
    struct manifest_file *files = NULL;
    int64_t snapshot = 0;
    size_t n = 0;
    lake_status status =
        manifest_find_files(f->manifest, 1, 0, N_FILES * DAY_MS, &arena, &files, &n, &snapshot, &f->err);
    int wrong = status != LAKE_OK || snapshot < *last_snapshot || n != (snapshot == 0 ? 0 : N_FILES);
    for (size_t i = 0; i < n && !wrong; i++)
        wrong = files[i].added != snapshot || files[i].retired != 0;
    if (wrong)
        print_error("snapshot %d: %d files: %s\n", (int)snapshot, (int)n, f->err.message);
    *last_snapshot = snapshot;
    arena_release(&arena);
    return wrong;
}

/* Reads until the last commit is seen, or something is wrong. */
static int read_until_the_end(struct fixture *f)
{
    int64_t snapshot = 0;
    if (manifest_open(f->path, MANIFEST_READ_ONLY, NULL, &f->manifest, &f->err) != LAKE_OK)
        return 2;
    while (snapshot < N_COMMITS) {
        if (read_once(f, &snapshot) != 0)
            return 1;
        nanosleep(&(struct timespec){0, 200000}, NULL);
    }
    manifest_close(f->manifest);
    return 0;
}

static void test_a_reader_never_sees_half_a_transaction(void **state)
{
    struct fixture *f = *state;
    pid_t readers[2];
    manifest_close(f->manifest); /* a connection must not cross a fork */
    f->manifest = NULL;
    for (int i = 0; i < 2; i++) {
        readers[i] = fork();
        assert_true(readers[i] >= 0);
        if (readers[i] == 0)
            _exit(read_until_the_end(f));
    }
    fixture_reopen(f, MANIFEST_READ_WRITE);
    write_commits(f);
    for (int i = 0; i < 2; i++) {
        int exit_status = -1;
        assert_int_equal(waitpid(readers[i], &exit_status, 0), readers[i]);
        assert_int_equal(exit_status, 0);
    }
}

static void test_a_killed_writer_leaves_no_trace(void **state)
{
    struct fixture *f = *state;
    int64_t snapshot = -1;
    manifest_close(f->manifest);
    f->manifest = NULL;
    pid_t writer = fork();
    assert_true(writer >= 0);
    if (writer == 0) {
        fixture_reopen(f, MANIFEST_READ_WRITE);
        struct write write = fixture_begin(f, 1);
        fixture_commit(f);
        write = fixture_begin(f, 2);
        int64_t dataset = fixture_dataset(f, "BTCUSDT", "1m");
        for (int64_t day = 0; day < 3000; day++) { /* more than the page cache holds: some of it is in the WAL */
            struct manifest_file file =
                fixture_file(dataset, write, day, 1, "BINANCE/SPOT/BTCUSDT/raw/1m/some-long-name.parquet");
            must(f, manifest_add_file(f->manifest, &file, "staging/some-long-name", &f->err));
        }
        abort();
    }
    int exit_status = 0;
    assert_int_equal(waitpid(writer, &exit_status, 0), writer);
    assert_true(WIFSIGNALED(exit_status));
    fixture_reopen(f, MANIFEST_READ_WRITE);
    must(f, manifest_snapshot(f->manifest, &snapshot, &f->err));
    assert_int_equal(snapshot, 1);
    assert_int_equal(query_int64(f, "SELECT count(*) FROM files"), 0);
    assert_int_equal(query_int64(f, "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check <> 'ok'"), 0);
    fixture_begin(f, 3);
    fixture_commit(f);
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        T(test_a_reader_never_sees_half_a_transaction),
        T(test_a_killed_writer_leaves_no_trace),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
