/* Whole files: any bytes are opened, every column is read, rows are looked for; from memory and through a function,
 * which must agree. */
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "fuzz.h"
#include "parquet/reader.h"

enum { MAX_ROWS = 5000, ROW_BYTES = 64, MAX_COLUMNS = 20 };

static lake_status read_at(void *context, int64_t offset, void *bytes, size_t n, struct lake_error *err)
{
    (void)err;
    memcpy(bytes, *(const uint8_t *const *)context + offset, n);
    return LAKE_OK;
}

/* Reads the last rows of a column and looks for some; what was read goes into *sum. */
static void read_column(struct parquet_reader *reader, size_t i, uint64_t *sum)
{
    static _Alignas(16) uint8_t values[MAX_ROWS * ROW_BYTES];
    static int32_t offsets[MAX_ROWS + 1];
    static struct buffer bytes = BUFFER_INIT(MIB);
    struct parquet_target target = {.values = values, .offsets = offsets, .bytes = &bytes};
    const struct parquet_file *file = parquet_reader_file(reader);
    int64_t n = file->n_rows < MAX_ROWS ? file->n_rows : MAX_ROWS, first = 0, n_found = 0;
    lake_status status = LAKE_UNSUPPORTED;
    memset(values, 0, sizeof values);
    if (file->columns[i].field.width <= ROW_BYTES)
        status = parquet_reader_read(reader, i, file->n_rows - n, n, &target, NULL);
    for (size_t k = 0; status == LAKE_OK && k < sizeof values; k += ROW_BYTES)
        *sum = *sum * 31 + values[k] + (uint64_t)target.null_count;
    *sum = *sum * 31 + (uint64_t)status;
    if (parquet_reader_find_rows(reader, i, 0, 1000, &first, &n_found, NULL) == LAKE_OK &&
        (first < 0 || n_found < 0 || n_found > file->n_rows - first))
        abort();
}

static uint64_t read_file(struct parquet_source source)
{
    struct parquet_reader *reader = NULL;
    uint64_t sum = 1;
    if (parquet_reader_new(&reader, NULL) == LAKE_OK && parquet_reader_open(reader, source, NULL) == LAKE_OK) {
        for (size_t i = 0; i < parquet_reader_file(reader)->n_columns && i < MAX_COLUMNS; i++)
            read_column(reader, i, &sum);
    }
    parquet_reader_free(reader);
    return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    const struct parquet_source behind = {"fuzz", NULL, (int64_t)n, read_at, &bytes};
    if (n > 0 && read_file(parquet_source_bytes("fuzz", bytes, n)) != read_file(behind))
        abort();
    return 0;
}
