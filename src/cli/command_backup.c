#include <datalake/maintenance.h>

#include "command.h"
#include "copy_report.h"
#include "progress.h"
#include "report.h"
#include "session.h"

struct backup_options {
    bool copy, progress;
};

#define AT(member) offsetof(struct backup_options, member)

static const struct option options_table[] = {
    {"copy", NULL, OPTION_FLAG, false, NULL, "copy the bytes even where the files could be linked", AT(copy)},
    {"progress", NULL, OPTION_FLAG, false, NULL, "report progress even where standard error is no terminal",
     AT(progress)},
};

static lake_status run(struct cli *cli, const void *options, struct lake_error *err)
{
    const struct backup_options *given = options;
    struct copy_report report = {
        .what = "backup of",
        .directory = cli->arguments.items[0],
        .result = {.size = sizeof report.result},
    };
    struct progress progress;
    struct lake *lake = NULL;
    lake_status status = LAKE_OK;

    TRY(session_open(cli, (struct session_options){.kind = SESSION_READ}, &lake, err));
    progress_begin(&progress, cli, given->progress, "backing up");
    struct lake_backup_options job = {
        .size = sizeof job,
        .directory = report.directory,
        .copy = given->copy ? LAKE_COPY_BYTES : LAKE_COPY_AUTO,
        .progress = progress_reporter(&progress),
    };
    status = lake_backup(lake, &job, &report.result, err);
    report.seconds = progress_seconds(&progress);
    progress_end(&progress);
    lake_close(lake);
    if (status == LAKE_CANCELLED)
        return cli_fail(err, status, "interrupted; there is nothing in %s, the lake is as it was", report.directory);
    TRY(status);
    if (report.result.n_hard_linked > 0)
        note(cli, "hard links share their bytes with the lake: against a broken disk, give --copy or another disk");
    if (cli->global.json)
        copy_report_write_json(cli, &report);
    else if (!cli->global.quiet)
        copy_report_write_text(cli, &report);
    return LAKE_OK;
}

static const char *const examples[] = {"dl backup /tmp/lake/monday", "dl backup /tmp/lake/tuesday --copy --json", NULL};

const struct command command_backup = {
    .name = "backup",
    .summary = "makes a copy of the lake that is a lake",
    .description =
        "Makes a whole lake of its own in DIR, as of one snapshot, while readers and writers go on. DIR must not be\n"
        "there, or be empty, and appears when all is in it. Every file is checked against its SHA-256. On one\n"
        "filesystem the files are shared (reflinks or hard links) unless --copy is given. History is not taken along.\n",
    .argument = "DIR",
    .needs_argument = true,
    .options = options_table,
    .n_options = sizeof options_table / sizeof *options_table,
    .options_bytes = sizeof(struct backup_options),
    .examples = examples,
    .run = run,
};
