/* Opening in each mode, by users with and without permission, and what cannot be opened. */
#include "unit/manifest/fixture.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOBODY 65534

static lake_status open_mode(struct fixture *f, enum manifest_mode mode)
{
    manifest_close(f->manifest);
    f->manifest = NULL;
    return manifest_open(f->path, mode, NULL, &f->manifest, &f->err);
}

static void test_create_makes_once_and_opens_afterwards(void **state)
{
    struct fixture *f = *state;
    bool created = false;
    must(f, manifest_open(f->path, MANIFEST_CREATE, &created, &f->manifest, &f->err));
    assert_true(created);
    manifest_close(f->manifest);
    must(f, manifest_open(f->path, MANIFEST_CREATE, &created, &f->manifest, &f->err));
    assert_false(created);
    assert_false(manifest_is_read_only(f->manifest));
}

static void test_other_modes_do_not_create(void **state)
{
    struct fixture *f = *state;
    expect_status(f, LAKE_NOT_FOUND, open_mode(f, MANIFEST_READ_WRITE));
    expect_status(f, LAKE_NOT_FOUND, open_mode(f, MANIFEST_READ_ONLY));
    assert_int_equal(file_bytes(f->path), -1);
    assert_non_null(strstr(f->err.message, f->path));
}

static void test_read_only_reads_and_does_not_write(void **state)
{
    struct fixture *f = *state;
    int64_t snapshot = -1;
    must(f, open_mode(f, MANIFEST_CREATE));
    fixture_begin(f, 1000);
    fixture_commit(f);
    must(f, open_mode(f, MANIFEST_READ_ONLY));
    assert_true(manifest_is_read_only(f->manifest));
    must(f, manifest_snapshot(f->manifest, &snapshot, &f->err));
    assert_int_equal(snapshot, 1);
    expect_status(f, LAKE_PERMISSION, manifest_begin(f->manifest, &f->err));
}

static void test_what_is_no_manifest(void **state)
{
    struct fixture *f = *state;
    char path[160];
    char zeros[5000] = {0};

    expect_status(f, LAKE_INVALID_ARGUMENT, manifest_open(f->directory, MANIFEST_CREATE, NULL, &f->manifest, &f->err));
    assert_non_null(strstr(f->err.message, "a directory"));
    snprintf(path, sizeof path, "%s/nowhere/manifest.db", f->directory);
    expect_status(f, LAKE_NOT_FOUND, manifest_open(path, MANIFEST_CREATE, NULL, &f->manifest, &f->err));
    snprintf(path, sizeof path, "%s/pipe", f->directory);
    assert_int_equal(mkfifo(path, 0600), 0);
    expect_status(f, LAKE_INVALID_ARGUMENT, manifest_open(path, MANIFEST_READ_ONLY, NULL, &f->manifest, &f->err));
    write_bytes(f->path, zeros, sizeof zeros);
    expect_status(f, LAKE_CORRUPT, open_mode(f, MANIFEST_CREATE));
    expect_status(f, LAKE_CORRUPT, open_mode(f, MANIFEST_READ_ONLY));
    snprintf(path, sizeof path, "%s/manifest.db", f->path); /* below a file */
    expect_status(f, LAKE_NOT_FOUND, manifest_open(path, MANIFEST_CREATE, NULL, &f->manifest, &f->err));
    assert_null(f->manifest);
}

static void test_an_empty_file_is_an_interrupted_creation(void **state)
{
    struct fixture *f = *state;
    write_bytes(f->path, "", 0);
    expect_status(f, LAKE_NOT_FOUND, open_mode(f, MANIFEST_READ_WRITE));
    expect_status(f, LAKE_NOT_FOUND, open_mode(f, MANIFEST_READ_ONLY));
    must(f, open_mode(f, MANIFEST_CREATE));
}

static void test_a_truncated_manifest_is_corrupt(void **state)
{
    struct fixture *f = *state;
    int64_t snapshot = 0;
    must(f, open_mode(f, MANIFEST_CREATE));
    run_sql(f, f->path, "PRAGMA wal_checkpoint(TRUNCATE)");
    manifest_close(f->manifest);
    f->manifest = NULL;
    assert_int_equal(truncate(f->path, 6000), 0);
    lake_status status = open_mode(f, MANIFEST_READ_WRITE);
    if (status == LAKE_OK)
        status = manifest_snapshot(f->manifest, &snapshot, &f->err);
    expect_status(f, LAKE_CORRUPT, status);
}

/* ---- another user: what the owner left behind decides ---- */

struct as_nobody {
    lake_status open, begin;
    bool read_only;
    int64_t snapshot;
    char message[LAKE_ERROR_MESSAGE_BYTES];
};

static struct as_nobody open_in_child(struct fixture *f, enum manifest_mode mode)
{
    struct as_nobody seen = {LAKE_INTERNAL, LAKE_INTERNAL, false, -1, ""};
    int pipe_ends[2];
    assert_int_equal(pipe(pipe_ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        if (setgid(NOBODY) != 0 || setuid(NOBODY) != 0)
            _exit(1);
        seen.open = manifest_open(f->path, mode, NULL, &f->manifest, &f->err);
        if (seen.open == LAKE_OK) {
            seen.read_only = manifest_is_read_only(f->manifest);
            seen.open = manifest_snapshot(f->manifest, &seen.snapshot, &f->err);
            seen.begin = manifest_begin(f->manifest, NULL);
        }
        memcpy(seen.message, f->err.message, sizeof seen.message);
        _exit(write(pipe_ends[1], &seen, sizeof seen) == sizeof seen ? 0 : 1);
    }
    int exit_status = 0;
    close(pipe_ends[1]);
    assert_int_equal(waitpid(child, &exit_status, 0), child);
    assert_int_equal(exit_status, 0);
    assert_int_equal(read(pipe_ends[0], &seen, sizeof seen), sizeof seen);
    close(pipe_ends[0]);
    return seen;
}

/* A manifest with one snapshot, in a directory that others may enter and not change. */
static void make_readable(struct fixture *f)
{
    if (geteuid() != 0) {
        print_message("needs root, to become another user\n");
        skip();
    }
    must(f, open_mode(f, MANIFEST_CREATE));
    fixture_begin(f, 1000);
    fixture_commit(f);
    assert_int_equal(chmod(f->path, 0644), 0);
}

static void expect_reads_only(struct as_nobody seen)
{
    if (seen.open != LAKE_OK)
        fail_msg("%s", seen.message);
    assert_true(seen.read_only);
    assert_int_equal(seen.snapshot, 1);
    assert_int_equal(seen.begin, LAKE_PERMISSION);
}

static void test_nobody_reads_while_the_owner_has_it_open(void **state)
{
    struct fixture *f = *state;
    make_readable(f);
    expect_reads_only(open_in_child(f, MANIFEST_READ_ONLY));
    expect_reads_only(open_in_child(f, MANIFEST_READ_WRITE));
    expect_reads_only(open_in_child(f, MANIFEST_CREATE));
}

static void test_nobody_reads_after_the_owner_closed_it(void **state)
{
    struct fixture *f = *state;
    make_readable(f);
    manifest_close(f->manifest);
    f->manifest = NULL;
    expect_reads_only(open_in_child(f, MANIFEST_READ_ONLY));
    expect_reads_only(open_in_child(f, MANIFEST_READ_WRITE));
}

/* As after copying manifest.db alone, or the last close by another program, which moves the WAL and removes both files. */
static void test_nobody_reads_a_manifest_without_wal(void **state)
{
    struct fixture *f = *state;
    char name[128];
    make_readable(f);
    manifest_close(f->manifest);
    f->manifest = NULL;
    run_sql(f, f->path, "PRAGMA wal_checkpoint(TRUNCATE)");
    snprintf(name, sizeof name, "%s-shm", f->path);
    assert_int_equal(unlink(name), 0);
    expect_reads_only(open_in_child(f, MANIFEST_READ_WRITE)); /* an empty -wal */
    snprintf(name, sizeof name, "%s-wal", f->path);
    assert_int_equal(unlink(name), 0);
    expect_reads_only(open_in_child(f, MANIFEST_READ_ONLY));
    expect_reads_only(open_in_child(f, MANIFEST_READ_WRITE));
}

static void test_nobody_is_told_why_commits_cannot_be_read(void **state)
{
    struct fixture *f = *state;
    char name[128];
    make_readable(f);
    manifest_close(f->manifest);
    f->manifest = NULL;
    snprintf(name, sizeof name, "%s-shm", f->path);
    assert_int_equal(unlink(name), 0);
    struct as_nobody seen = open_in_child(f, MANIFEST_READ_ONLY);
    assert_int_equal(seen.open, LAKE_PERMISSION);
    assert_non_null(strstr(seen.message, "manifest.db-wal cannot be read without permission"));
}

static void test_nobody_may_not_read_what_is_private(void **state)
{
    struct fixture *f = *state;
    make_readable(f);
    assert_int_equal(chmod(f->path, 0600), 0);
    assert_int_equal(open_in_child(f, MANIFEST_READ_ONLY).open, LAKE_PERMISSION);
    assert_int_equal(open_in_child(f, MANIFEST_CREATE).open, LAKE_PERMISSION);
}

static void test_nobody_may_not_create_here(void **state)
{
    struct fixture *f = *state;
    make_readable(f);
    manifest_close(f->manifest);
    f->manifest = NULL;
    snprintf(f->path, sizeof f->path, "%s/other.db", f->directory);
    assert_int_equal(open_in_child(f, MANIFEST_CREATE).open, LAKE_PERMISSION);
    assert_int_equal(file_bytes(f->path), -1);
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, fixture_setup_empty, fixture_teardown)
    const struct CMUnitTest tests[] = {
        T(test_create_makes_once_and_opens_afterwards),   T(test_other_modes_do_not_create),
        T(test_read_only_reads_and_does_not_write),       T(test_what_is_no_manifest),
        T(test_an_empty_file_is_an_interrupted_creation), T(test_a_truncated_manifest_is_corrupt),
        T(test_nobody_reads_while_the_owner_has_it_open), T(test_nobody_reads_after_the_owner_closed_it),
        T(test_nobody_reads_a_manifest_without_wal),      T(test_nobody_is_told_why_commits_cannot_be_read),
        T(test_nobody_may_not_read_what_is_private),      T(test_nobody_may_not_create_here),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
