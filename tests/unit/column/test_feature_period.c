#include "column/feature_period.h"

#include <stdio.h>

#include "column/period.h"
#include "unit/base/check.h"

static void test_names_are_kept_as_written(void **state)
{
    static const struct {
        const char *text, *set, *version;
    } cases[] = {{"alpha_v1@1.0.1", "alpha_v1", "1.0.1"},
                 {"A-b.C@2.0-rc1", "A-b.C", "2.0-rc1"},
                 {"1m@1", "1m", "1"},
                 {"CON@nul", "CON", "nul"},
                 {"_@_", "_", "_"}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct feature_period period;
        assert_int_equal(feature_period_parse(cases[i].text, &period, NULL), LAKE_OK);
        assert_string_equal(period.set, cases[i].set);
        assert_string_equal(period.version, cases[i].version);
    }
}

static void test_no_name_leads_out_of_the_lake(void **state)
{
    static const char *const bad[] = {
        "",     "@",     "a",          "a@",     "@1",      "..@1",  "a@..", ".a@1",  "a.@1",  "a@1.",        "-a@1",
        "a@-1", "a/b@1", "a@1/..",     "a\\b@1", "a@b@1",   "a b@1", "a@1 ", "a\n@1", "%a@1",  "a@%1",        "a:b@1",
        "a*@1", "a@?",   "\xc3\xa4@1", "a@\xff", "a@1\x01", "~@1",   "a@$1", "a@1|2", "a\"@1", "../../etc@1", "a@\"",
    };
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct feature_period period;
        struct lake_error err = {0};
        assert_int_equal(feature_period_parse(bad[i], &period, &err), LAKE_INVALID_ARGUMENT);
        assert_true(err.message[0] != '\0');
    }
}

static void test_lengths(void **state)
{
    char text[200], long_set[FEATURE_SET_LENGTH + 2], long_version[FEATURE_VERSION_LENGTH + 2];
    struct feature_period period;
    struct lake_error err = {0};
    (void)state;
    memset(long_set, 's', sizeof long_set);
    memset(long_version, 'v', sizeof long_version);
    long_set[sizeof long_set - 1] = long_version[sizeof long_version - 1] = '\0';
    (void)snprintf(text, sizeof text, "%s@%s", long_set + 1, long_version + 1);
    assert_int_equal(feature_period_parse(text, &period, NULL), LAKE_OK);
    assert_int_equal(strlen(period.set), FEATURE_SET_LENGTH);
    assert_int_equal(strlen(period.version), FEATURE_VERSION_LENGTH);
    (void)snprintf(text, sizeof text, "%s@1", long_set);
    lake_fails(feature_period_parse(text, &period, &err), LAKE_INVALID_ARGUMENT, "longer than 64 bytes");
    (void)snprintf(text, sizeof text, "a@%s", long_version);
    lake_fails(feature_period_parse(text, &period, &err), LAKE_INVALID_ARGUMENT, "longer than 32 bytes");
}

static void test_it_is_a_period(void **state)
{
    char name[PERIOD_BYTES];
    const struct period *period = NULL;
    (void)state;
    assert_int_equal(period_find_name("Alpha@1.0", &period, name, NULL), LAKE_OK);
    assert_string_equal(name, "Alpha@1.0");
    assert_int_equal(period->length_ms, 0);
    assert_int_equal(period->grain, GRAIN_MONTH);
    assert_int_equal(period_find_name("1M", &period, name, NULL), LAKE_OK);
    assert_string_equal(name, "1mo");
    assert_int_equal(period_find("../x@1", &period, NULL), LAKE_INVALID_ARGUMENT);
    assert_null(period);
}

/* Each before the next. */
static const char *const ordered[] = {
    "a",
    "alpha",
    "b",
    "latest",
    "v1",
    "0",
    "0.0",
    "0.9",
    "0.10",
    "1-a",
    "1-b",
    "1",
    "1.0-rc1",
    "1.0",
    "1.0.1",
    "1.9",
    "1.10",
    "01.11",
    "1.11",
    "2.0-rc1",
    "2.0-rc2",
    "2.0_x",
    "2.0b",
    "2.0",
    "10",
    "20240101",
    "99999999999999999999998",
    "99999999999999999999999",
};

static void test_order_of_versions(void **state)
{
    const size_t n = sizeof ordered / sizeof *ordered;
    (void)state;
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < n; k++) {
            int order = feature_version_compare(ordered[i], ordered[k]);
            if ((order > 0) - (order < 0) != (i > k) - (i < k))
                fail_msg("'%s' against '%s': %d", ordered[i], ordered[k], order);
        }
}

static uint64_t next_random(uint64_t *seed)
{
    *seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return *seed >> 33;
}

static void random_version(uint64_t *seed, char out[8])
{
    static const char letters[] = "0012.9.a-";
    size_t n = 1 + next_random(seed) % 6;
    for (size_t i = 0; i < n; i++)
        out[i] = letters[next_random(seed) % (sizeof letters - 1)];
    out[n] = '\0';
}

static int sign(int order)
{
    return (order > 0) - (order < 0);
}

static void test_the_order_is_total(void **state)
{
    uint64_t seed = 7;
    (void)state;
    for (int i = 0; i < 50000; i++) {
        char a[8], b[8], c[8];
        random_version(&seed, a);
        random_version(&seed, b);
        random_version(&seed, c);
        int ab = sign(feature_version_compare(a, b)), bc = sign(feature_version_compare(b, c));
        assert_int_equal(ab, -sign(feature_version_compare(b, a)));
        assert_int_equal(ab == 0, strcmp(a, b) == 0);
        if (ab <= 0 && bc <= 0 && feature_version_compare(a, c) > 0)
            fail_msg("'%s' <= '%s' <= '%s' and not the first <= the last", a, b, c);
    }
}

static void test_the_next_version(void **state)
{
    static const struct {
        const char *version, *next;
    } cases[] = {{"1", "2"},
                 {"1.0.1", "1.0.2"},
                 {"1.9", "1.10"},
                 {"2.0-rc1", "2.0-rc2"},
                 {"beta", "beta.1"},
                 {"v1", "v2"},
                 {"99999999999999999999999999999999", ""},
                 {"abcdefghijabcdefghijabcdefghijab", ""}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char next[FEATURE_VERSION_LENGTH + 1];
        feature_version_next(cases[i].version, next);
        assert_string_equal(next, cases[i].next);
        assert_true(next[0] == '\0' || feature_version_compare(cases[i].version, next) < 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names_are_kept_as_written),
        cmocka_unit_test(test_no_name_leads_out_of_the_lake),
        cmocka_unit_test(test_lengths),
        cmocka_unit_test(test_it_is_a_period),
        cmocka_unit_test(test_order_of_versions),
        cmocka_unit_test(test_the_order_is_total),
        cmocka_unit_test(test_the_next_version),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
