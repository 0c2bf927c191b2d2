/* The record of a safe point: what was written is read back, and nothing else is ever read as a record. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/limits.h"
#include "lake/saved_write.h"

static struct column_field columns[] = {{"ts", COLUMN_TIMESTAMP_MS, 0, false}, {"tag", COLUMN_FIXED, 5, true}};
static struct saved_source sources[] = {{"/a/b.csv", 4711, {1, 2, 3}, true}, {"-", 0, {0}, false}};
static struct saved_file files[] = {{"0.run", 12345, {0}, false},
                                    {"BTCUSDT-1m-2024-01-01-0123456789abcdef.parquet.staged", 77, {9, 8}, true}};
static struct saved_kept incoming[] = {{1, -1}, {0, 3}};
static struct saved_base base[] = {{5, "TEST/x.parquet"}};
static struct content_day days[] = {
    {.day = 19722, .n_rows = 2},
    {.day = 19723, .n_rows = 4, .first_ms = 10, .last_ms = 20, .has_holes = true, .holes_at = 1, .n_holes_bytes = 2}};
static const uint8_t holes[] = {9, 5, 2};
static struct saved_partition partitions[] = {
    {.start_ms = 0, .end_ms = 100, .path = "", .counts = {.n_settled = 6}},
    {.start_ms = 100,
     .end_ms = 200,
     .is_changed = true,
     .has_file = true,
     .file = 1,
     .path = "TEST/FUTURES/…/file.parquet",
     .time_from_ms = 100,
     .time_to_ms = 199,
     .n_rows = 4,
     .counts = {.rows = {1, 2, 3}, .n_lost = 2},
     .incoming = incoming,
     .n_incoming = 2,
     .base = base,
     .n_base = 1,
     .days = days,
     .n_days = 2,
     .holes = holes,
     .n_holes_bytes = sizeof holes},
};
static struct saved_run runs[] = {{0, 99}};
static const uint8_t note[] = {'n', 0, 't', 'e'};
static struct saved_member members[] = {{1, "in.csv"}, {3, ""}};
static struct saved_origin origins[] = {{0, {19722, 2, 5, 6, 7, 8, 1, 0}}, {1, {19723, 4, -9, 10, 11, 12, 2, 13}}};
static struct lake_write_absence absences[] = {{WRITE_SOURCE_EMPTY, -60000, 60000, "/a/b.csv has none"},
                                               {WRITE_STILL_OPEN, 60000, 120000, ""}};

static struct saved_write example(void)
{
    return (struct saved_write){.job = {42},
                                .saved_ms = 1700000000000,
                                .kind = "ingest",
                                .exchange = "TEST",
                                .market = "FUTURES",
                                .symbol = "BTCUSDT",
                                .type = "raw",
                                .period = "1m",
                                .detail = "3 rows put aside",
                                .started_ms = 7,
                                .rows_read = 1000,
                                .first_ms = -5,
                                .last_ms = 199,
                                .rows_rejected = 3,
                                .source = 2,
                                .is_spilling = true,
                                .note = note,
                                .n_note = sizeof note,
                                .columns = columns,
                                .sources = sources,
                                .files = files,
                                .partitions = partitions,
                                .runs = runs,
                                .members = members,
                                .origins = origins,
                                .last_origin = 2,
                                .absences = absences,
                                .n_columns = 2,
                                .n_sources = 2,
                                .n_files = 2,
                                .n_partitions = 2,
                                .n_runs = 1,
                                .n_members = 2,
                                .n_origins = 2,
                                .n_absences = 2};
}

static void encode(const struct saved_write *saved, struct buffer *out)
{
    buffer_init(out, MIB);
    assert_int_equal(saved_write_encode(saved, out, NULL), LAKE_OK);
}

static lake_status decode(const struct buffer *bytes, struct arena *arena, struct saved_write *out)
{
    struct lake_error err = {LAKE_OK, ""};
    lake_status status = saved_write_decode(bytes->data, bytes->length, arena, out, &err);
    assert_true(status == LAKE_OK || err.message[0] != '\0');
    return status;
}

static void assert_partition(const struct saved_partition *partition)
{
    assert_true(partition->is_changed && partition->has_file);
    assert_int_equal(partition->file, 1);
    assert_string_equal(partition->path, partitions[1].path);
    assert_int_equal(partition->time_to_ms, 199);
    assert_int_equal(partition->n_rows, 4);
    assert_int_equal(partition->counts.rows.n_changed, 2);
    assert_int_equal(partition->counts.n_lost, 2);
    assert_int_equal(partition->n_incoming, 2);
    assert_int_equal(partition->incoming[1].source, 3);
    assert_int_equal(partition->incoming[0].source, KEPT_SOURCE_IN_ROWS);
    assert_int_equal(partition->base[0].id, 5);
    assert_string_equal(partition->base[0].path, "TEST/x.parquet");
    assert_int_equal(partition->days[1].day, 19723);
    assert_int_equal(partition->days[1].last_ms, 20);
    assert_false(partition->days[0].has_holes);
    assert_true(partition->days[1].has_holes);
    assert_int_equal(partition->days[1].n_holes_bytes, 2);
    assert_memory_equal(partition->holes + partition->days[1].holes_at, holes + 1, 2);
}

static void assert_notes(const struct saved_write *found)
{
    assert_int_equal(found->n_members, 2);
    assert_int_equal(found->members[1].source, 3);
    assert_string_equal(found->members[0].name, "in.csv");
    assert_int_equal(found->n_origins, 2);
    assert_int_equal(found->origins[1].member, 1);
    assert_memory_equal(&found->origins[1].run, &origins[1].run, sizeof origins[1].run);
    assert_int_equal(found->last_origin, 2);
    assert_int_equal(found->n_absences, 2);
    assert_int_equal(found->absences[1].kind, WRITE_STILL_OPEN);
    assert_int_equal(found->absences[0].start_ms, -60000);
    assert_string_equal(found->absences[0].answer, "/a/b.csv has none");
}

static void test_a_record_is_read_as_it_was_written(void **state)
{
    struct arena arena = ARENA_INIT(MIB);
    struct saved_write saved = example(), found;
    struct buffer bytes, again;
    (void)state;
    encode(&saved, &bytes);
    assert_int_equal(decode(&bytes, &arena, &found), LAKE_OK);
    assert_int_equal(found.job[0], 42);
    assert_string_equal(found.symbol, "BTCUSDT");
    assert_string_equal(found.detail, "3 rows put aside");
    assert_int_equal(found.first_ms, -5);
    assert_int_equal(found.source, 2);
    assert_true(found.is_spilling);
    assert_int_equal(found.n_note, sizeof note);
    assert_memory_equal(found.note, note, sizeof note);
    assert_string_equal(found.columns[1].name, "tag");
    assert_int_equal(found.columns[1].width, 5);
    assert_true(found.sources[0].has_sha256 && !found.sources[1].has_sha256);
    assert_int_equal(found.sources[0].sha256[2], 3);
    assert_int_equal(found.files[1].size_bytes, 77);
    assert_int_equal(found.partitions[0].counts.n_settled, 6);
    assert_partition(&found.partitions[1]);
    assert_int_equal(found.runs[0].n_rows, 99);
    assert_notes(&found);
    encode(&found, &again);
    assert_int_equal(again.length, bytes.length);
    assert_memory_equal(again.data, bytes.data, bytes.length);
    buffer_release(&again);
    buffer_release(&bytes);
    arena_release(&arena);
}

static void test_any_byte_changed_is_noticed(void **state)
{
    struct arena arena = ARENA_INIT(MIB);
    struct saved_write saved = example(), found;
    struct buffer bytes;
    (void)state;
    encode(&saved, &bytes);
    for (size_t at = 0; at < bytes.length; at++) {
        for (int bit = 0; bit < 8; bit++) {
            bytes.data[at] ^= (uint8_t)(1 << bit);
            lake_status status = decode(&bytes, &arena, &found);
            assert_true(status == LAKE_CORRUPT || (status == LAKE_UNSUPPORTED && at >= 8 && at < 12));
            bytes.data[at] ^= (uint8_t)(1 << bit);
        }
    }
    buffer_release(&bytes);
    arena_release(&arena);
}

static void test_a_cut_record_is_noticed(void **state)
{
    struct arena arena = ARENA_INIT(MIB);
    struct saved_write saved = example(), found;
    struct buffer bytes;
    (void)state;
    encode(&saved, &bytes);
    for (size_t n = 0; n < bytes.length; n++) {
        uint8_t *cut = malloc(n == 0 ? 1 : n); /* so that reading past its end is seen */
        assert_non_null(cut);
        memcpy(cut, bytes.data, n);
        assert_int_equal(saved_write_decode(cut, n, &arena, &found, NULL), LAKE_CORRUPT);
        free(cut);
    }
    buffer_release(&bytes);
    arena_release(&arena);
}

/* Records with a right digest and anything in them, one byte or one word of the body changed at a time: read, or refused. */
static void test_a_wrong_body_is_refused_or_read(void **state)
{
    enum { HEAD_BYTES = 52 };
    static const uint8_t words[][4] = {{0xff, 0xff, 0xff, 0xff}, {0xff, 0xff, 0xff, 0x7f}, {0, 0, 0, 0}, {1, 0, 0, 0}};
    struct saved_write saved = example(), found;
    struct buffer bytes, framed = BUFFER_INIT(MIB);
    size_t n_refused = 0;
    (void)state;
    encode(&saved, &bytes);
    for (size_t at = HEAD_BYTES; at + 4 <= bytes.length; at++) {
        for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
            struct arena arena = ARENA_INIT(MIB);
            uint8_t before[4];
            memcpy(before, bytes.data + at, 4);
            memcpy(bytes.data + at, words[i], 4);
            assert_int_equal(saved_write_frame(bytes.data + HEAD_BYTES, bytes.length - HEAD_BYTES, &framed, NULL),
                             LAKE_OK);
            lake_status status = decode(&framed, &arena, &found);
            assert_true(status == LAKE_OK || status == LAKE_CORRUPT);
            n_refused += status != LAKE_OK;
            memcpy(bytes.data + at, before, 4);
            arena_release(&arena);
        }
    }
    assert_true(n_refused > 500);
    buffer_release(&framed);
    buffer_release(&bytes);
}

static void refuse(const struct saved_write *saved, const char *why)
{
    struct arena arena = ARENA_INIT(MIB);
    struct lake_error err = {LAKE_OK, ""};
    struct saved_write found;
    struct buffer bytes;
    encode(saved, &bytes);
    assert_int_equal(saved_write_decode(bytes.data, bytes.length, &arena, &found, &err), LAKE_CORRUPT);
    assert_non_null(strstr(err.message, why));
    buffer_release(&bytes);
    arena_release(&arena);
}

/* No record names a file that is not of its own write, or its own lock or record. */
static void test_names_lead_nowhere_else(void **state)
{
    static const char *const names[] = {"",       "../../manifest.db", "a/../b.staged", "/etc/passwd", "save",
                                        "x.lock", ".staged",           "../x.staged"};
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct saved_write saved = example();
        struct saved_file one = {names[i], 1, {0}, false};
        saved.files = &one;
        saved.n_files = 1;
        saved.n_partitions = saved.n_runs = 0;
        refuse(&saved, "no name of a staged file");
    }
}

static void test_what_does_not_fit_is_refused(void **state)
{
    struct saved_write saved = example();
    struct saved_partition two[2];
    (void)state;
    memcpy(two, partitions, sizeof two);
    saved.partitions = two;
    two[1].start_ms = 99;
    refuse(&saved, "partitions overlap");
    two[1].start_ms = 200;
    refuse(&saved, "a partition is empty");
    two[1].start_ms = 101;
    refuse(&saved, "other times");
    two[1].start_ms = 100;
    two[1].file = 2;
    refuse(&saved, "has no name");
    two[1].file = 1;
    two[0].counts.n_settled = -1;
    refuse(&saved, "negative");
    saved = example();
    saved.n_files = 1;
    refuse(&saved, "has no name");
    saved = example();
    saved.partitions = two;
    memcpy(two, partitions, sizeof two);
    two[1].n_holes_bytes = 2;
    refuse(&saved, "holes of a day");
}

static void test_notes_that_do_not_fit_are_refused(void **state)
{
    struct saved_write saved = example();
    struct saved_member member = {4, ""};
    struct saved_origin origin = origins[0];
    struct lake_write_absence absence = {.kind = WRITE_STILL_OPEN, .start_ms = 1, .end_ms = 1, .answer = ""};
    (void)state;
    saved.last_origin = 3;
    refuse(&saved, "the last row");
    saved = example();
    saved.n_members = 1;
    refuse(&saved, "of no member");
    saved.members = &member;
    refuse(&saved, "of no source");
    saved = example();
    saved.origins = &origin;
    saved.n_origins = saved.last_origin = 1;
    origin.run.key_to_ms = 4;
    refuse(&saved, "no place in their source");
    origin.run = (struct lake_write_origin){.day = 1, .n_rows = 1, .line_from = -1};
    refuse(&saved, "negative");
    saved = example();
    saved.absences = &absence;
    saved.n_absences = 1;
    refuse(&saved, "is empty");
    absence.end_ms = 2;
    absence.kind = (enum lake_write_absence_kind)3;
    refuse(&saved, "for no reason");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_record_is_read_as_it_was_written),
        cmocka_unit_test(test_any_byte_changed_is_noticed),
        cmocka_unit_test(test_a_cut_record_is_noticed),
        cmocka_unit_test(test_a_wrong_body_is_refused_or_read),
        cmocka_unit_test(test_names_lead_nowhere_else),
        cmocka_unit_test(test_what_does_not_fit_is_refused),
        cmocka_unit_test(test_notes_that_do_not_fit_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
