/* Every call that files and locks make fails in turn: the error is told, nothing is left open, nothing half done is taken for
 * whole. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/memory.h"
#include "fault/fault_io.h"
#include "io/copy.h"
#include "io/file.h"
#include "io/lock.h"

static const char text[] = "the first part, the second part";

struct place {
    char directory[64];
    char file[96], other[96], deep[96];
};

static int set_up(void **state)
{
    struct place *place = calloc(1, sizeof *place);
    if (place == NULL)
        return -1;
    snprintf(place->directory, sizeof place->directory, "/tmp/lake-fault-XXXXXX");
    if (mkdtemp(place->directory) == NULL)
        return -1;
    snprintf(place->file, sizeof place->file, "%s/file", place->directory);
    snprintf(place->other, sizeof place->other, "%s/other", place->directory);
    snprintf(place->deep, sizeof place->deep, "%s/a/b/c", place->directory);
    *state = place;
    return 0;
}

static void remove_all(void *context)
{
    struct place *place = context;
    char path[128];
    unlink(place->file);
    unlink(place->other);
    static const char *const made[] = {"a/b/c", "a/b", "a"};
    for (size_t i = 0; i < sizeof made / sizeof *made; i++) {
        snprintf(path, sizeof path, "%s/%s", place->directory, made[i]);
        rmdir(path);
    }
}

static int tear_down(void **state)
{
    struct place *place = *state;
    remove_all(place);
    int removed = rmdir(place->directory);
    free(place);
    return removed;
}

static void put_file(void *context)
{
    struct place *place = context;
    remove_all(place);
    FILE *file = fopen(place->file, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
    assert_int_equal(fclose(file), 0);
}

/* LAKE_INTERNAL unless the file's bytes are exactly the text. */
static lake_status check_file(const char *path, struct lake_error *err)
{
    struct buffer bytes = BUFFER_INIT(1000);
    lake_status status = file_read_all(io_system(), path, 1000, &bytes, err);
    if (status == LAKE_OK && (bytes.length != strlen(text) || memcmp(bytes.data, text, bytes.length) != 0))
        status = lake_fail(err, LAKE_INTERNAL, "%s: holds other bytes than were written", path);
    buffer_release(&bytes);
    return status;
}

/* ---- writing ---- */

static lake_status write_text(const char *path, struct io io, bool durable, struct lake_error *err)
{
    struct file_writer writer = {0};
    lake_status status = LAKE_OK;
    TRY_OUT(file_writer_open(&writer, io, path, err));
    TRY_OUT(file_writer_append(&writer, text, 15, err));
    TRY_OUT(file_writer_append(&writer, text + 15, strlen(text) - 15, err));
    TRY_OUT(file_writer_close(&writer, durable, err));
out:
    file_writer_release(&writer);
    return status;
}

static lake_status write_durable(void *context, struct io io, struct lake_error *err)
{
    struct place *place = context;
    struct fault_io *fault = io.context;
    TRY(write_text(place->file, io, true, err));
    TRY(check_file(place->file, err));
    if (fault->n_failed > 0)
        return lake_fail(err, LAKE_INTERNAL, "%s: a failed call passed for durable", place->file);
    return LAKE_OK;
}

static lake_status write_lazily(void *context, struct io io, struct lake_error *err)
{
    struct place *place = context;
    TRY(write_text(place->file, io, false, err));
    return check_file(place->file, err);
}

/* With one fault alone, the removal of what was not finished works: nothing must be left. */
static lake_status write_and_look_back(void *context, struct io io, struct lake_error *err)
{
    struct place *place = context;
    struct fault_io *fault = io.context;
    lake_status status = write_text(place->file, io, true, err);
    if (status != LAKE_OK && !fault->for_ever && access(place->file, F_OK) == 0)
        return lake_fail(err, LAKE_INTERNAL, "%s: was left behind", place->file);
    return status;
}

static void test_writing_a_file(void **state)
{
    struct io_sweep sweep = {write_durable, *state, remove_all, NULL};
    assert_int_equal(sweep_io(&sweep), 6 * 5); /* open, write, write, sync, close */
    sweep.work = write_and_look_back;
    assert_int_equal(sweep_io(&sweep), 6 * 5);
    sweep.work = write_lazily;
    assert_int_equal(sweep_io(&sweep), 6 * 4); /* no sync */
}

static void test_short_writes_and_reads_are_continued(void **state)
{
    struct place *place = *state;
    struct fault_io fault = {.is_short = true};
    struct lake_error err = {LAKE_OK, ""};
    struct buffer bytes = BUFFER_INIT(1000);
    assert_int_equal(write_text(place->file, fault_io(&fault), true, &err), LAKE_OK);
    assert_true(fault.n_calls > (int64_t)strlen(text));
    assert_int_equal(check_file(place->file, &err), LAKE_OK);
    assert_int_equal(file_read_all(fault_io(&fault), place->file, 1000, &bytes, &err), LAKE_OK);
    assert_int_equal(bytes.length, strlen(text));
    assert_memory_equal(bytes.data, text, bytes.length);
    buffer_release(&bytes);
}

static void test_a_disk_that_fills_up_within_a_short_write(void **state)
{
    struct place *place = *state;
    struct fault_io fault = {.is_short = true, .fail_at = 10, .error_number = ENOSPC, .for_ever = false};
    struct lake_error err = {LAKE_OK, ""};
    assert_int_equal(write_text(place->file, fault_io(&fault), true, &err), LAKE_NO_SPACE);
    assert_non_null(strstr(err.message, place->file));
    assert_int_not_equal(access(place->file, F_OK), 0);
    assert_int_equal(fault.n_open, 0);
}

/* The manual of fsync: after a failure, a second one may succeed although the bytes are lost. */
static void test_a_failed_sync_is_not_tried_again(void **state)
{
    struct place *place = *state;
    struct fault_io fault = {.fail_at = 4, .error_number = EIO};
    struct lake_error err = {LAKE_OK, ""};
    assert_int_equal(write_text(place->file, fault_io(&fault), true, &err), LAKE_IO);
    assert_string_equal(fault.failed_call, "sync");
    assert_int_equal(fault.n_calls, 6); /* then close and remove: no second sync */
    assert_int_not_equal(access(place->file, F_OK), 0);
}

/* ---- reading, and the rest ---- */

static lake_status read_text(void *context, struct io io, struct lake_error *err)
{
    struct place *place = context;
    struct buffer bytes = BUFFER_INIT(1000);
    lake_status status = file_read_all(io, place->file, 1000, &bytes, err);
    if (status == LAKE_OK && (bytes.length != strlen(text) || memcmp(bytes.data, text, bytes.length) != 0))
        status = lake_fail(err, LAKE_INTERNAL, "other bytes were read");
    buffer_release(&bytes);
    return status;
}

static void test_reading_a_file(void **state)
{
    struct io_sweep sweep = {read_text, *state, put_file, "close"};
    assert_int_equal(sweep_io(&sweep), 6 * 4); /* open, file_status, read_at, close */
}

static lake_status make_directories(void *context, struct io io, struct lake_error *err)
{
    struct place *place = context;
    bool made = false;
    TRY(file_make_directories(io, place->deep, &made, err));
    if (access(place->deep, F_OK) != 0 || !made)
        return lake_fail(err, LAKE_INTERNAL, "%s: was not made", place->deep);
    return LAKE_OK;
}

/* A status that fails is answered by trying to make the directory, which tells more. */
static void test_making_directories(void **state)
{
    struct io_sweep sweep = {make_directories, *state, remove_all, "status"};
    assert_true(sweep_io(&sweep) >= 6 * 6);
}

static lake_status move_and_remove(void *context, struct io io, struct lake_error *err)
{
    struct place *place = context;
    bool before = false, after = true;
    TRY(file_exists(io, place->file, &before, err));
    TRY(file_rename(io, place->file, place->other, err));
    TRY(file_sync_directory(io, place->directory, err));
    TRY(check_file(place->other, err));
    TRY(file_remove(io, place->other, err));
    TRY(file_exists(io, place->other, &after, err));
    if (!before || after)
        return lake_fail(err, LAKE_INTERNAL, "%s: exists at the wrong time", place->other);
    return LAKE_OK;
}

static void test_renaming_syncing_and_removing(void **state)
{
    struct io_sweep sweep = {move_and_remove, *state, put_file, NULL};
    assert_int_equal(sweep_io(&sweep), 6 * 7); /* status, rename, open, sync, close, remove, status */
}

/* ---- second names ---- */

static lake_status copy_bytes(void *context, struct io io, struct lake_error *err)
{
    struct place *place = context;
    struct copy_tools tools = {.hash = NULL};
    uint8_t copied[SHA256_BYTES], found[SHA256_BYTES];
    lake_status status = LAKE_OK;
    TRY_OUT(copy_tools_init(&tools, io, err));
    TRY_OUT(file_copy(&tools, place->file, place->other, copied, err));
    TRY_OUT(file_digest(&tools, place->other, found, err));
    if (memcmp(copied, found, SHA256_BYTES) != 0)
        TRY_OUT(lake_fail(err, LAKE_INTERNAL, "%s: has another digest than was told", place->other));
    status = check_file(place->other, err);
out:
    copy_tools_release(&tools);
    return status;
}

static lake_status link_file(void *context, struct io io, struct lake_error *err)
{
    struct place *place = context;
    TRY(file_link(io, place->file, place->other, err));
    return check_file(place->other, err);
}

/* Where there are no reflinks, that is said; a fault is another thing. */
static lake_status clone_file(void *context, struct io io, struct lake_error *err)
{
    struct place *place = context;
    lake_status status = file_clone(io, place->file, place->other, err);
    return status == LAKE_UNSUPPORTED ? LAKE_OK : status == LAKE_OK ? check_file(place->other, err) : status;
}

static void test_copying_linking_and_cloning(void **state)
{
    struct io_sweep sweep = {copy_bytes, *state, put_file, "close"};
    assert_int_equal(sweep_io(&sweep),
                     6 * (1 + 4 + 1 + 1 + 4)); /* create; open, read, write, read; close twice; the digest */
    sweep.work = link_file;
    assert_int_equal(sweep_io(&sweep), 6);
    sweep.work = clone_file;
    assert_int_equal(sweep_io(&sweep), 6);
}

/* A copy that could not be made whole is not there. */
static void test_half_a_copy_does_not_stay(void **state)
{
    struct place *place = *state;
    struct lake_error err = {LAKE_OK, ""};
    struct copy_tools tools;
    uint8_t digest[SHA256_BYTES];
    for (int64_t at = 2; at <= 7; at++) { /* the first makes it; the sixth, closing what was read, may fail */
        struct fault_io fault = {.fail_at = at, .error_number = ENOSPC};
        put_file(place);
        assert_int_equal(copy_tools_init(&tools, fault_io(&fault), &err), LAKE_OK);
        lake_status status = file_copy(&tools, place->file, place->other, digest, &err);
        assert_int_equal(status, at == 6 ? LAKE_OK : LAKE_NO_SPACE);
        assert_int_equal(access(place->other, F_OK) == 0, status == LAKE_OK);
        assert_int_equal(fault.n_open, 0);
        copy_tools_release(&tools);
    }
}

/* ---- locks ---- */

static lake_status lock_twice(void *context, struct io io, struct lake_error *err)
{
    struct place *place = context;
    struct file_lock lock = {0}, second = {0};
    struct lake_error ignored;
    TRY(file_lock_acquire(&lock, io, place->file, IO_LOCK_EXCLUSIVE, 100, "sweep", err));
    lake_status status = file_lock_acquire(&second, io_system(), place->file, IO_LOCK_EXCLUSIVE, 0, "second", &ignored);
    file_lock_release(&second);
    file_lock_release(&lock);
    if (status != LAKE_BUSY)
        return lake_fail(err, LAKE_INTERNAL, "two held one lock");
    TRY(file_lock_acquire(&second, io_system(), place->file, IO_LOCK_EXCLUSIVE, 0, "third", err));
    file_lock_release(&second);
    return LAKE_OK;
}

/* Who holds it is written for people; unlocking and closing end the lock in either way. */
static void test_locking(void **state)
{
    struct io_sweep sweep = {lock_twice, *state, remove_all, "write lock close"};
    assert_int_equal(sweep_io(&sweep), 6 * 5); /* open, lock, write, lock, close */
}

static void test_a_lock_that_cannot_be_had_is_an_error(void **state)
{
    struct place *place = *state;
    struct file_lock lock = {0};
    struct lake_error err = {LAKE_OK, ""};
    struct fault_io fault = {.fail_at = 2, .error_number = EIO};
    assert_int_equal(file_lock_acquire(&lock, fault_io(&fault), place->file, IO_LOCK_EXCLUSIVE, 100, "x", &err),
                     LAKE_IO);
    assert_string_equal(fault.failed_call, "lock");
    assert_false(lock.is_held);
    assert_int_equal(fault.n_open, 0);
    file_lock_release(&lock); /* harmless */
    assert_int_equal(fault.n_calls, 3);
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(test_writing_a_file),
        T(test_short_writes_and_reads_are_continued),
        T(test_a_disk_that_fills_up_within_a_short_write),
        T(test_a_failed_sync_is_not_tried_again),
        T(test_reading_a_file),
        T(test_making_directories),
        T(test_renaming_syncing_and_removing),
        T(test_copying_linking_and_cloning),
        T(test_half_a_copy_does_not_stay),
        T(test_locking),
        T(test_a_lock_that_cannot_be_had_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
