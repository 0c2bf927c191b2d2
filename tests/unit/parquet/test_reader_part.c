/* A part of a large file that lies behind a function: the same values as from memory, for no more than a few reads. */
#include "base/limits.h"
#include "parquet/reader.h"
#include "unit/base/check.h"
#include "unit/parquet/writer_fixture.h"

enum { DAY_ROWS = 1440, N_DAYS = 31, N_ROWS = DAY_ROWS * N_DAYS, MOST_BYTES = 16 << 20 };

/* The file, and what was read of it. */
struct disk {
    const struct buffer *file;
    int n_calls;
    size_t n_bytes;
};

static lake_status read_disk(void *context, int64_t offset, void *bytes, size_t n, struct lake_error *err)
{
    struct disk *disk = context;
    (void)err;
    assert_true(offset >= 0 && (size_t)offset <= disk->file->length && n <= disk->file->length - (size_t)offset);
    memcpy(bytes, disk->file->data + offset, n);
    disk->n_calls++;
    disk->n_bytes += n;
    return LAKE_OK;
}

/* One column's rows, as either reader gives them. */
struct part {
    uint8_t *values;
    int32_t *offsets;
    struct buffer bytes;
    uint8_t *valid;
    int64_t null_count;
};

struct rig {
    struct schema *schema;
    struct batch batch;
    struct buffer file;
    struct disk disk;
    struct parquet_reader *memory; /* reads the same file where it lies in memory */
    struct parquet_reader *reader; /* reads it from the disk */
    struct part wanted, got;
};

static void part_init(struct part *part)
{
    part->values = test_malloc((size_t)N_ROWS * 8);
    part->offsets = test_malloc((size_t)(N_ROWS + 1) * sizeof *part->offsets);
    part->valid = test_malloc(N_ROWS);
    buffer_init(&part->bytes, MOST_BYTES);
}

static void part_release(struct part *part)
{
    test_free(part->values);
    test_free(part->offsets);
    test_free(part->valid);
    buffer_release(&part->bytes);
}

/* Days of `day_rows` rows, each with pages of its own; 0: pages as they come. */
static struct rig *rig_new(int64_t n_rows, int64_t day_rows)
{
    struct lake_error err = {0};
    struct rig *rig = test_calloc(1, sizeof *rig);
    struct parquet_writer *writer = NULL;
    int64_t ends[N_DAYS];
    struct parquet_writer_options options = {.page_ends = ends};
    for (int64_t row = day_rows; day_rows > 0 && row < n_rows; row += day_rows)
        ends[options.n_page_ends++] = row;
    buffer_init(&rig->file, MOST_BYTES);
    rig->schema = fixture_schema();
    rig->batch = fixture_batch(rig->schema, n_rows, true);
    lake_ok(parquet_writer_new(&writer, &err));
    fixture_write(writer, &rig->batch, &options, n_rows, &rig->file);
    parquet_writer_free(writer);
    lake_ok(parquet_reader_new(&rig->memory, &err));
    lake_ok(parquet_reader_new(&rig->reader, &err));
    lake_ok(parquet_reader_open(rig->memory, parquet_source_bytes("memory", rig->file.data, rig->file.length), &err));
    rig->disk.file = &rig->file;
    struct parquet_source source = {"disk", NULL, (int64_t)rig->file.length, read_disk, &rig->disk};
    lake_ok(parquet_reader_open(rig->reader, source, &err));
    part_init(&rig->wanted);
    part_init(&rig->got);
    return rig;
}

static void rig_free(struct rig *rig)
{
    parquet_reader_free(rig->memory);
    parquet_reader_free(rig->reader);
    part_release(&rig->wanted);
    part_release(&rig->got);
    batch_release(&rig->batch);
    schema_free(rig->schema);
    buffer_release(&rig->file);
    test_free(rig);
}

static void read_part(struct parquet_reader *reader, size_t column, int64_t first, int64_t n, struct part *part)
{
    struct lake_error err = {0};
    struct parquet_target target = {.values = part->values, .offsets = part->offsets, .bytes = &part->bytes};
    lake_ok(parquet_reader_read(reader, column, first, n, &target, &err));
    part->null_count = target.null_count;
    if (target.valid != NULL)
        memcpy(part->valid, target.valid, (size_t)n);
    else
        memset(part->valid, 1, (size_t)n);
}

static void check_same(struct rig *rig, size_t column, int64_t first, int64_t n)
{
    const struct column_field *field = &rig->schema->fields[column];
    size_t width = field->type == COLUMN_BOOL ? 1 : column_type_width(field);
    read_part(rig->memory, column, first, n, &rig->wanted);
    read_part(rig->reader, column, first, n, &rig->got);
    assert_int_equal(rig->got.null_count, rig->wanted.null_count);
    assert_memory_equal(rig->got.valid, rig->wanted.valid, (size_t)n);
    assert_memory_equal(rig->got.values, rig->wanted.values,
                        column_type_has_offsets(field->type) ? 0 : width * (size_t)n);
    if (!column_type_has_offsets(field->type))
        return;
    assert_memory_equal(rig->got.offsets, rig->wanted.offsets, (size_t)(n + 1) * sizeof *rig->got.offsets);
    assert_int_equal(rig->got.bytes.length, rig->wanted.bytes.length);
    if (rig->got.bytes.length > 0)
        assert_memory_equal(rig->got.bytes.data, rig->wanted.bytes.data, rig->got.bytes.length);
}

/* What memory gives is what was written: so the comparison is with more than another way through the same reader. */
static void memory_holds_what_was_written(void **state)
{
    (void)state;
    struct rig *rig = rig_new(N_ROWS, DAY_ROWS);
    for (size_t i = 0; i < rig->schema->n_fields; i++) {
        const struct column *column = &rig->batch.columns[i];
        read_part(rig->memory, i, 0, N_ROWS, &rig->wanted);
        assert_int_equal(rig->wanted.null_count, column->null_count);
        for (int64_t row = 0; row < N_ROWS; row++)
            assert_int_equal(rig->wanted.valid[row], column_is_valid(column, row));
    }
    read_part(rig->memory, 0, 0, N_ROWS, &rig->wanted);
    assert_memory_equal(rig->wanted.values, rig->batch.columns[0].values, N_ROWS * sizeof(int64_t));
    rig_free(rig);
}

/* Opening takes the end of the file and its first bytes; the index is in the end already. A day of a column takes one read, or
 * two where it has a dictionary, and not much more than a day's share of the bytes. */
static void a_day_takes_a_read_a_column(void **state)
{
    (void)state;
    struct rig *rig = rig_new(N_ROWS, DAY_ROWS);
    assert_int_equal(rig->disk.n_calls, 2);
    for (int64_t day = 0; day < N_DAYS; day++) {
        for (size_t i = 0; i < rig->schema->n_fields; i++) {
            rig->disk.n_calls = 0;
            rig->disk.n_bytes = 0;
            check_same(rig, i, day * DAY_ROWS, DAY_ROWS);
            assert_true(rig->disk.n_calls <= 2);
            assert_true(rig->disk.n_bytes < rig->file.length / N_DAYS);
        }
    }
    rig_free(rig);
}

static void every_part_is_the_same(void **state)
{
    (void)state;
    static const int64_t day_rows[] = {DAY_ROWS, 0};
    uint64_t seed = 11;
    for (size_t i = 0; i < sizeof day_rows / sizeof *day_rows; i++) {
        struct rig *rig = rig_new(N_ROWS, day_rows[i]);
        for (int round = 0; round < 400; round++) {
            int64_t first = (int64_t)(fixture_random(&seed) % N_ROWS);
            int64_t most = round % 2 == 0 ? N_ROWS - first : DAY_ROWS < N_ROWS - first ? DAY_ROWS : N_ROWS - first;
            int64_t n = (int64_t)(fixture_random(&seed) % (uint64_t)(most + 1));
            check_same(rig, (size_t)(fixture_random(&seed) % rig->schema->n_fields), first, n);
        }
        rig_free(rig);
    }
}

/* Rows are found by the index alone: it is in the file's end, which is kept. */
static void finding_a_day_reads_nothing(void **state)
{
    (void)state;
    struct lake_error err = {0};
    struct rig *rig = rig_new(N_ROWS, DAY_ROWS);
    const int64_t *ts = rig->batch.columns[0].values;
    rig->disk.n_calls = 0;
    for (int64_t day = 0; day < N_DAYS; day++) {
        int64_t first = -1, n = -1;
        lake_ok(parquet_reader_find_rows(rig->reader, 0, ts[day * DAY_ROWS], ts[day * DAY_ROWS + DAY_ROWS - 1], &first,
                                         &n, &err));
        assert_int_equal(first, day * DAY_ROWS);
        assert_int_equal(n, DAY_ROWS);
    }
    assert_int_equal(rig->disk.n_calls, 0);
    rig_free(rig);
}

/* Whether the file still says that the column is of this type: the memory is made for it. */
static bool still_has(const struct parquet_reader *reader, const struct column_field *field, size_t column)
{
    const struct parquet_file *file = parquet_reader_file(reader);
    return column < file->n_columns && file->columns[column].field.type == field->type &&
           file->columns[column].field.width == field->width && file->n_rows == 4 * DAY_ROWS;
}

/* One byte wrong anywhere: what is read from the disk is what is read from memory, right or refused. */
static void damage_is_met_alike(void **state)
{
    (void)state;
    struct lake_error err = {0};
    uint64_t seed = 17;
    struct rig *rig = rig_new(4 * DAY_ROWS, DAY_ROWS);
    struct parquet_source source = {"disk", NULL, (int64_t)rig->file.length, read_disk, &rig->disk};
    int n_refused = 0;
    for (int round = 0; round < 3000; round++) {
        /* The indexes and the footer are the smaller part of the file, and the more interesting one. */
        size_t tail = round % 2 == 0 ? rig->file.length : 8 << 10;
        uint8_t *byte = rig->file.data + rig->file.length - 1 - fixture_random(&seed) % tail;
        uint8_t difference = (uint8_t)(1u << fixture_random(&seed) % 8);
        size_t column = (size_t)(fixture_random(&seed) % rig->schema->n_fields);
        int64_t first = (int64_t)(fixture_random(&seed) % (4 * DAY_ROWS));
        int64_t n = 1 + (int64_t)(fixture_random(&seed) % (uint64_t)(4 * DAY_ROWS - first));
        struct parquet_target wanted = {
            .values = rig->wanted.values, .offsets = rig->wanted.offsets, .bytes = &rig->wanted.bytes};
        struct parquet_target got = {.values = rig->got.values, .offsets = rig->got.offsets, .bytes = &rig->got.bytes};
        *byte ^= difference;
        lake_status memory =
            parquet_reader_open(rig->memory, parquet_source_bytes("memory", rig->file.data, rig->file.length), &err);
        assert_int_equal(parquet_reader_open(rig->reader, source, &err), memory);
        if (memory == LAKE_OK && still_has(rig->memory, &rig->schema->fields[column], column)) {
            memory = parquet_reader_read(rig->memory, column, first, n, &wanted, &err);
            assert_int_equal(parquet_reader_read(rig->reader, column, first, n, &got, &err), memory);
        }
        if (memory == LAKE_OK && column_type_width(&rig->schema->fields[column]) > 0)
            assert_memory_equal(rig->got.values, rig->wanted.values,
                                (size_t)n * column_type_width(&rig->schema->fields[column]));
        n_refused += memory != LAKE_OK;
        *byte ^= difference;
    }
    assert_true(n_refused > 100);
    rig_free(rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_holds_what_was_written), cmocka_unit_test(a_day_takes_a_read_a_column),
        cmocka_unit_test(every_part_is_the_same),        cmocka_unit_test(finding_a_day_reads_nothing),
        cmocka_unit_test(damage_is_met_alike),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
