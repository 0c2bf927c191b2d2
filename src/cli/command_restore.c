#include <datalake/maintenance.h>

#include "command.h"
#include "copy_report.h"
#include "progress.h"
#include "report.h"
#include "session.h"

struct restore_options {
    bool copy, progress;
};

#define AT(member) offsetof(struct restore_options, member)

static const struct option options_table[] = {
    {"copy", NULL, OPTION_FLAG, false, NULL, "copy the bytes even where the filesystem could share them", AT(copy)},
    {"progress", NULL, OPTION_FLAG, false, NULL, "report progress even where standard error is no terminal",
     AT(progress)},
};

static lake_status run(struct cli *cli, const void *options, struct lake_error *err)
{
    const struct restore_options *given = options;
    struct copy_report report = {.what = "restored", .result = {.size = sizeof report.result}};
    struct progress progress;

    TRY(session_locate(cli, err));
    report.directory = session_data_root(cli);
    struct lake_options lake_options = session_lake_options(cli, (struct session_options){.kind = SESSION_WRITE});
    progress_begin(&progress, cli, given->progress, "restoring");
    struct lake_backup_options job = {
        .size = sizeof job,
        .directory = cli->arguments.items[0],
        .copy = given->copy ? LAKE_COPY_BYTES : LAKE_COPY_AUTO,
        .progress = progress_reporter(&progress),
    };
    lake_status status = lake_restore(&lake_options, &job, &report.result, err);
    report.seconds = progress_seconds(&progress);
    progress_end(&progress);
    if (status == LAKE_CANCELLED)
        return cli_fail(err, status, "interrupted; there is no lake yet, the same command again makes it whole");
    TRY(status);
    if (cli->global.json)
        copy_report_write_json(cli, &report);
    else if (!cli->global.quiet)
        copy_report_write_text(cli, &report);
    return LAKE_OK;
}

static const char *const examples[] = {
    "dl backup /tmp/lake/friday",
    "dl restore /tmp/lake/friday --data-root /tmp/lake/data --db-path /tmp/lake/manifest.db",
    NULL,
};

const struct command command_restore = {
    .name = "restore",
    .summary = "makes the lake from a backup",
    .description =
        "Copies a backup to where the lake shall be (--data-root and --db-path, or what dl.toml says). Every file is\n"
        "checked against its SHA-256. Where there is a lake or any data already it refuses, and touches nothing. The\n"
        "files are never linked to those of the backup (reflinks are independent, and used where there are any).\n",
    .argument = "DIR",
    .needs_argument = true,
    .options = options_table,
    .n_options = sizeof options_table / sizeof *options_table,
    .options_bytes = sizeof(struct restore_options),
    .examples = examples,
    .run = run,
};
