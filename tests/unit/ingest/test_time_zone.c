#include "ingest/time_zone.h"

#include <stdlib.h>

#include "base/calendar.h"
#include "ingest/time_zone_file.h"
#include "ingest/time_zone_rule.h"
#include "unit/base/check.h"

/* A zone's file as the test makes it, served for one path below the first folder of the database. */
struct zone_bytes {
    uint8_t bytes[4096];
    size_t n, at;
};

static struct zone_bytes file;

static void put(uint64_t value, size_t width)
{
    for (size_t i = width; i-- > 0;)
        file.bytes[file.n++] = (uint8_t)(value >> (8 * i));
}

struct change {
    int64_t at_s;
    uint8_t type;
};

static const int32_t offsets[] = {3600, 7200, -18000};

static void put_block(char version, const struct change *changes, uint32_t n, size_t width)
{
    memcpy(file.bytes + file.n, "TZif", 4);
    file.n += 4;
    put((uint64_t)version, 1);
    for (int i = 0; i < 15; i++)
        put(0, 1);
    const uint32_t counts[] = {0, 0, 0, n, 3, 4};
    for (size_t i = 0; i < 6; i++)
        put(counts[i], 4);
    for (uint32_t i = 0; i < n; i++)
        put((uint64_t)changes[i].at_s, width);
    for (uint32_t i = 0; i < n; i++)
        put(changes[i].type, 1);
    for (size_t i = 0; i < 3; i++) {
        put((uint32_t)offsets[i], 4);
        put(0, 2);
    }
    put(0x41424300, 4); /* "ABC" */
}

/* CET: winter time, summer time from 2023-03-26T01:00Z to 2023-10-29T01:00Z, then by the rule. */
static void make_file(const char *rule)
{
    const struct change changes[] = {{1679792400, 1}, {1698541200, 0}};
    file.n = file.at = 0;
    put_block('2', NULL, 0, 4);
    put_block('2', changes, 2, 8);
    file.bytes[file.n++] = '\n';
    memcpy(file.bytes + file.n, rule, strlen(rule));
    file.n += strlen(rule);
    file.bytes[file.n++] = '\n';
}

static int fake_open(void *context, const char *path, enum io_open_mode mode)
{
    (void)context;
    (void)mode;
    file.at = 0;
    return strcmp(path, "/usr/share/zoneinfo/Test/Zone") == 0 ? 7 : -2;
}

static int fake_close(void *context, int handle)
{
    (void)context;
    (void)handle;
    return 0;
}

static int64_t fake_read(void *context, int handle, void *bytes, size_t n)
{
    (void)context;
    (void)handle;
    n = n < file.n - file.at ? n : file.n - file.at;
    memcpy(bytes, file.bytes + file.at, n);
    file.at += n;
    return (int64_t)n;
}

static int64_t fake_read_at(void *context, int handle, void *bytes, size_t n, int64_t offset)
{
    file.at = (size_t)offset < file.n ? (size_t)offset : file.n;
    return fake_read(context, handle, bytes, n);
}

static int fake_status(void *context, const char *path, struct io_status *out)
{
    (void)context;
    *out = (struct io_status){.kind = IO_KIND_FILE, .size_bytes = (int64_t)file.n};
    return strcmp(path, "/usr/share/zoneinfo/Test/Zone") == 0 ? 0 : -2;
}

static int fake_file_status(void *context, int handle, struct io_status *out)
{
    (void)handle;
    return fake_status(context, "/usr/share/zoneinfo/Test/Zone", out);
}

static const struct io_ops fake_ops = {.open = fake_open,
                                       .close = fake_close,
                                       .read = fake_read,
                                       .read_at = fake_read_at,
                                       .status = fake_status,
                                       .file_status = fake_file_status};
static const struct io fake_io = {&fake_ops, NULL};

static int64_t ms_of(const char *text)
{
    int64_t us;
    assert_true(calendar_parse_us(text, strlen(text), &us, NULL));
    return us / 1000;
}

static struct time_zone *open_zone(const char *name)
{
    struct lake_error err = {0};
    struct time_zone *zone = NULL;
    lake_ok(time_zone_open(fake_io, name, &zone, &err));
    return zone;
}

/* Local times in, UTC out, one call each after the other as one sequence; a wanted NULL is a time that is skipped. */
static void assert_converts(const char *const (*cases)[2], size_t n, bool at_once)
{
    struct time_zone *zone = open_zone("Test/Zone");
    int64_t ts[32];
    for (size_t i = 0; i < n; i++)
        ts[i] = ms_of(cases[i][0]);
    if (at_once)
        assert_true(time_zone_to_utc(zone, ts, (int64_t)n, 1000) == (int64_t)n);
    for (size_t i = 0; i < n; i++) {
        int64_t n_converted = at_once ? 1 : time_zone_to_utc(zone, &ts[i], 1, 1000);
        assert_int_equal(n_converted, cases[i][1] != NULL);
        if (cases[i][1] != NULL && ts[i] != ms_of(cases[i][1]))
            fail_msg("%s became %lld, not %s", cases[i][0], (long long)ts[i], cases[i][1]);
    }
    time_zone_close(zone);
}

#define CONVERTS(cases, at_once) assert_converts((cases), sizeof(cases) / sizeof((cases)[0]), (at_once))

static void test_summer_and_winter(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"2023-01-15 12:00", "2023-01-15 11:00"},
        {"2023-03-26 01:59:59.999", "2023-03-26 00:59:59.999"},
        {"2023-03-26 02:00", NULL},
        {"2023-03-26 02:59:59.999", NULL},
        {"2023-03-26 03:00", "2023-03-26 01:00"},
        {"2023-07-15 12:00", "2023-07-15 10:00"},
        {"2023-10-29 01:59", "2023-10-28 23:59"},
        {"2023-10-29 03:00", "2023-10-29 02:00"},
        {"2030-07-15 12:00", "2030-07-15 10:00"},
        {"2030-12-15 12:00", "2030-12-15 11:00"},
        {"2030-03-31 02:30", NULL},
        {"2099-07-15 12:00", "2099-07-15 10:00"},
        {"1995-07-15 12:00", "1995-07-15 11:00"},
    };
    make_file("CET-1CEST,M3.5.0,M10.5.0/3");
    CONVERTS(cases, false);
}

static void test_times_that_come_twice_in_order(void **state)
{
    (void)state;
    static const char *const rising[][2] = {
        {"2023-10-28 20:00", "2023-10-28 18:00"}, {"2023-10-29 01:30", "2023-10-28 23:30"},
        {"2023-10-29 02:00", "2023-10-29 00:00"}, {"2023-10-29 02:30", "2023-10-29 00:30"},
        {"2023-10-29 02:30", "2023-10-29 00:30"}, {"2023-10-29 02:00", "2023-10-29 01:00"},
        {"2023-10-29 02:00", "2023-10-29 01:00"}, {"2023-10-29 02:30", "2023-10-29 01:30"},
        {"2023-10-29 03:00", "2023-10-29 02:00"},
    };
    static const char *const falling[][2] = {
        {"2023-10-29 08:00", "2023-10-29 07:00"}, {"2023-10-29 03:00", "2023-10-29 02:00"},
        {"2023-10-29 02:30", "2023-10-29 01:30"}, {"2023-10-29 02:00", "2023-10-29 01:00"},
        {"2023-10-29 02:30", "2023-10-29 00:30"}, {"2023-10-29 02:00", "2023-10-29 00:00"},
        {"2023-10-29 01:30", "2023-10-28 23:30"},
    };
    static const char *const hours[][2] = {
        {"2023-10-29 00:00", "2023-10-28 22:00"}, {"2023-10-29 01:00", "2023-10-28 23:00"},
        {"2023-10-29 02:00", "2023-10-29 00:00"}, {"2023-10-29 02:00", "2023-10-29 01:00"},
        {"2023-10-29 03:00", "2023-10-29 02:00"}, {"2023-10-29 04:00", "2023-10-29 03:00"},
    };
    static const char *const hours_back[][2] = {
        {"2023-10-29 04:00", "2023-10-29 03:00"}, {"2023-10-29 03:00", "2023-10-29 02:00"},
        {"2023-10-29 02:00", "2023-10-29 01:00"}, {"2023-10-29 02:00", "2023-10-29 00:00"},
        {"2023-10-29 01:00", "2023-10-28 23:00"},
    };
    static const char *const alone[][2] = {{"2023-10-29 02:30", "2023-10-29 00:30"}};
    make_file("CET-1CEST,M3.5.0,M10.5.0/3");
    CONVERTS(rising, true);
    CONVERTS(rising, false);
    CONVERTS(falling, true);
    CONVERTS(alone, false);
    CONVERTS(hours, true);
    CONVERTS(hours_back, true);
}

static void test_fixed_offsets(void **state)
{
    (void)state;
    struct lake_error err = {0};
    const struct {
        const char *text;
        int64_t hours_ms;
    } cases[] = {
        {"+09:00", 32400000}, {"-0530", -19800000}, {"UTC-5", -18000000}, {"UTC+3", 10800000}, {"GMT+2", 7200000}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct time_zone *zone = open_zone(cases[i].text);
        int64_t ts[2] = {ms_of("2023-04-01") * 1000 + 123456, 0};
        int64_t us = ts[0];
        assert_string_equal(time_zone_name(zone), cases[i].text);
        assert_true(time_zone_to_utc(zone, ts, 1, 1000000) == 1);
        assert_true(ts[0] == us - cases[i].hours_ms * 1000);
        time_zone_close(zone);
    }
    const char *const utc[] = {"UTC", "Z", "GMT", "+00:00", "UTC+0"};
    for (size_t i = 0; i < sizeof utc / sizeof utc[0]; i++)
        assert_null(open_zone(utc[i]));
    struct time_zone *zone = NULL;
    const char *const unknown[] = {"Nowhere/City", "",   "../../etc/passwd", "/etc/passwd", "+25:00",
                                   "Test//Zone",   "a b"};
    for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++)
        lake_fails(time_zone_open(fake_io, unknown[i], &zone, &err), LAKE_INVALID_ARGUMENT, "is not known; it is UTC");
    assert_string_equal(time_zone_name(NULL), "UTC");
    time_zone_close(NULL);
}

static void test_rules(void **state)
{
    (void)state;
    const struct {
        const char *text;
        int32_t year;
        const char *start, *end; /* UTC; NULL: no summer time */
    } cases[] = {
        {"EST5EDT,M3.2.0,M11.1.0", 2024, "2024-03-10 07:00", "2024-11-03 06:00"},
        {"<+0330>-3:30", 2024, NULL, NULL},
        {"CET-1CEST,M3.5.0,M10.5.0/3", 2024, "2024-03-31 01:00", "2024-10-27 01:00"},
        {"IST-1GMT0,M10.5.0,M3.5.0/1", 2024, "2024-10-27 01:00", "2024-03-31 01:00"},
        {"AEST-10AEDT,M10.1.0,M4.1.0/3", 2024, "2024-10-05 16:00", "2024-04-06 16:00"},
        {"XXX3YYY,J60,J300", 2024, "2024-03-01 05:00", "2024-10-27 04:00"},
        {"XXX3YYY,59,299/-1", 2024, "2024-02-29 05:00", "2024-10-26 01:00"},
        {"<-02>2<-01>,M3.5.0/-1,M10.5.0/0", 2024, "2024-03-31 01:00", "2024-10-27 01:00"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct zone_rule rule;
        int64_t start_s, end_s;
        assert_true(zone_rule_parse(cases[i].text, strlen(cases[i].text), &rule));
        assert_int_equal(rule.has_summer, cases[i].start != NULL);
        if (cases[i].start == NULL)
            continue;
        zone_rule_changes(&rule, cases[i].year, &start_s, &end_s);
        if (start_s * 1000 != ms_of(cases[i].start) || end_s * 1000 != ms_of(cases[i].end))
            fail_msg("%s: %lld %lld", cases[i].text, (long long)start_s, (long long)end_s);
    }
    const char *const wrong[] = {"",
                                 "E5",
                                 "EST",
                                 "EST5EDT",
                                 "EST5EDT,",
                                 "EST5EDT,M3.2.0",
                                 "EST5EDT,M13.2.0,M11.1.0",
                                 "EST5EDT,M3.6.0,M11.1.0",
                                 "EST5EDT,M3.2.7,M11.1.0",
                                 "EST5EDT,J0,J1",
                                 "EST5EDT,366,1",
                                 "EST168",
                                 "<EST5",
                                 "EST5EDT,M3.2.0,M11.1.0x"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct zone_rule rule;
        if (zone_rule_parse(wrong[i], strlen(wrong[i]), &rule))
            fail_msg("'%s' was taken", wrong[i]);
    }
}

/* Every cut and every changed byte is refused or read; none is read beyond. */
static void test_broken_files(void **state)
{
    (void)state;
    make_file("CET-1CEST,M3.5.0,M10.5.0/3");
    for (size_t n = 0; n < file.n; n++) {
        struct lake_error err = {0};
        struct zone_table table;
        uint8_t *bytes = malloc(n + 1);
        memcpy(bytes, file.bytes, n);
        lake_fails(zone_table_read("Test", bytes, n, &table, &err), LAKE_CORRUPT, "'Test' of the system's tz database");
        free(bytes);
    }
    for (size_t i = 0; i < file.n; i++) {
        struct zone_table table;
        uint8_t *bytes = malloc(file.n);
        memcpy(bytes, file.bytes, file.n);
        bytes[i] = (uint8_t)(bytes[i] ^ 0xff);
        if (zone_table_read("Test", bytes, file.n, &table, NULL) == LAKE_OK)
            assert_true(table.n >= 1);
        zone_table_release(&table);
        free(bytes);
    }
}

static void test_the_first_version_of_the_format(void **state)
{
    (void)state;
    struct lake_error err = {0};
    struct zone_table table;
    const struct change changes[] = {{1679792400, 1}, {1698541200, 2}};
    file.n = 0;
    put_block('\0', changes, 2, 4);
    lake_ok(zone_table_read("Test", file.bytes, file.n, &table, &err));
    assert_int_equal(table.n, 3);
    assert_true(table.offsets[1].from_s == 1679792400 && table.offsets[1].offset_s == 7200);
    assert_int_equal(table.offsets[2].offset_s, -18000);
    zone_table_release(&table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_summer_and_winter), cmocka_unit_test(test_times_that_come_twice_in_order),
        cmocka_unit_test(test_fixed_offsets),     cmocka_unit_test(test_rules),
        cmocka_unit_test(test_broken_files),      cmocka_unit_test(test_the_first_version_of_the_format),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
