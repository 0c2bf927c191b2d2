/* Whole files: read back by our own reader, equal to the bit; the same rows, the same bytes. */
#include "base/limits.h"
#include "base/memory.h"
#include "parquet/reader.h"
#include "unit/base/check.h"
#include "unit/parquet/writer_fixture.h"

struct rig {
    struct schema *schema;
    struct parquet_writer *writer;
    struct parquet_reader *reader;
    struct buffer file;
    struct buffer texts;
};

static int set_up(void **state)
{
    struct lake_error err = {0};
    static struct rig rig;
    rig.schema = fixture_schema();
    buffer_init(&rig.file, 256 * MIB);
    buffer_init(&rig.texts, 256 * MIB);
    lake_ok(parquet_writer_new(&rig.writer, &err));
    lake_ok(parquet_reader_new(&rig.reader, &err));
    *state = &rig;
    return 0;
}

static int tear_down(void **state)
{
    struct rig *rig = *state;
    parquet_writer_free(rig->writer);
    parquet_reader_free(rig->reader);
    schema_free(rig->schema);
    buffer_release(&rig->file);
    buffer_release(&rig->texts);
    return 0;
}

static void check_value(const struct batch *batch, size_t column, int64_t row, const struct parquet_target *target,
                        int64_t at)
{
    const struct column_field *field = &batch->schema->fields[column];
    const struct column *wanted = &batch->columns[column];
    bool is_valid = column_is_valid(wanted, row);
    size_t width = column_type_width(field);
    assert_int_equal(target->valid == NULL || target->valid[at] == 1, is_valid);
    if (!is_valid)
        return;
    if (field->type == COLUMN_BOOL) {
        assert_int_equal(((const uint8_t *)target->values)[at], bit_get(wanted->values, row));
    } else if (width > 0) {
        assert_memory_equal((const uint8_t *)target->values + (size_t)at * width,
                            (const uint8_t *)wanted->values + (size_t)row * width, width);
    } else {
        size_t n = (size_t)(wanted->offsets[row + 1] - wanted->offsets[row]);
        assert_int_equal(target->offsets[at + 1] - target->offsets[at], n);
        if (n > 0)
            assert_memory_equal(target->bytes->data + target->offsets[at],
                                (const uint8_t *)wanted->values + wanted->offsets[row], n);
    }
}

static void check_column(struct rig *rig, const struct batch *batch, size_t column)
{
    struct lake_error err = {0};
    struct parquet_target target = {.bytes = &rig->texts};
    lake_ok(memory_new((size_t)batch->n_rows + 1, sizeof *target.offsets, &target.offsets, &err));
    lake_ok(memory_new((size_t)batch->n_rows + 1, 8, &target.values, &err));
    lake_ok(parquet_reader_read(rig->reader, column, 0, batch->n_rows, &target, &err));
    assert_int_equal(target.null_count, batch->columns[column].null_count);
    for (int64_t row = 0; row < batch->n_rows; row++)
        check_value(batch, column, row, &target, row);
    memory_free(target.offsets);
    memory_free(target.values);
}

static void check_file(struct rig *rig, const struct batch *batch, int64_t n_row_groups)
{
    struct lake_error err = {0};
    lake_ok(parquet_reader_open(rig->reader, parquet_source_bytes("written", rig->file.data, rig->file.length), &err));
    const struct parquet_file *file = parquet_reader_file(rig->reader);
    assert_int_equal(file->n_rows, batch->n_rows);
    assert_int_equal(file->n_row_groups, n_row_groups);
    assert_int_equal(file->n_columns, batch->schema->n_fields);
    for (size_t i = 0; i < file->n_columns; i++) {
        assert_string_equal(file->columns[i].field.name, batch->schema->fields[i].name);
        assert_int_equal(file->columns[i].field.type, batch->schema->fields[i].type);
        assert_int_equal(file->columns[i].field.nullable, batch->schema->fields[i].nullable);
        assert_int_equal(file->columns[i].null_count, batch->columns[i].null_count);
        check_column(rig, batch, i);
    }
}

static void check_sizes(struct rig *rig, const struct parquet_writer_options *options, bool with_nulls)
{
    static const int64_t sizes[] = {1, 2, 7, 8, 9, 64, 129, 1000, 1440};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct batch batch = fixture_batch(rig->schema, sizes[i], with_nulls);
        fixture_write(rig->writer, &batch, options, 0, &rig->file);
        check_file(rig, &batch, 1);
        fixture_write(rig->writer, &batch, options, 333, &rig->file);
        check_file(rig, &batch, (sizes[i] + 332) / 333);
        batch_release(&batch);
    }
}

static void test_round_trips(void **state)
{
    static const int64_t page_rows[] = {0, 1, 8, 100, 500};
    for (size_t i = 0; i < sizeof page_rows / sizeof page_rows[0]; i++) {
        for (int choice = 0; choice < 8; choice++) {
            struct parquet_writer_options options = {.doubles =
                                                         choice & 1 ? PARQUET_DOUBLES_PLAIN : PARQUET_DOUBLES_FAST,
                                                     .compression = choice & 2 ? PARQUET_UNCOMPRESSED : PARQUET_SNAPPY,
                                                     .page_rows = page_rows[i]};
            if (page_rows[i] == 1 && choice > 1)
                continue; /* slow, and like the others */
            check_sizes(*state, &options, choice & 4);
        }
    }
}

/* The page index tells each page's times: a search returns the pages that hold the range, and no others. */
static void test_times_are_found_by_page(void **state)
{
    struct rig *rig = *state;
    struct lake_error err = {0};
    struct parquet_writer_options options = {.page_rows = 100};
    struct batch batch = fixture_batch(rig->schema, 1440, true);
    const int64_t *ts = batch_values(&batch, 0);
    fixture_write(rig->writer, &batch, &options, 500, &rig->file);
    lake_ok(parquet_reader_open(rig->reader, parquet_source_bytes("written", rig->file.data, rig->file.length), &err));
    for (int64_t row = 0; row < 1440; row++) {
        int64_t first = -1;
        int64_t n_rows = -1;
        int64_t group = row / 500 * 500;
        int64_t page = group + (row - group) / 100 * 100;
        lake_ok(parquet_reader_find_rows(rig->reader, 0, ts[row], ts[row], &first, &n_rows, &err));
        assert_int_equal(first, page);
        assert_int_equal(n_rows, 1440 - page < 100 ? 1440 - page : 100);
    }
    batch_release(&batch);
}

static void test_a_file_without_rows(void **state)
{
    struct rig *rig = *state;
    struct lake_error err = {0};
    struct parquet_writer_options options = {0};
    struct batch batch = fixture_batch(rig->schema, 3, false);
    buffer_clear(&rig->file);
    lake_ok(parquet_writer_begin(rig->writer, rig->schema, &options, parquet_sink_buffer(&rig->file), &err));
    lake_ok(parquet_writer_append(rig->writer, &batch, 3, 0, &err)); /* no row group */
    lake_ok(parquet_writer_finish(rig->writer, &err));
    batch_release(&batch);
    batch = fixture_batch(rig->schema, 0, false);
    check_file(rig, &batch, 0);
    batch_release(&batch);
}

static void write_range(struct rig *rig, const struct batch *batch, int64_t first, int64_t n_rows, struct buffer *out)
{
    struct lake_error err = {0};
    struct parquet_writer_options options = {0};
    buffer_clear(out);
    lake_ok(parquet_writer_begin(rig->writer, batch->schema, &options, parquet_sink_buffer(out), &err));
    lake_ok(parquet_writer_append(rig->writer, batch, first, n_rows, &err));
    lake_ok(parquet_writer_finish(rig->writer, &err));
}

/* Rows [from, from + n) of a batch, moved to the front of another. */
static struct batch cut(const struct batch *batch, int64_t from, int64_t n)
{
    struct lake_error err = {0};
    struct batch out = {0};
    lake_ok(batch_new(&out, batch->schema, n, &err));
    for (size_t i = 0; i < batch->schema->n_fields; i++) {
        const struct column *column = &batch->columns[i];
        size_t width = column_type_width(&batch->schema->fields[i]);
        lake_ok(batch_add_validity(&out, i, &err));
        for (int64_t row = 0; row < n; row++) {
            bool is_valid = column_is_valid(column, from + row);
            bit_set(out.columns[i].validity, row, is_valid);
            out.columns[i].null_count += !is_valid;
            if (column->offsets != NULL)
                out.columns[i].offsets[row + 1] = column->offsets[from + row + 1] - column->offsets[from];
            else if (width == 0)
                bit_set(out.columns[i].values, row, bit_get(column->values, from + row));
        }
        if (column->offsets != NULL)
            lake_ok(batch_add_bytes(&out, i, (size_t)out.columns[i].offsets[n], &err));
        const uint8_t *bytes = column->values;
        if (column->offsets != NULL && out.columns[i].offsets[n] > 0)
            memcpy(out.columns[i].values, bytes + column->offsets[from], (size_t)out.columns[i].offsets[n]);
        else if (width > 0)
            memcpy(out.columns[i].values, bytes + (size_t)from * width, (size_t)n * width);
    }
    return out;
}

static void test_the_same_rows_give_the_same_bytes(void **state)
{
    struct rig *rig = *state;
    struct buffer again = BUFFER_INIT(64 * MIB);
    struct batch batch = fixture_batch(rig->schema, 2000, true);
    for (int64_t from = 0; from < 20; from++) {
        struct batch slice = cut(&batch, from, 1440);
        write_range(rig, &batch, from, 1440, &rig->file);
        write_range(rig, &slice, 0, 1440, &again);
        assert_int_equal(rig->file.length, again.length);
        assert_memory_equal(rig->file.data, again.data, again.length);
        batch_release(&slice);
    }
    batch_release(&batch);
    buffer_release(&again);
}

/* A bitmap without a zero says what no bitmap says. */
static void test_a_bitmap_of_ones_is_no_bitmap(void **state)
{
    struct rig *rig = *state;
    struct buffer again = BUFFER_INIT(64 * MIB);
    struct batch batch = fixture_batch(rig->schema, 1440, false);
    struct batch with_bitmaps = cut(&batch, 0, 1440);
    assert_null(batch.columns[1].validity);
    assert_non_null(with_bitmaps.columns[1].validity);
    write_range(rig, &batch, 0, 1440, &rig->file);
    write_range(rig, &with_bitmaps, 0, 1440, &again);
    assert_int_equal(rig->file.length, again.length);
    assert_memory_equal(rig->file.data, again.data, again.length);
    batch_release(&batch);
    batch_release(&with_bitmaps);
    buffer_release(&again);
}

/* Nothing of one file is seen in the next, whatever it was and however it ended. */
static void test_a_writer_remembers_nothing(void **state)
{
    struct rig *rig = *state;
    struct lake_error err = {0};
    struct parquet_writer *fresh = NULL;
    struct buffer again = BUFFER_INIT(64 * MIB);
    struct parquet_writer_options options = {.page_rows = 100};
    struct batch small = fixture_batch(rig->schema, 300, false);
    struct batch large = fixture_batch(rig->schema, 5000, true);
    lake_ok(parquet_writer_new(&fresh, &err));
    fixture_write(fresh, &small, &options, 0, &again);
    fixture_write(rig->writer, &large, &options, 700, &rig->file);
    lake_ok(parquet_writer_begin(rig->writer, rig->schema, &options, parquet_sink_buffer(&rig->file), &err));
    lake_ok(parquet_writer_append(rig->writer, &large, 0, 5000, &err)); /* left in the middle */
    fixture_write(rig->writer, &small, &options, 0, &rig->file);
    assert_int_equal(rig->file.length, again.length);
    assert_memory_equal(rig->file.data, again.data, again.length);
    batch_release(&small);
    batch_release(&large);
    parquet_writer_free(fresh);
    buffer_release(&again);
}

/* Each option changes what is written, and only what it should. */
static void test_options_have_effect(void **state)
{
    struct rig *rig = *state;
    struct batch batch = fixture_batch(rig->schema, 3000, false);
    struct parquet_writer_options options = {0};
    fixture_write(rig->writer, &batch, &options, 0, &rig->file);
    size_t fast = rig->file.length;
    options.compression = PARQUET_UNCOMPRESSED;
    fixture_write(rig->writer, &batch, &options, 0, &rig->file);
    size_t uncompressed = rig->file.length;
    options.page_rows = 100;
    fixture_write(rig->writer, &batch, &options, 0, &rig->file);
    assert_true(rig->file.length > uncompressed);
    options = (struct parquet_writer_options){.doubles = PARQUET_DOUBLES_PLAIN};
    fixture_write(rig->writer, &batch, &options, 0, &rig->file);
    assert_true(fast < uncompressed);
    assert_true(rig->file.length != fast && rig->file.length != uncompressed);
    batch_release(&batch);
}

static struct batch wide_texts(const struct schema *schema, int64_t n_rows, size_t n_bytes)
{
    struct lake_error err = {0};
    struct batch batch = {0};
    lake_ok(batch_new(&batch, schema, n_rows, &err));
    for (int64_t row = 0; row < n_rows; row++)
        batch.columns[0].offsets[row + 1] = (int32_t)((size_t)(row + 1) * n_bytes);
    lake_ok(batch_add_bytes(&batch, 0, (size_t)n_rows * n_bytes, &err));
    memset(batch.columns[0].values, 'w', (size_t)n_rows * n_bytes);
    for (int64_t row = 0; row < n_rows; row++)
        ((char *)batch.columns[0].values)[(size_t)row * n_bytes] = (char)('a' + row);
    return batch;
}

/* Pages are cut by bytes too, so that a reader's limit on pages holds; a value over it is refused. */
static void test_large_texts(void **state)
{
    struct rig *rig = *state;
    struct lake_error err = {0};
    static const struct column_field field = {"text", COLUMN_UTF8, 0, true};
    struct parquet_writer_options options = {.compression = PARQUET_UNCOMPRESSED};
    struct schema *schema = NULL;
    lake_ok(schema_new(&field, 1, &schema, &err));
    struct batch batch = wide_texts(schema, 24, 3 * MIB); /* more than one page may hold */
    fixture_write(rig->writer, &batch, &options, 0, &rig->file);
    check_file(rig, &batch, 1);
    batch_release(&batch);
    batch = wide_texts(schema, 1, LIMIT_PARQUET_PAGE_BYTES);
    buffer_clear(&rig->file);
    lake_ok(parquet_writer_begin(rig->writer, schema, &options, parquet_sink_buffer(&rig->file), &err));
    lake_fails(parquet_writer_append(rig->writer, &batch, 0, 1, &err), LAKE_INVALID_ARGUMENT, "column text, row 0");
    lake_fails(parquet_writer_finish(rig->writer, &err), LAKE_INVALID_STATE, "failed");
    batch_release(&batch);
    schema_free(schema);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trips),
        cmocka_unit_test(test_times_are_found_by_page),
        cmocka_unit_test(test_a_file_without_rows),
        cmocka_unit_test(test_the_same_rows_give_the_same_bytes),
        cmocka_unit_test(test_a_bitmap_of_ones_is_no_bitmap),
        cmocka_unit_test(test_a_writer_remembers_nothing),
        cmocka_unit_test(test_options_have_effect),
        cmocka_unit_test(test_large_texts),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
