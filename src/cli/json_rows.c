#include "json_rows.h"

#include <math.h>
#include <stdlib.h>

#include <datalake/text.h>

#include "report.h"
#include "row_cursor.h"

static bool is_null(const struct ArrowArray *column, int64_t row)
{
    const uint8_t *valid = column->n_buffers > 0 ? column->buffers[0] : NULL;
    int64_t at = column->offset + row;
    return valid != NULL && (valid[at / 8] >> (at % 8) & 1) == 0;
}

/* A text is as long as it is: it is measured first. */
static lake_status write_text(struct json *json, const struct ArrowSchema *schema, const struct ArrowArray *column,
                              int64_t row, struct lake_error *err)
{
    size_t n = lake_format_value(schema, column, row, NULL, 0);
    char *text = malloc(n + 1);
    if (text == NULL)
        return cli_fail(err, LAKE_NO_MEMORY, "out of memory");
    lake_format_value(schema, column, row, text, n + 1);
    json_text(json, schema->name, text);
    free(text);
    return LAKE_OK;
}

/* JSON has no word for what is no number. */
static void write_number(struct json *json, const struct ArrowSchema *schema, const struct ArrowArray *column,
                         int64_t row)
{
    char text[LAKE_TEXT_BYTES];
    if (!isfinite(((const double *)column->buffers[1])[column->offset + row])) {
        json_null(json, schema->name);
        return;
    }
    lake_format_value(schema, column, row, text, sizeof text);
    json_name(json, schema->name);
    output_text(json->out, text);
}

static lake_status write_value(struct json *json, const struct ArrowSchema *schema, const struct ArrowArray *column,
                               int64_t row, struct lake_error *err)
{
    if (is_null(column, row))
        json_null(json, schema->name);
    else if (schema->format[0] == 'l' || schema->format[0] == 't')
        json_int64(json, schema->name, ((const int64_t *)column->buffers[1])[column->offset + row]);
    else if (schema->format[0] == 'g')
        write_number(json, schema, column, row);
    else
        return write_text(json, schema, column, row, err);
    return LAKE_OK;
}

static lake_status write_row(struct json *json, const struct row_cursor *cursor, struct lake_error *err)
{
    json_open(json, NULL, '{');
    for (int64_t i = 0; i < cursor->schema.n_children; i++)
        TRY(write_value(json, cursor->schema.children[i], cursor->batch.children[i], cursor->row, err));
    json_close(json, '}');
    return LAKE_OK;
}

lake_status json_rows(struct json *json, const char *name, struct ArrowArrayStream *stream, struct lake_error *err)
{
    struct row_cursor cursor = {.stream = stream};
    lake_status status = LAKE_OK;

    json_open(json, name, '[');
    TRY_OUT(row_cursor_begin(&cursor, err));
    for (;;) {
        bool has_row = false;
        TRY_OUT(row_cursor_next(&cursor, &has_row, err));
        if (!has_row)
            break;
        TRY_OUT(write_row(json, &cursor, err));
    }
    json_close(json, ']');
out:
    row_cursor_release(&cursor);
    return status;
}
