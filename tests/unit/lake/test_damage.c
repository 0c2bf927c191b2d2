/* Bits flipped in every class of place of every kind of file: all are found by a full verification, and the file is named. What the
 * fast one finds is printed, not promised. */
#include "verify_fixture.h"

#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "parquet/metadata.h"
#include "parquet/page_header.h"

enum { DAY_BARS = 1440, MOST_REGIONS = 512, MOST_BYTES = 4 << 20 };

/* Classes of places in a Parquet file. */
enum place {
    PLACE_MAGIC,
    PLACE_DICTIONARY_HEADER,
    PLACE_DICTIONARY,
    PLACE_PAGE_HEADER,
    PLACE_PAGE,
    PLACE_COLUMN_INDEX,
    PLACE_OFFSET_INDEX,
    PLACE_FOOTER,
    PLACE_FOOTER_LENGTH,
    N_PLACES
};
static const char *const place_names[N_PLACES] = {"magic",        "dictionary header", "dictionary",   "page header",
                                                  "page",         "column index",      "offset index", "footer",
                                                  "footer length"};

struct region {
    enum place place;
    int64_t start, end;
};

struct map {
    size_t n;
    struct region regions[MOST_REGIONS];
};

static void add_region(struct map *map, enum place place, int64_t start, int64_t n_bytes)
{
    if (n_bytes <= 0)
        return;
    assert_true(map->n < MOST_REGIONS);
    map->regions[map->n++] = (struct region){place, start, start + n_bytes};
}

static void map_pages(struct map *map, const uint8_t *bytes, const struct column_chunk *chunk)
{
    bool has_dictionary = chunk->dictionary_page_offset > 0;
    int64_t at = has_dictionary ? chunk->dictionary_page_offset : chunk->data_page_offset;
    int64_t end = at + chunk->compressed_bytes;
    while (at < end) {
        struct page_header header;
        size_t length = 0;
        bool truncated = false;
        const struct thrift_bytes view = {bytes + at, (size_t)(end - at)};
        assert_int_equal(page_header_parse(&header, view, &length, &truncated, NULL), LAKE_OK);
        bool is_dictionary = has_dictionary && at == chunk->dictionary_page_offset;
        assert_true(header.has_crc);
        add_region(map, is_dictionary ? PLACE_DICTIONARY_HEADER : PLACE_PAGE_HEADER, at, (int64_t)length);
        add_region(map, is_dictionary ? PLACE_DICTIONARY : PLACE_PAGE, at + (int64_t)length, header.compressed_bytes);
        at += (int64_t)length + header.compressed_bytes;
    }
}

static int64_t read_file(const char *path, uint8_t *bytes)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t n = fread(bytes, 1, MOST_BYTES, file);
    assert_int_equal(fclose(file), 0);
    return (int64_t)n;
}

/* Every byte of the file belongs to one region. */
static void assert_whole(const struct map *map, int64_t size)
{
    int64_t n_bytes = 0;
    for (size_t i = 0; i < map->n; i++)
        n_bytes += map->regions[i].end - map->regions[i].start;
    assert_int_equal(n_bytes, size);
}

static void map_file(const char *path, struct map *map)
{
    static uint8_t bytes[MOST_BYTES];
    struct metadata metadata;
    int64_t size = read_file(path, bytes);
    int64_t n_footer = load_u32(bytes + size - 8);
    map->n = 0;
    metadata_init(&metadata);
    assert_int_equal(metadata_parse(&metadata, bytes + size - 8 - n_footer, (size_t)n_footer, NULL), LAKE_OK);
    add_region(map, PLACE_MAGIC, 0, 4);
    for (int32_t group = 0; group < metadata.file.n_row_groups; group++) {
        for (size_t column = 0; column < metadata.file.n_columns; column++) {
            const struct column_chunk *chunk = metadata_chunk(&metadata, group, column);
            map_pages(map, bytes, chunk);
            add_region(map, PLACE_COLUMN_INDEX, chunk->column_index.offset, chunk->column_index.n_bytes);
            add_region(map, PLACE_OFFSET_INDEX, chunk->offset_index.offset, chunk->offset_index.n_bytes);
        }
    }
    add_region(map, PLACE_FOOTER, size - 8 - n_footer, n_footer);
    add_region(map, PLACE_FOOTER_LENGTH, size - 8, 4);
    add_region(map, PLACE_MAGIC, size - 4, 4);
    assert_whole(map, size);
    metadata_release(&metadata);
}

/* ---- flipping ---- */

struct tally {
    int n_flipped[N_PLACES], n_fast[N_PLACES];
};

static void try_flip(struct fixture *fixture, const char *path, const struct region *region, int64_t at,
                     struct tally *tally)
{
    const char *name = strrchr(path, '/') + 1;
    int bit = (int)(at % 8);
    size_t n_name = strlen(name) - (strstr(name, ".retired") == NULL ? 0 : strlen(".retired"));
    flip_bit(path, at, bit);
    const struct found *found = run_verify(fixture, LAKE_VERIFY_FULL);
    if (found->n != 1 || strlen(found->rows[0].path) < n_name ||
        strncmp(strrchr(found->rows[0].path, '/') + 1, name, n_name) != 0)
        fail_msg("%s: bit %d of byte %d of %s: %d problems", place_names[region->place], bit, (int)at, path,
                 (int)found->n);
    tally->n_fast[region->place] += run_verify(fixture, LAKE_VERIFY_FAST)->n > 0;
    tally->n_flipped[region->place]++;
    flip_bit(path, at, bit);
}

/* The first and last byte of each region, and some between. */
static void sweep(struct fixture *fixture, const char *path, int n_between, const char *what)
{
    static struct map map;
    struct tally tally = {{0}, {0}};
    map_file(path, &map);
    for (size_t i = 0; i < map.n; i++) {
        const struct region *region = &map.regions[i];
        int64_t n = region->end - region->start;
        for (int k = 0; k <= n_between + 1; k++)
            try_flip(fixture, path, region, region->start + (n - 1) * k / (n_between + 1), &tally);
    }
    for (int place = 0; place < N_PLACES; place++)
        print_message("%s, %s: %d flipped, all found; by the fast one %d\n", what, place_names[place],
                      tally.n_flipped[place], tally.n_fast[place]);
    assert_int_equal(run_verify(fixture, LAKE_VERIFY_FULL)->n, 0);
}

/* Few prices, so that a column has a dictionary; a null, so that it has levels. */
static void write_varied_day(struct fixture *fixture, int day)
{
    static struct bar bars[DAY_BARS];
    for (int i = 0; i < DAY_BARS; i++) {
        bars[i] = bar_of(DAY_2024 + day * MS_PER_DAY + i * MS_PER_MINUTE);
        bars[i].open = i % 7;
        bars[i].volume = i % 11 == 0 ? (double)NAN : bars[i].volume;
    }
    (void)write_bars(fixture->lake, "BTCUSDT", bars, DAY_BARS);
}

static void test_a_day_file(void **state)
{
    struct fixture *fixture = fixture_new();
    (void)state;
    fixture->n_threads = 1;
    fixture_reopen(fixture);
    write_varied_day(fixture, 0);
    char path[512];
    (void)snprintf(path, sizeof path, "%s", find_path(fixture, "data", "2024-01-01"));
    sweep(fixture, path, 6, "a day");
    fixture_free(fixture);
}

static void test_a_rolled_up_month(void **state)
{
    struct fixture *fixture = fixture_new();
    (void)state;
    fixture->n_threads = 1;
    fixture_reopen(fixture);
    for (int day = 0; day < 3; day++)
        write_varied_day(fixture, day);
    roll_up(fixture, "BTCUSDT");
    char path[512];
    (void)snprintf(path, sizeof path, "%s", find_path(fixture, "data", "BTCUSDT-1m-2024-01-"));
    sweep(fixture, path, 1, "a month");
    fixture_free(fixture);
}

static void test_a_file_in_history(void **state)
{
    struct fixture *fixture = fixture_new();
    struct bar changed = bar_of(DAY_2024);
    (void)state;
    fixture->n_threads = 1;
    fixture_reopen(fixture);
    write_varied_day(fixture, 0);
    changed.close = 1.0;
    (void)write_bars(fixture->lake, "BTCUSDT", &changed, 1);
    char path[512];
    (void)snprintf(path, sizeof path, "%s", find_path(fixture, ".lake/history", "2024-01-01"));
    sweep(fixture, path, 1, "history");
    fixture_free(fixture);
}

/* ---- the manifest ---- */

static bool report_names_manifest(struct ArrowArrayStream *stream)
{
    struct ArrowArray array;
    bool found = false;
    assert_int_equal(stream->get_next(stream, &array), 0);
    for (int64_t row = 0; array.release != NULL && row < array.length; row++) {
        const int32_t *offsets = array.children[0]->buffers[1];
        const char *path = (const char *)array.children[0]->buffers[2] + offsets[row];
        found = found || strncmp(path, "manifest.db", (size_t)(offsets[row + 1] - offsets[row])) == 0;
    }
    if (array.release != NULL)
        array.release(&array);
    stream->release(stream);
    return found;
}

/* Whether opening the lake or a full verification says that the manifest is damaged. */
static bool is_found(struct fixture *fixture, bool *by_opening)
{
    const struct lake_verify_options options = {.size = sizeof options, .depth = LAKE_VERIFY_FULL};
    struct lake_verify_result result = {.size = sizeof result};
    struct ArrowArrayStream stream;
    struct lake_error err = {LAKE_OK, ""};
    bool found = false;
    lake_status status = fixture_try_open(fixture, io_system(), &err);
    *by_opening = status != LAKE_OK;
    if (status == LAKE_OK)
        status = lake_verify(fixture->lake, &options, &result, &stream, &err);
    if (status == LAKE_OK)
        found = report_names_manifest(&stream);
    else
        found = strstr(err.message, "manifest.db") != NULL;
    lake_close(fixture->lake);
    fixture->lake = NULL;
    return found;
}

static void copy_file(const char *from, const char *to)
{
    char command[1200];
    (void)snprintf(command, sizeof command, "cp '%s' '%s' && rm -f '%s-wal' '%s-shm'", from, to, to, to);
    assert_int_equal(system(command), 0);
}

/* Pages have no checksums of their own, so of a flipped value only SQLite's and the tables' own rules can tell; the structure of a
 * page, which says where its values are, is always checked. */
static bool is_structure(const uint8_t *bytes, int64_t at)
{
    enum { PAGE_BYTES = 4096, HEADER_BYTES = 100 };
    int64_t in_page = at % PAGE_BYTES - (at < PAGE_BYTES ? HEADER_BYTES : 0);
    uint8_t type = bytes[at - in_page];
    bool is_tree = type == 2 || type == 5 || type == 10 || type == 13;
    return at < 16 || (is_tree && (in_page == 0 || in_page == 4));
}

static void test_the_manifest(void **state)
{
    static uint8_t bytes[MOST_BYTES];
    struct fixture *fixture = fixture_new();
    char path[FIXTURE_PATH_BYTES + 32], sound[FIXTURE_PATH_BYTES + 32];
    int n_flipped = 0, n_found = 0, n_opening = 0, n_structure = 0;
    (void)state;
    fixture->n_threads = 1;
    fixture_reopen(fixture);
    for (int day = 0; day < 3; day++)
        write_varied_day(fixture, day);
    lake_close(fixture->lake);
    fixture->lake = NULL;
    (void)snprintf(path, sizeof path, "%s/manifest.db", fixture->root);
    (void)snprintf(sound, sizeof sound, "%s/sound", fixture->root);
    copy_file(path, sound);
    int64_t size = read_file(sound, bytes);
    for (int64_t at = 0; at < size; at++) {
        bool by_opening = false, must_be_found = is_structure(bytes, at);
        if (!must_be_found && at % 1021 != 0)
            continue;
        copy_file(sound, path);
        flip_bit(path, at, 6);
        bool found = is_found(fixture, &by_opening);
        if (!found && must_be_found)
            fail_msg("manifest.db: bit 6 of byte %d is not found", (int)at);
        n_flipped++;
        n_structure += must_be_found;
        n_found += found;
        n_opening += by_opening;
    }
    print_message("manifest.db: %d flipped, %d of them in the structure; %d found, of these %d by opening\n", n_flipped,
                  n_structure, n_found, n_opening);
    assert_true(n_structure > 20);
    fixture_free(fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_day_file),
        cmocka_unit_test(test_a_rolled_up_month),
        cmocka_unit_test(test_a_file_in_history),
        cmocka_unit_test(test_the_manifest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
