/* Absences: what is put later takes the place of what it covers; neighbours that say the same are one. */
#include <string.h>

#include "manifest/absence.h"
#include "manifest/handle.h"
#include "unit/manifest/fixture.h"

static struct manifest_absence absence_of(struct write write, int64_t start_ms, int64_t end_ms,
                                          enum manifest_reason reason)
{
    return (struct manifest_absence){.dataset_id = 1,
                                     .start_ms = start_ms,
                                     .end_ms = end_ms,
                                     .reason = reason,
                                     .operation_id = write.operation,
                                     .asked_ms = 5,
                                     .answer = "a.csv has none"};
}

static void put(struct fixture *f, struct write write, int64_t start_ms, int64_t end_ms, enum manifest_reason reason)
{
    const struct manifest_absence absence = absence_of(write, start_ms, end_ms, reason);
    must(f, manifest_put_absence(f->manifest, &absence, &f->err));
}

static size_t find(struct fixture *f, int64_t start_ms, int64_t end_ms, struct manifest_absence **out)
{
    size_t n = 0;
    must(f, manifest_find_absences(f->manifest, 1, start_ms, end_ms, &f->arena, out, &n, &f->err));
    return n;
}

static struct write begin_with_dataset(struct fixture *f)
{
    struct write write = fixture_begin(f, 1000);
    (void)fixture_dataset(f, "BTCUSDT", "1m");
    (void)fixture_dataset(f, "ETHUSDT", "1m");
    return write;
}

static void test_what_is_read_is_what_was_put(void **state)
{
    struct fixture *f = *state;
    struct manifest_absence *found = NULL;
    struct write write = begin_with_dataset(f);
    put(f, write, 100, 200, REASON_SOURCE_EMPTY);
    fixture_commit(f);
    assert_int_equal(find(f, 150, 151, &found), 1);
    assert_true(found[0].dataset_id == 1 && found[0].start_ms == 100 && found[0].end_ms == 200);
    assert_int_equal(found[0].reason, REASON_SOURCE_EMPTY);
    assert_true(found[0].operation_id == write.operation && found[0].snapshot == write.snapshot);
    assert_int_equal(found[0].asked_ms, 5);
    assert_string_equal(found[0].answer, "a.csv has none");
    /* ranges are half open */
    assert_int_equal(find(f, 0, 100, &found), 0);
    assert_int_equal(find(f, 0, 101, &found), 1);
    assert_int_equal(find(f, 199, 300, &found), 1);
    assert_int_equal(find(f, 200, 300, &found), 0);
    assert_int_equal(find(f, INT64_MIN, INT64_MAX, &found), 1);
}

static void test_a_later_one_cuts_out_what_it_covers(void **state)
{
    struct fixture *f = *state;
    struct manifest_absence *found = NULL;
    struct write write = begin_with_dataset(f);
    put(f, write, 100, 200, REASON_SOURCE_EMPTY);
    put(f, write, 120, 130, REASON_CORRUPT_SOURCE);
    fixture_commit(f);
    assert_int_equal(find(f, 0, 1000, &found), 3);
    assert_true(found[0].start_ms == 100 && found[0].end_ms == 120 && found[0].reason == REASON_SOURCE_EMPTY);
    assert_true(found[1].start_ms == 120 && found[1].end_ms == 130 && found[1].reason == REASON_CORRUPT_SOURCE);
    assert_true(found[2].start_ms == 130 && found[2].end_ms == 200 && found[2].reason == REASON_SOURCE_EMPTY);
}

static void test_neighbours_that_say_the_same_are_one(void **state)
{
    struct fixture *f = *state;
    struct manifest_absence *found = NULL;
    struct write first = begin_with_dataset(f);
    put(f, first, 100, 200, REASON_DELETED);
    put(f, first, 300, 400, REASON_DELETED);
    put(f, first, 200, 300, REASON_DELETED);
    assert_int_equal(find(f, 0, 1000, &found), 1);
    assert_true(found[0].start_ms == 100 && found[0].end_ms == 400);
    fixture_commit(f);
    struct write second = fixture_begin(f, 2000);
    put(f, second, 400, 500, REASON_DELETED); /* of another operation */
    fixture_commit(f);
    assert_int_equal(find(f, 0, 1000, &found), 2);
    assert_int_equal(found[1].snapshot, second.snapshot);
}

static void test_what_makes_no_sense_is_refused(void **state)
{
    struct fixture *f = *state;
    struct write write = begin_with_dataset(f);
    struct manifest_absence absence = absence_of(write, 200, 200, REASON_DELETED);
    expect_status(f, LAKE_INVALID_ARGUMENT, manifest_put_absence(f->manifest, &absence, &f->err));
    assert_string_equal(f->err.message, "an absence from 200 to 200 is empty");
    absence = absence_of(write, 100, 200, REASON_NOT_REQUESTED);
    expect_status(f, LAKE_INVALID_ARGUMENT, manifest_put_absence(f->manifest, &absence, &f->err));
    absence = absence_of(write, 100, 200, REASON_NO_SOURCE_BARS);
    expect_status(f, LAKE_INVALID_ARGUMENT, manifest_put_absence(f->manifest, &absence, &f->err));
    absence = absence_of(write, 100, 200, REASON_DELETED);
    absence.dataset_id = 77;
    expect_status(f, LAKE_INTERNAL, manifest_put_absence(f->manifest, &absence, &f->err));
    manifest_rollback(f->manifest);
    expect_status(f, LAKE_INVALID_STATE, manifest_put_absence(f->manifest, &absence, &f->err));
}

static void test_the_ends_of_time(void **state)
{
    struct fixture *f = *state;
    struct manifest_absence *found = NULL;
    struct write write = begin_with_dataset(f);
    put(f, write, INT64_MIN, 0, REASON_BEFORE_LISTING);
    put(f, write, 100, INT64_MAX, REASON_AFTER_DELISTING);
    put(f, write, INT64_MIN, INT64_MIN + 5, REASON_DELETED);
    assert_int_equal(find(f, INT64_MIN, INT64_MAX, &found), 3);
    assert_true(found[0].end_ms == INT64_MIN + 5 && found[1].start_ms == INT64_MIN + 5 && found[1].end_ms == 0);
    put(f, write, INT64_MIN, INT64_MAX, REASON_VENUE_OUTAGE);
    assert_int_equal(find(f, INT64_MIN, INT64_MAX, &found), 1);
    fixture_commit(f);
}

static void test_names_of_reasons(void **state)
{
    struct fixture *f = *state;
    enum manifest_reason reason = REASON_NOT_REQUESTED;
    for (int i = REASON_NOT_REQUESTED; i <= REASON_NO_SOURCE_BARS; i++) {
        must(f, manifest_reason_find(manifest_reason_name((enum manifest_reason)i), &reason, &f->err));
        assert_int_equal(reason, i);
    }
    assert_string_equal(manifest_reason_name(REASON_SOURCE_EMPTY), "source-empty");
    expect_status(f, LAKE_INVALID_ARGUMENT, manifest_reason_find("empty", &reason, &f->err));
    assert_string_equal(f->err.message,
                        "'empty' is no reason of a gap: it is one of not-requested, source-empty, before-listing,"
                        " after-delisting, venue-outage, corrupt-source, deleted, still-open, no-source-bars");
}

static void test_a_damaged_reason_is_told(void **state)
{
    struct fixture *f = *state;
    struct manifest_absence *found = NULL;
    size_t n = 0;
    struct write write = begin_with_dataset(f);
    put(f, write, 100, 200, REASON_DELETED);
    fixture_commit(f);
    run_sql(f, f->path, "UPDATE absences SET reason = 8");
    expect_status(f, LAKE_CORRUPT, manifest_find_absences(f->manifest, 1, 0, 500, &f->arena, &found, &n, &f->err));
    assert_non_null(strstr(f->err.message, "an unknown reason"));
}

/* ---- against a model: what is known of each millisecond ---- */

enum { N_MS = 60, N_ROUNDS = 3000 };

static void expect_model(struct fixture *f, const int64_t model[N_MS])
{
    struct manifest_absence *found = NULL;
    size_t n = find(f, 0, N_MS, &found);
    int64_t known[N_MS] = {0};
    for (size_t i = 0; i < n; i++) {
        assert_true(i == 0 || found[i - 1].end_ms <= found[i].start_ms);
        if (i > 0 && found[i - 1].end_ms == found[i].start_ms)
            assert_true(found[i - 1].reason != found[i].reason || found[i - 1].asked_ms != found[i].asked_ms);
        for (int64_t ms = found[i].start_ms; ms < found[i].end_ms; ms++)
            known[ms] = (int64_t)found[i].reason * 10 + found[i].asked_ms;
    }
    assert_memory_equal(known, model, sizeof known);
}

static void test_any_order_of_puts_is_that_of_a_model(void **state)
{
    struct fixture *f = *state;
    int64_t model[N_MS] = {0};
    uint32_t random = 7;
    struct write write = begin_with_dataset(f);
    for (int round = 0; round < N_ROUNDS; round++) {
        random = random * 1664525u + 1013904223u;
        int64_t start_ms = (random >> 8) % (N_MS - 1), length = 1 + (random >> 14) % 12;
        struct manifest_absence absence =
            absence_of(write, start_ms, start_ms + length < N_MS ? start_ms + length : N_MS,
                       (random >> 20) % 2 == 0 ? REASON_DELETED : REASON_SOURCE_EMPTY);
        absence.asked_ms = (random >> 22) % 2;
        must(f, manifest_put_absence(f->manifest, &absence, &f->err));
        for (int64_t ms = absence.start_ms; ms < absence.end_ms; ms++)
            model[ms] = (int64_t)absence.reason * 10 + absence.asked_ms;
        expect_model(f, model);
        arena_reset(&f->arena);
        if (round % 200 == 199) /* begin anew, so that there is room between them */
            for (int64_t ms = 0; ms < N_MS; ms++)
                model[ms] = 0;
        if (round % 200 == 199)
            must(f, database_run(f->manifest->database, "DELETE FROM absences", &f->err));
    }
    fixture_commit(f);
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        T(test_what_is_read_is_what_was_put),
        T(test_a_later_one_cuts_out_what_it_covers),
        T(test_neighbours_that_say_the_same_are_one),
        T(test_what_makes_no_sense_is_refused),
        T(test_the_ends_of_time),
        T(test_names_of_reasons),
        T(test_a_damaged_reason_is_told),
        T(test_any_order_of_puts_is_that_of_a_model),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
