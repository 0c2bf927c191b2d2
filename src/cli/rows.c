#include "rows.h"

#include <string.h>
#include <strings.h>

#include <datalake/text.h>

#include "command.h"
#include "report.h"

struct extension {
    const char *text;
    enum rows_format format;
};

static const struct extension extensions[] = {
    {".csv", ROWS_CSV},      {".json", ROWS_JSON},       {".ndjson", ROWS_NDJSON},
    {".jsonl", ROWS_NDJSON}, {".parquet", ROWS_PARQUET}, {".txt", ROWS_TABLE},
};

static enum rows_format format_of_path(const char *path)
{
    const char *dot = strrchr(path, '.');
    for (size_t i = 0; dot != NULL && i < sizeof extensions / sizeof *extensions; i++)
        if (strcasecmp(dot, extensions[i].text) == 0)
            return extensions[i].format;
    return ROWS_UNSET;
}

lake_status rows_choose_format(const struct cli *cli, int given, const char *path, enum rows_format *out,
                               struct lake_error *err)
{
    bool is_json = given == ROWS_JSON || given == ROWS_NDJSON;
    if (cli->global.json && given != ROWS_UNSET && !is_json)
        return cli_fail(err, LAKE_INVALID_ARGUMENT, "--json and another --format contradict each other; leave one out");
    *out = (enum rows_format)given;
    if (*out == ROWS_UNSET && cli->global.json)
        *out = ROWS_JSON;
    if (*out == ROWS_UNSET && path != NULL)
        *out = format_of_path(path);
    if (*out == ROWS_UNSET && path != NULL)
        return cli_fail(err, LAKE_INVALID_ARGUMENT,
                        "%s: its name does not tell the format; end it in .csv, .json, .ndjson or .parquet, or give "
                        "--format",
                        path);
    if (*out == ROWS_UNSET)
        *out = cli->terminal.out_is_terminal ? ROWS_TABLE : ROWS_CSV;
    if (*out == ROWS_PARQUET && path == NULL && cli->terminal.out_is_terminal)
        return cli_fail(err, LAKE_INVALID_ARGUMENT,
                        "Parquet is not for a terminal; give --output FILE.parquet or send it into a pipe");
    return LAKE_OK;
}

static enum lake_format library_format(enum rows_format format)
{
    switch (format) {
    case ROWS_JSON: return LAKE_FORMAT_JSON;
    case ROWS_NDJSON: return LAKE_FORMAT_NDJSON;
    case ROWS_PARQUET: return LAKE_FORMAT_PARQUET;
    default: return LAKE_FORMAT_CSV;
    }
}

lake_status rows_write(struct ArrowArrayStream *stream, enum rows_format format, enum rows_time time, struct view *view,
                       struct lake_error *err)
{
    if (format == ROWS_TABLE) {
        view->ts_numbers = time == ROWS_TIME_NUMBER;
        return view_stream(view, stream, err);
    }
    struct lake_write_options options = {
        .size = sizeof options,
        .format = library_format(format),
        .ts_numbers = time == ROWS_TIME_NUMBER,
        .ts_iso = time == ROWS_TIME_ISO,
    };
    return lake_write_stream(stream, &options, output_sink(view->out), err);
}
