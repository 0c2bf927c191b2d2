#include "io/copy.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/file.h"
#include "io/tree.h"
#include "unit/base/check.h"

enum { PATH_BYTES = 256 };

static char root[PATH_BYTES];
static struct copy_tools tools;

static const char *at(const char *name)
{
    static char paths[4][2 * PATH_BYTES];
    static int next = 0;
    char *path = paths[next++ % 4];
    (void)snprintf(path, sizeof paths[0], "%s/%s", root, name);
    return path;
}

static int set_up(void **state)
{
    (void)state;
    const char *base = getenv("TMPDIR");
    (void)snprintf(root, sizeof root, "%s/lake_copy_XXXXXX", base != NULL ? base : "/tmp");
    return mkdtemp(root) == NULL || copy_tools_init(&tools, io_system(), NULL) != LAKE_OK ? -1 : 0;
}

static int tear_down(void **state)
{
    (void)state;
    copy_tools_release(&tools);
    return tree_remove(io_system(), root, NULL) == LAKE_OK ? 0 : -1;
}

static void put(const char *path, const char *text)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
    assert_int_equal(fclose(file), 0);
}

static struct stat examine(const char *path)
{
    struct stat status;
    assert_int_equal(stat(path, &status), 0);
    return status;
}

/* FIPS 180-4's example. */
static void is_digest_of_abc(const uint8_t digest[SHA256_BYTES])
{
    char text[SHA256_TEXT_BYTES];
    sha256_text(digest, text);
    assert_string_equal(text, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

static void test_a_copy_has_the_bytes_and_their_digest(void **state)
{
    struct lake_error err;
    struct buffer bytes = BUFFER_INIT(100);
    uint8_t digest[SHA256_BYTES];
    (void)state;
    put(at("from"), "abc");
    lake_ok(file_copy(&tools, at("from"), at("to"), digest, &err));
    is_digest_of_abc(digest);
    lake_ok(file_read_all(io_system(), at("to"), 100, &bytes, &err));
    assert_int_equal(bytes.length, 3);
    assert_memory_equal(bytes.data, "abc", 3);
    assert_true(examine(at("from")).st_ino != examine(at("to")).st_ino);
    buffer_release(&bytes);
}

static void test_digests_of_files_of_any_size(void **state)
{
    static const struct {
        int n_bytes;
        const char *digest;
    } cases[] = {/* of zero bytes: sha256sum (GNU coreutils) */
                 {0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
                 {1 << 20, "30e14955ebf1352266dc2ff8067e68104607e750abb9d3b36582b8af909fcb58"},
                 {(1 << 20) + 1, "2cb74edba754a81d121c9db6833704a8e7d417e5b13d1a19f4a52f007d644264"}};
    struct lake_error err;
    char path[PATH_BYTES], text[SHA256_TEXT_BYTES];
    uint8_t digest[SHA256_BYTES], copied[SHA256_BYTES];
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        (void)snprintf(path, sizeof path, "size-%d", cases[i].n_bytes);
        put(at(path), "");
        assert_int_equal(truncate(at(path), cases[i].n_bytes), 0);
        lake_ok(file_digest(&tools, at(path), digest, &err));
        sha256_text(digest, text);
        assert_string_equal(text, cases[i].digest);
        (void)snprintf(path, sizeof path, "size-%d", cases[i].n_bytes);
        lake_ok(file_copy(&tools, at(path), at("copy"), copied, &err));
        assert_memory_equal(copied, digest, sizeof digest);
        assert_int_equal(examine(at("copy")).st_size, cases[i].n_bytes);
        assert_int_equal(unlink(at("copy")), 0);
    }
}

static void test_a_link_is_the_same_file(void **state)
{
    struct lake_error err;
    (void)state;
    put(at("from"), "abc");
    lake_ok(file_link(io_system(), at("from"), at("to"), &err));
    assert_true(examine(at("from")).st_ino == examine(at("to")).st_ino);
}

/* Where the filesystem can: else it says so, and leaves nothing. */
static void test_a_clone_is_another_file_with_the_same_bytes(void **state)
{
    struct lake_error err;
    uint8_t digest[SHA256_BYTES];
    (void)state;
    put(at("from"), "abc");
    lake_status status = file_clone(io_system(), at("from"), at("to"), &err);
    if (status != LAKE_OK) {
        assert_int_equal(status, LAKE_UNSUPPORTED);
        assert_non_null(strstr(err.message, at("from")));
        assert_int_equal(access(at("to"), F_OK), -1);
        print_message("this filesystem has no reflinks\n");
        skip();
    }
    assert_true(examine(at("from")).st_ino != examine(at("to")).st_ino);
    lake_ok(file_digest(&tools, at("to"), digest, &err));
    is_digest_of_abc(digest);
}

static void test_a_taken_name_is_not_written_over(void **state)
{
    struct lake_error err;
    struct buffer bytes = BUFFER_INIT(100);
    uint8_t digest[SHA256_BYTES];
    (void)state;
    put(at("from"), "abc");
    put(at("to"), "mine");
    lake_fails(file_copy(&tools, at("from"), at("to"), digest, &err), LAKE_EXISTS, "to");
    lake_fails(file_link(io_system(), at("from"), at("to"), &err), LAKE_EXISTS, "from");
    lake_fails(file_clone(io_system(), at("from"), at("to"), &err), LAKE_EXISTS, "from");
    lake_ok(file_read_all(io_system(), at("to"), 100, &bytes, &err));
    assert_int_equal(bytes.length, 4);
    buffer_release(&bytes);
}

static void test_a_file_that_is_not_there(void **state)
{
    struct lake_error err;
    uint8_t digest[SHA256_BYTES];
    (void)state;
    lake_fails(file_copy(&tools, at("from"), at("to"), digest, &err), LAKE_NOT_FOUND, "from");
    lake_fails(file_digest(&tools, at("from"), digest, &err), LAKE_NOT_FOUND, "from");
    lake_fails(file_link(io_system(), at("from"), at("to"), &err), LAKE_NOT_FOUND, "from");
    lake_fails(file_clone(io_system(), at("from"), at("to"), &err), LAKE_NOT_FOUND, "from");
    assert_int_equal(access(at("to"), F_OK), -1);
}

static int cannot(void *context, const char *from, const char *to)
{
    (void)from;
    (void)to;
    return *(const int *)context;
}

/* Not possible is not the same as gone wrong. */
static void test_what_a_filesystem_cannot_do(void **state)
{
    static const int impossible[] = {-EXDEV, -EOPNOTSUPP, -ENOTTY, -EINVAL, -ENOSYS, -EPERM, -EMLINK};
    struct lake_error err;
    struct io_ops ops = *io_system().ops;
    int code = 0;
    const struct io io = {&ops, &code};
    (void)state;
    ops.link = cannot;
    ops.clone = cannot;
    for (size_t i = 0; i < sizeof impossible / sizeof *impossible; i++) {
        code = impossible[i];
        lake_fails(file_link(io, "from", "to", &err), LAKE_UNSUPPORTED, "from");
        lake_fails(file_clone(io, "from", "to", &err), LAKE_UNSUPPORTED, "from");
    }
    code = -EIO;
    lake_fails(file_link(io, "from", "to", &err), LAKE_IO, "from");
    code = -ENOSPC;
    lake_fails(file_clone(io, "from", "to", &err), LAKE_NO_SPACE, "from");
}

static void test_real_path(void **state)
{
    const struct io io = io_system();
    char path[2 * PATH_BYTES], again[2 * PATH_BYTES];
    (void)state;
    put(at("file"), "");
    assert_int_equal(symlink("file", at("link")), 0);
    assert_int_equal(io.ops->real_path(io.context, at("file"), path, sizeof path), 0);
    assert_int_equal(io.ops->real_path(io.context, at("./link"), again, sizeof again), 0);
    assert_string_equal(path, again);
    assert_int_equal(path[0], '/');
    assert_int_equal(io.ops->real_path(io.context, at("file"), again, strlen(path)), -ENAMETOOLONG);
    assert_int_equal(io.ops->real_path(io.context, at("file"), again, strlen(path) + 1), 0);
    assert_int_equal(io.ops->real_path(io.context, at("nothing"), again, sizeof again), -ENOENT);
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(test_a_copy_has_the_bytes_and_their_digest),
        T(test_digests_of_files_of_any_size),
        T(test_a_link_is_the_same_file),
        T(test_a_clone_is_another_file_with_the_same_bytes),
        T(test_a_taken_name_is_not_written_over),
        T(test_a_file_that_is_not_there),
        T(test_what_a_filesystem_cannot_do),
        T(test_real_path),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
