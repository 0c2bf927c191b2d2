#include "ingest/csv_format.h"

#include <stdint.h>
#include <string.h>

#include "base/utf8.h"

struct magic {
    const char *bytes;
    size_t n_bytes;
    const char *what;
    const char *advice;
};

#define UNPACK "unpack it first"
#define CONVERT "convert it to CSV first"
#define RECODE "save it as UTF-8"

static const struct magic magics[] = {
    {"PAR1", 4, "a Parquet file", CONVERT},
    {"PK\x03\x04", 4, "a zip archive (or a spreadsheet)", "unpack it, or save it as CSV, first"},
    {"\x1f\x8b", 2, "compressed by gzip", UNPACK},
    {"\x28\xb5\x2f\xfd", 4, "compressed by zstd", UNPACK},
    {"BZh", 3, "compressed by bzip2", UNPACK},
    {"\xfd\x37zXZ", 5, "compressed by xz", UNPACK},
    {"7z\xbc\xaf", 4, "a 7z archive", UNPACK},
    {"ARROW1", 6, "an Arrow (Feather) file", CONVERT},
    {"SQLite format 3", 15, "an SQLite database", CONVERT},
    {"\x89HDF", 4, "an HDF5 file", CONVERT},
    {"%PDF", 4, "a PDF document", CONVERT},
    {"\xd0\xcf\x11\xe0", 4, "an Excel workbook", "save it as CSV first"},
    {"\xff\xfe", 2, "UTF-16 text", RECODE},
    {"\xfe\xff", 2, "UTF-16 text", RECODE},
};

static bool starts_with(struct csv_span block, const char *bytes, size_t n_bytes)
{
    return block.length >= n_bytes && memcmp(block.data, bytes, n_bytes) == 0;
}

lake_status csv_format_check(const char *path, struct csv_span block, size_t *mark_bytes, struct lake_error *err)
{
    *mark_bytes = starts_with(block, "\xef\xbb\xbf", 3) ? 3 : 0;
    for (size_t i = 0; i < sizeof magics / sizeof magics[0]; i++)
        if (starts_with(block, magics[i].bytes, magics[i].n_bytes))
            return lake_fail(err, LAKE_UNSUPPORTED, "%s: is %s, not CSV text; %s", path, magics[i].what,
                             magics[i].advice);
    return LAKE_OK;
}

lake_status csv_format_check_text(const char *path, struct csv_span line, size_t offset, struct lake_error *err)
{
    const char *p = line.data, *end = line.data + line.length;
    while (p < end) {
        size_t length = utf8_length(p, end);
        uint8_t byte = (uint8_t)*p;
        bool is_control = (byte < 0x20 && byte != '\t' && byte != '\r' && byte != '\n') || byte == 0x7f;
        if (length == 0 || is_control)
            return lake_fail(err, LAKE_INVALID_DATA,
                             "%s: byte 0x%02x at offset %zu is not UTF-8 text; is it a CSV file?", path, byte,
                             offset + (size_t)(p - line.data));
        p += length;
    }
    return LAKE_OK;
}
