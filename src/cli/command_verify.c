#include <inttypes.h>

#include <datalake/text.h>

#include "command.h"
#include "human.h"
#include "json.h"
#include "progress.h"
#include "report.h"
#include "session.h"
#include "view.h"

struct verify_options {
    struct lake_selection selection;
    bool progress;
};

#define AT(member) offsetof(struct verify_options, member)

static const struct option options_table[] = {
    {"exchange", NULL, OPTION_TEXT, false, "NAME", "only this exchange", AT(selection.exchange)},
    {"market", NULL, OPTION_TEXT, false, "NAME", "only this market: SPOT, FUTURES, …", AT(selection.market)},
    {"symbol", NULL, OPTION_TEXT, false, "NAME", "only this symbol", AT(selection.symbol)},
    {"data-type", "type", OPTION_TEXT, false, "TYPE", "only this type: raw, …", AT(selection.type)},
    {"period", NULL, OPTION_TEXT, false, "PERIOD", "only this period: 1m, 1h, …", AT(selection.period)},
    {"progress", NULL, OPTION_FLAG, false, NULL, "report progress even where standard error is no terminal",
     AT(progress)},
};

/* The columns of the problems, by their place in lake_verify's rows. */
static const char *const problem_columns[] = {"path", "problem", "detail"};
enum { N_PROBLEM_COLUMNS = sizeof problem_columns / sizeof *problem_columns, PROBLEM_TEXT_BYTES = 4096 };

static void write_json_rows(struct json *json, const struct ArrowSchema *schema, const struct ArrowArray *batch)
{
    char text[PROBLEM_TEXT_BYTES];
    for (int64_t row = 0; row < batch->length; row++) {
        json_open(json, NULL, '{');
        for (int64_t i = 0; i < N_PROBLEM_COLUMNS && i < schema->n_children; i++) {
            lake_format_value(schema->children[i], batch->children[i], batch->offset + row, text, sizeof text);
            json_text(json, problem_columns[i], text);
        }
        json_close(json, '}');
    }
}

static lake_status write_json_problems(struct json *json, struct ArrowArrayStream *problems, struct lake_error *err)
{
    struct ArrowSchema schema = {0};
    lake_status status = LAKE_OK;
    int failed = problems->get_schema(problems, &schema);
    while (failed == 0) {
        struct ArrowArray batch = {0};
        failed = problems->get_next(problems, &batch);
        if (failed != 0 || batch.release == NULL)
            break;
        write_json_rows(json, &schema, &batch);
        batch.release(&batch);
    }
    if (failed != 0)
        status = stream_fail(problems, failed, err);
    if (schema.release != NULL)
        schema.release(&schema);
    problems->release(problems);
    return status;
}

static lake_status write_json(struct cli *cli, const struct lake_verify_result *result,
                              struct ArrowArrayStream *problems, struct lake_error *err)
{
    struct json json = {.out = &cli->out};
    json_open(&json, NULL, '{');
    json_int64(&json, "files", result->n_files);
    json_int64(&json, "rows", result->n_rows);
    json_int64(&json, "bytes", result->n_bytes);
    json_open(&json, "problems", '[');
    TRY(write_json_problems(&json, problems, err));
    json_close(&json, ']');
    json_close(&json, '}');
    return LAKE_OK;
}

static lake_status write_text(struct cli *cli, const struct lake_verify_result *result,
                              struct ArrowArrayStream *problems, struct lake_error *err)
{
    char files[HUMAN_BYTES];
    char rows[HUMAN_BYTES];
    char size[HUMAN_BYTES];
    if (result->n_problems > 0) {
        struct view view = {.out = &cli->out, .has_colour = cli->terminal.has_colour};
        TRY(view_stream(&view, problems, err));
    } else {
        problems->release(problems);
    }
    output_printf(&cli->out, "%s: %s files, %s rows, %s checked", result->n_problems == 0 ? "ok" : "problems found",
                  human_count(result->n_files, files), human_count(result->n_rows, rows),
                  human_size(result->n_bytes, size));
    if (result->n_problems > 0)
        output_printf(&cli->out, ", %" PRId64 " problem%s", result->n_problems, result->n_problems == 1 ? "" : "s");
    output_text(&cli->out, "\n");
    return LAKE_OK;
}

static lake_status run(struct cli *cli, const void *options, struct lake_error *err)
{
    const struct verify_options *given = options;
    struct lake_verify_result result = {.size = sizeof result};
    struct ArrowArrayStream problems = {0};
    struct progress progress;
    struct lake *lake = NULL;

    TRY(session_open(cli, (struct session_options){.kind = SESSION_READ}, &lake, err));
    progress_begin(&progress, cli, given->progress, "verifying");
    struct lake_progress reporter = progress_reporter(&progress);
    lake_status status = lake_verify(lake, &given->selection, &reporter, &result, &problems, err);
    progress_end(&progress);
    if (status == LAKE_OK)
        status = cli->global.json ? write_json(cli, &result, &problems, err) : write_text(cli, &result, &problems, err);
    else if (status == LAKE_CANCELLED)
        cli_fail(err, status, "interrupted before everything was checked");
    cli->found_problems = result.n_problems > 0;
    lake_close(lake);
    return status;
}

static const char *const examples[] = {"dl verify", "dl verify --exchange binance --symbol BTCUSDT", "dl verify --json",
                                       NULL};

const struct command command_verify = {
    .name = "verify",
    .summary = "checks the files against the manifest",
    .description =
        "Checks every file of the lake against the manifest: that it is there, its size, SHA-256, structure, page\n"
        "checksums, order and ranges; and that the data directory holds no other Parquet files. Exit status 3 if it\n"
        "finds problems.\n",
    .options = options_table,
    .n_options = sizeof options_table / sizeof *options_table,
    .options_bytes = sizeof(struct verify_options),
    .examples = examples,
    .run = run,
};
