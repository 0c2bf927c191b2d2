#include "io/file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "unit/base/check.h"

enum { PATH_BYTES = 256 };

static char root[PATH_BYTES];

/* A path below the test's own directory; the text lives until the fourth call after. */
static const char *at(const char *name)
{
    static char paths[4][2 * PATH_BYTES];
    static int next = 0;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", root, name);
    return path;
}

static int make_root(void **state)
{
    (void)state;
    const char *base = getenv("TMPDIR");
    snprintf(root, sizeof root, "%s/lake_file_XXXXXX", base != NULL ? base : "/tmp");
    return mkdtemp(root) == NULL ? -1 : 0;
}

static int remove_entry(void *context, const char *name, enum io_kind kind)
{
    char path[4 * PATH_BYTES];
    const struct io io = io_system();
    snprintf(path, sizeof path, "%s/%s", (const char *)context, name);
    if (kind != IO_KIND_DIRECTORY)
        return io.ops->remove(io.context, path);
    int result = io.ops->list(io.context, path, remove_entry, path);
    return result != 0 ? result : io.ops->remove_directory(io.context, path);
}

static int remove_root(void **state)
{
    (void)state;
    const struct io io = io_system();
    return io.ops->list(io.context, root, remove_entry, root) != 0 || rmdir(root) != 0 ? -1 : 0;
}

static void write_file(const char *path, const void *bytes, size_t n)
{
    struct lake_error err = {0};
    struct file_writer writer = {0};
    lake_ok(file_writer_open(&writer, io_system(), path, &err));
    lake_ok(file_writer_append(&writer, bytes, n, &err));
    lake_ok(file_writer_close(&writer, true, &err));
    file_writer_release(&writer);
}

static bool is_there(const char *path)
{
    struct lake_error err = {0};
    bool exists = false;
    lake_ok(file_exists(io_system(), path, &exists, &err));
    return exists;
}

static void test_written_bytes_are_read_back(void **state)
{
    (void)state;
    struct lake_error err = {0};
    struct file_writer writer = {0};
    struct buffer bytes = BUFFER_INIT(1 << 20);
    lake_ok(file_writer_open(&writer, io_system(), at("written"), &err));
    for (uint32_t i = 0; i < 20000; i++)
        lake_ok(file_writer_append(&writer, &i, sizeof i, &err));
    assert_int_equal(writer.size_bytes, 80000);
    lake_ok(file_writer_close(&writer, true, &err));
    file_writer_release(&writer);
    lake_ok(file_read_all(io_system(), at("written"), 80000, &bytes, &err));
    assert_int_equal(bytes.length, 80000);
    for (uint32_t i = 0; i < 20000; i++)
        assert_memory_equal(bytes.data + i * sizeof i, &i, sizeof i);
    buffer_release(&bytes);
}

static void test_a_name_is_created_once(void **state)
{
    (void)state;
    struct lake_error err = {0};
    struct file_writer writer = {0};
    struct buffer bytes = BUFFER_INIT(100);
    write_file(at("once"), "first", 5);
    lake_fails(file_writer_open(&writer, io_system(), at("once"), &err), LAKE_EXISTS, "once");
    file_writer_release(&writer);
    lake_ok(file_read_all(io_system(), at("once"), 100, &bytes, &err));
    assert_int_equal(bytes.length, 5);
    buffer_release(&bytes);
}

static void test_what_is_not_closed_is_removed(void **state)
{
    (void)state;
    struct lake_error err = {0};
    struct file_writer writer = {0};
    lake_ok(file_writer_open(&writer, io_system(), at("half"), &err));
    lake_ok(file_writer_append(&writer, "half", 4, &err));
    assert_true(is_there(at("half")));
    file_writer_release(&writer);
    assert_false(is_there(at("half")));
    file_writer_release(&writer);
}

/* The system's table, but for calls that fail. */
struct failing_io {
    struct io_ops ops;
    int error_of_sync, error_of_write;
    int n_syncs;
};

static int failing_sync(void *context, int file)
{
    struct failing_io *failing = context;
    (void)file;
    failing->n_syncs++;
    return failing->error_of_sync;
}

static int64_t short_write(void *context, int file, const void *bytes, size_t n)
{
    const struct failing_io *failing = context;
    if (failing->error_of_write != 0)
        return failing->error_of_write;
    return io_system().ops->write(io_system().context, file, bytes, n < 3 ? n : 3);
}

static int64_t short_read_at(void *context, int file, void *bytes, size_t n, int64_t offset)
{
    (void)context;
    return io_system().ops->read_at(io_system().context, file, bytes, n < 3 ? n : 3, offset);
}

static struct io failing_table(struct failing_io *failing)
{
    failing->ops = *io_system().ops;
    failing->ops.sync = failing_sync;
    failing->ops.write = short_write;
    failing->ops.read_at = short_read_at;
    return (struct io){&failing->ops, failing};
}

static void test_failed_sync_removes_the_file_and_is_not_tried_again(void **state)
{
    (void)state;
    struct lake_error err = {0};
    struct failing_io failing = {.error_of_sync = -EIO};
    struct file_writer writer = {0};
    lake_ok(file_writer_open(&writer, failing_table(&failing), at("unsynced"), &err));
    lake_ok(file_writer_append(&writer, "abc", 3, &err));
    lake_fails(file_writer_close(&writer, true, &err), LAKE_IO, "unsynced");
    file_writer_release(&writer);
    assert_int_equal(failing.n_syncs, 1);
    assert_false(is_there(at("unsynced")));
}

static void test_full_disk_is_no_space(void **state)
{
    (void)state;
    struct lake_error err = {0};
    struct failing_io failing = {.error_of_write = -ENOSPC};
    struct file_writer writer = {0};
    lake_ok(file_writer_open(&writer, failing_table(&failing), at("full"), &err));
    lake_fails(file_writer_append(&writer, "abc", 3, &err), LAKE_NO_SPACE, "full");
    file_writer_release(&writer);
    assert_false(is_there(at("full")));
}

static void test_short_writes_and_reads_are_continued(void **state)
{
    (void)state;
    struct lake_error err = {0};
    struct failing_io failing = {0};
    const struct io io = failing_table(&failing);
    struct file_writer writer = {0};
    struct buffer bytes = BUFFER_INIT(100);
    lake_ok(file_writer_open(&writer, io, at("short"), &err));
    lake_ok(file_writer_append(&writer, "0123456789", 10, &err));
    lake_ok(file_writer_close(&writer, true, &err));
    file_writer_release(&writer);
    lake_ok(file_read_all(io, at("short"), 100, &bytes, &err));
    assert_int_equal(bytes.length, 10);
    assert_memory_equal(bytes.data, "0123456789", 10);
    buffer_release(&bytes);
}

static void test_reading_past_the_end_is_corrupt(void **state)
{
    (void)state;
    struct lake_error err = {0};
    const struct io io = io_system();
    char bytes[10] = "";
    write_file(at("ten"), "0123456789", 10);
    int file = io.ops->open(io.context, at("ten"), IO_READ);
    assert_true(file >= 0);
    lake_ok(file_read_at(io, file, "ten", 4, bytes, 6, &err));
    assert_memory_equal(bytes, "456789", 6);
    lake_ok(file_read_at(io, file, "ten", 10, bytes, 0, &err));
    lake_fails(file_read_at(io, file, "ten", 4, bytes, 7, &err), LAKE_CORRUPT, "ten: ends at byte 10");
    lake_fails(file_read_at(io, file, "ten", 1000, bytes, 1, &err), LAKE_CORRUPT, "ten");
    assert_int_equal(io.ops->close(io.context, file), 0);
}

static void test_read_all_refuses_what_it_must(void **state)
{
    (void)state;
    struct lake_error err = {0};
    struct buffer bytes = BUFFER_INIT(100);
    lake_fails(file_read_all(io_system(), at("absent"), 100, &bytes, &err), LAKE_NOT_FOUND, "absent");
    lake_fails(file_read_all(io_system(), root, 100, &bytes, &err), LAKE_INVALID_ARGUMENT, "directory");
    write_file(at("large"), "0123456789", 10);
    lake_fails(file_read_all(io_system(), at("large"), 9, &bytes, &err), LAKE_NO_MEMORY, "large");
    write_file(at("empty"), "", 0);
    lake_ok(buffer_append(&bytes, "old", 3, &err));
    lake_ok(file_read_all(io_system(), at("empty"), 9, &bytes, &err));
    assert_int_equal(bytes.length, 0);
    buffer_release(&bytes);
}

static void test_directories(void **state)
{
    (void)state;
    struct lake_error err = {0};
    const struct io io = io_system();
    bool made = false;
    lake_ok(file_make_directories(io, at("a/b/c"), &made, &err));
    assert_true(made && is_there(at("a/b/c")));
    lake_ok(file_make_directories(io, at("a/b/c"), &made, &err));
    assert_false(made);
    lake_ok(file_make_directories(io, at("a/b/d"), &made, &err));
    assert_true(made);
    lake_ok(file_sync_directory(io, at("a/b"), &err));
    write_file(at("a/file"), "x", 1);
    lake_fails(file_make_directories(io, at("a/file/x"), NULL, &err), LAKE_EXISTS, "a/file");
    lake_fails(file_sync_directory(io, at("nowhere"), &err), LAKE_NOT_FOUND, "nowhere");
}

static void test_rename_and_remove(void **state)
{
    (void)state;
    struct lake_error err = {0};
    const struct io io = io_system();
    write_file(at("from"), "x", 1);
    lake_ok(file_rename(io, at("from"), at("to"), &err));
    assert_true(is_there(at("to")) && !is_there(at("from")));
    lake_fails(file_rename(io, at("from"), at("to2"), &err), LAKE_NOT_FOUND, "from");
    lake_ok(file_remove(io, at("to"), &err));
    assert_false(is_there(at("to")));
    lake_ok(file_remove(io, at("to"), &err));
    assert_false(is_there(at("to/below")));
}

static void check_path(lake_status status, char *path, const char *wanted)
{
    assert_int_equal(status, LAKE_OK);
    assert_string_equal(path, wanted);
    memory_free(path);
}

static void test_paths(void **state)
{
    (void)state;
    char *path = NULL;
    lake_status status = path_join("a", "b", &path, NULL);
    check_path(status, path, "a/b");
    status = path_join("a/", "b/c", &path, NULL);
    check_path(status, path, "a/b/c");
    status = path_join("/", "b", &path, NULL);
    check_path(status, path, "/b");
    static const char *const parents[][2] = {{"a/b/c", "a/b"}, {"a", "."},    {"/a", "/"},   {"/", "/"},
                                             {"a/b/", "a"},    {"a//b", "a"}, {"/a/b", "/a"}};
    for (size_t i = 0; i < sizeof parents / sizeof parents[0]; i++) {
        status = path_parent(parents[i][0], &path, NULL);
        check_path(status, path, parents[i][1]);
    }
    assert_string_equal(path_name("a/b.csv"), "b.csv");
    assert_string_equal(path_name("b.csv"), "b.csv");
    assert_string_equal(path_name("a/"), "");
}

static int count_names(void *context, const char *name, enum io_kind kind)
{
    int *counts = context;
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return -1;
    counts[kind]++;
    return strcmp(name, "stop") == 0 ? 42 : 0;
}

static void test_listing(void **state)
{
    (void)state;
    struct lake_error err = {0};
    const struct io io = io_system();
    int counts[3] = {0};
    lake_ok(file_make_directories(io, at("list/inner"), NULL, &err));
    write_file(at("list/one"), "", 0);
    write_file(at("list/.two"), "", 0);
    assert_int_equal(io.ops->list(io.context, at("list"), count_names, counts), 0);
    assert_int_equal(counts[IO_KIND_FILE], 2);
    assert_int_equal(counts[IO_KIND_DIRECTORY], 1);
    write_file(at("list/stop"), "", 0);
    assert_int_equal(io.ops->list(io.context, at("list"), count_names, counts), 42);
    assert_int_equal(io.ops->list(io.context, at("absent"), count_names, counts), -ENOENT);
}

static void test_status_and_random(void **state)
{
    (void)state;
    const struct io io = io_system();
    struct io_status status;
    uint8_t first[16] = {0}, second[16] = {0};
    write_file(at("sized"), "12345", 5);
    assert_int_equal(io.ops->status(io.context, at("sized"), &status), 0);
    assert_int_equal(status.kind, IO_KIND_FILE);
    assert_int_equal(status.size_bytes, 5);
    assert_true(status.modified_ms > 0);
    assert_int_equal(io.ops->status(io.context, root, &status), 0);
    assert_int_equal(status.kind, IO_KIND_DIRECTORY);
    assert_int_equal(io.ops->random(io.context, first, sizeof first), 0);
    assert_int_equal(io.ops->random(io.context, second, sizeof second), 0);
    assert_memory_not_equal(first, second, sizeof first);
    assert_int_equal(io.ops->process_id(io.context), getpid());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_written_bytes_are_read_back),
        cmocka_unit_test(test_a_name_is_created_once),
        cmocka_unit_test(test_what_is_not_closed_is_removed),
        cmocka_unit_test(test_failed_sync_removes_the_file_and_is_not_tried_again),
        cmocka_unit_test(test_full_disk_is_no_space),
        cmocka_unit_test(test_short_writes_and_reads_are_continued),
        cmocka_unit_test(test_reading_past_the_end_is_corrupt),
        cmocka_unit_test(test_read_all_refuses_what_it_must),
        cmocka_unit_test(test_directories),
        cmocka_unit_test(test_rename_and_remove),
        cmocka_unit_test(test_paths),
        cmocka_unit_test(test_listing),
        cmocka_unit_test(test_status_and_random),
    };
    return cmocka_run_group_tests(tests, make_root, remove_root);
}
