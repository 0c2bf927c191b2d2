/* Sources: what is told by their first bytes, what comes out of them, how they are hashed, and what is refused. */
#include "ingest/source.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/thread.h"
#include "unit/base/check.h"
#include "unit/ingest/memory_file.h"
#include "unit/ingest/packed_bytes.h"

enum { OUT_BYTES = 4096, MANY = 200 };

#define PACKED_TEXT_4 PACKED_TEXT PACKED_TEXT PACKED_TEXT PACKED_TEXT
#define BYTES(array) (array), sizeof(array) - 1

/* All that comes out of a source: "[place|name]" and the bytes of each member. */
struct outcome {
    char text[OUT_BYTES];
    size_t n;
    uint8_t digest[SHA256_BYTES];
};

static void put(struct outcome *out, const char *bytes, size_t n)
{
    assert_true(n <= OUT_BYTES - out->n);
    memcpy(out->text + out->n, bytes, n);
    out->n += n;
}

static lake_status read_member(struct source *source, size_t piece, struct outcome *out, struct lake_error *err)
{
    char bytes[MANY];
    size_t n = 0;
    do {
        TRY(source_read(source, bytes, piece, &n, err));
        TRY(source_hash(source, err));
        put(out, bytes, n);
    } while (n == piece);
    TRY(source_read(source, bytes, piece, &n, err));
    assert_int_equal(n, 0); /* the end stays the end */
    return LAKE_OK;
}

static lake_status read_members(struct source *source, size_t piece, bool with_names, struct outcome *out,
                                struct lake_error *err)
{
    bool has_member = false;
    char names[MANY];
    for (;;) {
        TRY(source_next_member(source, &has_member, err));
        if (!has_member) {
            TRY(source_finish(source, out->digest, err));
            assert_int_equal(source_bytes_read(source), source_size_bytes(source));
            return LAKE_OK;
        }
        int n = snprintf(names, sizeof names, "[%s|%s]", source_place(source), source_name(source));
        if (with_names)
            put(out, names, (size_t)n);
        TRY(read_member(source, piece, out, err));
    }
}

static lake_status read_source(struct memory_file *file, const char *path, size_t piece, struct outcome *out,
                               struct lake_error *err)
{
    struct source *source = NULL;
    *out = (struct outcome){.n = 0};
    file->position = 0;
    lake_status status = source_open(memory_file_io(file), path, &source, err);
    if (status == LAKE_OK)
        status = read_members(source, piece, true, out, err);
    source_close(source);
    assert_int_equal(file->n_open, 0);
    return status;
}

static void check_digest(const struct memory_file *file, const uint8_t *digest)
{
    struct lake_error err;
    struct sha256 *hash = NULL;
    uint8_t expected[SHA256_BYTES];
    lake_ok(sha256_new(&hash, &err));
    lake_ok(sha256_begin(hash, &err));
    lake_ok(sha256_update(hash, file->bytes, file->length, &err));
    lake_ok(sha256_end(hash, expected, &err));
    sha256_free(hash);
    assert_memory_equal(digest, expected, SHA256_BYTES);
}

/* In pieces of several sizes, the system giving as much as it is asked for, or less. */
static void check_reads(const char *bytes, size_t n, const char *path, const char *expected)
{
    static const size_t pieces[] = {1, 7, MANY};
    struct lake_error err;
    struct outcome out;
    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++)
        for (size_t most = 1; most <= MANY; most += 66) {
            struct memory_file file = memory_file_of(bytes, n);
            file.most = most;
            lake_ok(read_source(&file, path, pieces[i], &out, &err));
            assert_int_equal(out.n, strlen(expected));
            assert_memory_equal(out.text, expected, out.n);
            check_digest(&file, out.digest);
        }
}

static void check_refused(const char *bytes, size_t n, lake_status status, const char *message)
{
    struct lake_error err;
    struct outcome out;
    struct memory_file file = memory_file_of(bytes, n);
    lake_fails(read_source(&file, "x.dat", MANY, &out, &err), status, message);
    assert_non_null(strstr(err.message, "x.dat"));
}

static void test_plain_text_comes_as_it_is(void **state)
{
    (void)state;
    check_reads("", 0, "a/b.csv", "[a/b.csv|a/b.csv]");
    check_reads("a", 1, "b.csv.gz", "[b.csv.gz|b.csv.gz]a"); /* the name packs nothing */
    check_reads(BYTES(PACKED_TEXT_4), "b.csv", "[b.csv|b.csv]" PACKED_TEXT_4);
    check_reads(BYTES(PACKED_TEXT), "-", "[standard input|]" PACKED_TEXT);
}

static void test_gzip_is_unpacked(void **state)
{
    char twice[2 * sizeof gzip_text];
    (void)state;
    check_reads(BYTES(gzip_text), "d/b.csv.gz", "[d/b.csv.gz|d/b.csv]" PACKED_TEXT);
    check_reads(BYTES(gzip_text), "b.csv", "[b.csv|b.csv]" PACKED_TEXT);
    check_reads(BYTES(gzip_text), "-", "[standard input|]" PACKED_TEXT);
    memcpy(twice, gzip_text, sizeof gzip_text - 1);
    memcpy(twice + sizeof gzip_text - 1, gzip_text, sizeof gzip_text - 1);
    check_reads(twice, 2 * (sizeof gzip_text - 1), "b.gz", "[b.gz|b]" PACKED_TEXT PACKED_TEXT);
    check_refused(twice, 2 * (sizeof gzip_text - 1) - 1, LAKE_INVALID_DATA, "in the middle of its gzip data");
    twice[sizeof gzip_text - 1] = 'x';
    check_refused(twice, 2 * (sizeof gzip_text - 1), LAKE_INVALID_DATA, "not gzip follows");
}

static void test_zstd_is_unpacked(void **state)
{
    static const char skipped[] = "\x53\x2a\x4d\x18\x03\x00\x00\x00xyz";
    char both[2 * sizeof zstd_text + 2 * sizeof skipped + 8];
    size_t n = 0;
    (void)state;
    check_reads(BYTES(zstd_text), "b.csv.zst", "[b.csv.zst|b.csv]" PACKED_TEXT);
    for (int i = 0; i < 2; i++) {
        memcpy(both + n, skipped, sizeof skipped - 1);
        memcpy(both + n + sizeof skipped - 1, zstd_text, sizeof zstd_text - 1);
        n += sizeof skipped + sizeof zstd_text - 2;
    }
    check_reads(both, n, "b.csv.zstd", "[b.csv.zstd|b.csv]" PACKED_TEXT PACKED_TEXT);
    check_reads(both, sizeof skipped - 1, "b", "[b|b]");
    check_refused(both, n - 1, LAKE_INVALID_DATA, "in the middle of its zstd data");
    memcpy(both + n, "garbage", 7);
    check_refused(both, n + 7, LAKE_INVALID_DATA, "not zstd follows");
}

static void test_large_zstd_windows_are_refused(void **state)
{
    /* A frame header: no single segment, no size; a window of 2^28. */
    static const char frame[] = "\x28\xb5\x2f\xfd\x00\x90\x01\x00\x00";
    (void)state;
    check_refused(BYTES(frame), LAKE_UNSUPPORTED, "window of more than 128 MiB");
}

static void test_zip_gives_its_files_by_name(void **state)
{
    (void)state;
    check_reads(BYTES(zip_members), "b.zip",
                "[b.zip:d/x-2.csv|b.zip/d/x-2.csv]" PACKED_TEXT_4 "[b.zip:d/x-10.csv|b.zip/d/x-10.csv]ten\n");
    check_reads(BYTES(zip64_text), "b.zip", "[b.zip:a.csv|b.zip/a.csv]" PACKED_TEXT_4);
    check_reads(BYTES(zip_report), "b.zip",
                "[b.zip:D.csv|b.zip/D.csv]" PACKED_TEXT "[b.zip:note.txt|b.zip/note.txt]" PACKED_TEXT);
}

static void test_zip_refuses_by_name(void **state)
{
    struct lake_error err;
    struct outcome out;
    (void)state;
    check_refused(BYTES(zip_secret), LAKE_UNSUPPORTED, "x.dat:a.csv: is encrypted");
    check_refused(BYTES(zip_xz), LAKE_UNSUPPORTED, "x.dat:a.csv: is packed by method 14");
    check_refused(BYTES(zip_sheet), LAKE_UNSUPPORTED, "is an Excel workbook");
    check_refused(BYTES(zip_empty), LAKE_INVALID_DATA, "there is no file");
    check_refused(zip_members, 100, LAKE_INVALID_DATA, "is it whole?");
    struct memory_file file = memory_file_of(BYTES(zip_members));
    lake_fails(read_source(&file, "-", MANY, &out, &err), LAKE_UNSUPPORTED,
               "standard input: is a zip archive, which is read from its end");
}

static void test_wrong_checksums_are_found(void **state)
{
    char bytes[sizeof zip_report];
    (void)state;
    memcpy(bytes, zip_report, sizeof bytes);
    char *data = strstr(bytes + 40, "ts,open");
    for (size_t i = 0; data == NULL; i++)
        data = memcmp(bytes + i, "ts,open", 7) == 0 ? bytes + i : NULL;
    data[0] = 'T';
    check_refused(bytes, sizeof bytes - 1, LAKE_INVALID_DATA, "x.dat:D.csv: is damaged: its checksum is wrong");
    memcpy(bytes, gzip_text, sizeof gzip_text);
    bytes[sizeof gzip_text - 1 - 8] ^= 1;
    check_refused(bytes, sizeof gzip_text - 1, LAKE_INVALID_DATA, "incorrect data check");
}

/* Nothing of a packed source passes that is not what was packed: cut anywhere, and with any byte changed. */
static void check_damage(const char *bytes, size_t n, const char *expected)
{
    struct lake_error err;
    struct outcome out;
    char *damaged = malloc(n);
    assert_non_null(damaged);
    memcpy(damaged, bytes, n);
    for (size_t cut = 10; cut < n; cut++) { /* what is shorter may be text */
        struct memory_file file = memory_file_of(bytes, cut);
        assert_int_not_equal(read_source(&file, "x", MANY, &out, &err), LAKE_OK);
    }
    for (size_t i = 10; i < n; i++)
        for (int bit = 0; bit < 8; bit++) {
            damaged[i] = (char)(damaged[i] ^ (1 << bit));
            struct memory_file file = memory_file_of(damaged, n);
            if (read_source(&file, "x", MANY, &out, &err) == LAKE_OK && expected != NULL) {
                assert_int_equal(out.n, strlen(expected));
                assert_memory_equal(out.text, expected, out.n);
            }
            damaged[i] = bytes[i];
        }
    free(damaged);
}

static void test_damage_is_found(void **state)
{
    (void)state;
    check_damage(BYTES(gzip_text), "[x|x]" PACKED_TEXT);
    check_damage(BYTES(zstd_text), "[x|x]" PACKED_TEXT);
    check_damage(BYTES(zip_members), NULL); /* names may change */
    check_damage(BYTES(zip64_text), NULL);
}

static void test_parquet_is_told_and_hashed(void **state)
{
    struct lake_error err;
    struct source *source = NULL;
    uint8_t digest[SHA256_BYTES], bytes[4];
    bool has_member = false;
    struct memory_file file = memory_file_of(BYTES("PAR1....PAR1"));
    (void)state;
    lake_ok(source_open(memory_file_io(&file), "x.parquet", &source, &err));
    assert_int_equal(source_kind(source), SOURCE_PARQUET);
    lake_ok(source_next_member(source, &has_member, &err));
    assert_true(has_member);
    lake_ok(source_read_at(source, 8, bytes, 4, &err));
    assert_memory_equal(bytes, "PAR1", 4);
    lake_fails(source_read_at(source, 9, bytes, 4, &err), LAKE_CORRUPT, "x.parquet: ends at byte 12");
    source_set_bytes_read(source, 7);
    assert_int_equal(source_bytes_read(source), 7);
    lake_ok(source_finish(source, digest, &err));
    assert_int_equal(source_bytes_read(source), 12);
    check_digest(&file, digest);
    source_close(source);
    file.position = 0;
    lake_fails(source_open(memory_file_io(&file), "-", &source, &err), LAKE_UNSUPPORTED, "a Parquet file");
}

/* ---- marks ---- */

static lake_status read_to_mark(struct memory_file *file, size_t n, struct source_mark *mark, struct lake_error *err)
{
    struct source *source = NULL;
    struct outcome out = {.n = 0};
    bool has_member = false;
    lake_status status = LAKE_OK;
    file->position = 0;
    TRY_OUT(source_open(memory_file_io(file), "x", &source, err));
    TRY_OUT(source_next_member(source, &has_member, err));
    TRY_OUT(source_read(source, out.text, n, &out.n, err));
    TRY_OUT(source_hash(source, err));
    TRY_OUT(source_get_mark(source, mark, err));
    TRY_OUT(source_read(source, out.text, n, &out.n, err)); /* goes on */
out:
    source_close(source);
    return status;
}

static lake_status read_expecting(struct memory_file *file, const struct source_mark *mark, struct outcome *out,
                                  struct lake_error *err)
{
    struct source *source = NULL;
    lake_status status = LAKE_OK;
    *out = (struct outcome){.n = 0};
    file->position = 0;
    TRY_OUT(source_open(memory_file_io(file), "x", &source, err));
    source_expect(source, mark);
    TRY_OUT(read_members(source, 5, false, out, err));
out:
    source_close(source);
    return status;
}

static void check_mark(const char *bytes, size_t n, size_t n_marked)
{
    struct lake_error err;
    struct source_mark mark;
    struct outcome out;
    char *changed = malloc(n + 1);
    assert_non_null(changed);
    memcpy(changed, bytes, n);
    struct memory_file file = memory_file_of(changed, n);
    lake_ok(read_to_mark(&file, n_marked, &mark, &err));
    struct memory_file beginning = memory_file_of(changed, (size_t)mark.n_bytes);
    check_digest(&beginning, mark.digest);
    lake_ok(read_expecting(&file, &mark, &out, &err));
    check_digest(&file, out.digest);
    changed[5] ^= 1; /* of what is packed: a byte of the header that does not matter for unpacking */
    lake_fails(read_expecting(&file, &mark, &out, &err), LAKE_CONFLICT, "x: is not the file that was being ingested");
    file.length = (size_t)mark.n_bytes - 1;
    assert_int_not_equal(read_expecting(&file, &mark, &out, &err), LAKE_OK);
    free(changed);
}

static void test_marks_know_the_beginning(void **state)
{
    struct lake_error err;
    struct source_mark mark;
    struct outcome out;
    (void)state;
    check_mark(BYTES(PACKED_TEXT_4), 20);
    check_mark(BYTES(gzip_text), 8);
    check_mark(BYTES(zip_members), 8);
    struct memory_file file = memory_file_of(BYTES(PACKED_TEXT_4));
    lake_ok(read_to_mark(&file, 20, &mark, &err));
    assert_int_equal(mark.n_bytes, 20);
    file.length = 19;
    lake_fails(read_expecting(&file, &mark, &out, &err), LAKE_CONFLICT, "it ends after 19 bytes, and 20 had been read");
}

static void test_bytes_that_were_not_hashed_are_missed(void **state)
{
    struct lake_error err;
    struct source *source = NULL;
    char bytes[8];
    size_t n;
    bool has_member;
    uint8_t digest[SHA256_BYTES];
    struct memory_file file = memory_file_of(BYTES(PACKED_TEXT));
    (void)state;
    lake_ok(source_open(memory_file_io(&file), "x", &source, &err));
    lake_ok(source_next_member(source, &has_member, &err));
    lake_ok(source_read(source, bytes, sizeof bytes, &n, &err));
    lake_fails(source_finish(source, digest, &err), LAKE_INVALID_STATE, "were not hashed");
    source_close(source);
}

/* More pieces than there are notes: nothing is lost, and their order stays. */
static void test_many_pieces_are_hashed_in_order(void **state)
{
    struct lake_error err;
    struct source *source = NULL;
    char bytes[sizeof PACKED_TEXT_4];
    bool has_member;
    uint8_t digest[SHA256_BYTES];
    struct memory_file file = memory_file_of(BYTES(PACKED_TEXT_4));
    (void)state;
    lake_ok(source_open(memory_file_io(&file), "x", &source, &err));
    lake_ok(source_next_member(source, &has_member, &err));
    for (size_t i = sizeof bytes - 1; i-- > 0;) { /* each before the one before: none can be joined */
        size_t n;
        lake_ok(source_read(source, bytes + i, 1, &n, &err));
        assert_int_equal(n, 1);
    }
    lake_ok(source_hash(source, &err));
    lake_ok(source_finish(source, digest, &err));
    check_digest(&file, digest);
    source_close(source);
}

/* One block is hashed while the next is read, as a reader does it. */
struct overlap {
    struct source *source;
    char blocks[2][16];
    size_t turn, n;
};

static lake_status hash_or_read(void *context, size_t index, size_t worker, struct lake_error *err)
{
    struct overlap *overlap = context;
    (void)worker;
    if (index == 0)
        return source_hash(overlap->source, err);
    char *block = overlap->blocks[overlap->turn];
    return source_read(overlap->source, block, sizeof overlap->blocks[0], &overlap->n, err);
}

static void test_hashing_overlaps_reading(void **state)
{
    enum { TEXT_BYTES = 100000 };
    struct lake_error err;
    struct pool *pool = NULL;
    struct overlap overlap = {.n = 1};
    bool has_member;
    uint8_t digest[SHA256_BYTES];
    char *text = malloc(TEXT_BYTES);
    (void)state;
    assert_non_null(text);
    for (size_t i = 0; i < TEXT_BYTES; i++)
        text[i] = (char)(i * i % 251);
    struct memory_file file = memory_file_of(text, TEXT_BYTES);
    lake_ok(pool_new(2, &pool, &err));
    lake_ok(source_open(memory_file_io(&file), "x", &overlap.source, &err));
    lake_ok(source_next_member(overlap.source, &has_member, &err));
    for (; overlap.n > 0; overlap.turn = 1 - overlap.turn)
        lake_ok(pool_run(pool, 2, hash_or_read, &overlap, &err));
    lake_ok(source_hash(overlap.source, &err));
    lake_ok(source_finish(overlap.source, digest, &err));
    check_digest(&file, digest);
    source_close(overlap.source);
    pool_free(pool);
    free(text);
}

/* ---- what cannot be opened ---- */

static void test_what_is_no_file_is_refused(void **state)
{
    struct lake_error err;
    struct source *source = NULL;
    int64_t size_bytes = -1;
    struct memory_file file = memory_file_of(BYTES(PACKED_TEXT));
    (void)state;
    lake_ok(source_check(memory_file_io(&file), "x", &size_bytes, &err));
    assert_int_equal(size_bytes, sizeof PACKED_TEXT - 1);
    file.kind = IO_KIND_DIRECTORY;
    lake_fails(source_check(memory_file_io(&file), "x", &size_bytes, &err), LAKE_INVALID_ARGUMENT, "x: is a directory");
    lake_fails(source_open(memory_file_io(&file), "x", &source, &err), LAKE_INVALID_ARGUMENT, "x: is a directory");
    lake_ok(source_check(memory_file_io(&file), "-", &size_bytes, &err));
    assert_int_equal(size_bytes, 0);
    file.kind = IO_KIND_OTHER; /* a pipe */
    lake_ok(source_open(memory_file_io(&file), "x", &source, &err));
    assert_int_equal(source_size_bytes(source), 0);
    source_close(source);
    file = (struct memory_file){.bytes = NULL};
    lake_fails(source_check(memory_file_io(&file), "x", &size_bytes, &err), LAKE_NOT_FOUND, "x");
}

static void test_a_read_that_fails_is_named(void **state)
{
    struct lake_error err;
    struct outcome out;
    struct memory_file file = memory_file_of(BYTES(PACKED_TEXT_4));
    (void)state;
    file.most = 10;
    file.fails_at = 20;
    lake_fails(read_source(&file, "x.csv", 7, &out, &err), LAKE_IO, "x.csv");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain_text_comes_as_it_is),
        cmocka_unit_test(test_gzip_is_unpacked),
        cmocka_unit_test(test_zstd_is_unpacked),
        cmocka_unit_test(test_large_zstd_windows_are_refused),
        cmocka_unit_test(test_zip_gives_its_files_by_name),
        cmocka_unit_test(test_zip_refuses_by_name),
        cmocka_unit_test(test_wrong_checksums_are_found),
        cmocka_unit_test(test_damage_is_found),
        cmocka_unit_test(test_parquet_is_told_and_hashed),
        cmocka_unit_test(test_marks_know_the_beginning),
        cmocka_unit_test(test_bytes_that_were_not_hashed_are_missed),
        cmocka_unit_test(test_many_pieces_are_hashed_in_order),
        cmocka_unit_test(test_hashing_overlaps_reading),
        cmocka_unit_test(test_what_is_no_file_is_refused),
        cmocka_unit_test(test_a_read_that_fails_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
