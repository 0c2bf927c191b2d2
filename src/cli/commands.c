/* The commands. To add one (docs/howto/new-command.md has the long form):
 *
 * 1. Write src/cli/command_<name>.c: the struct of its options, their table, examples, the run function, and
 *    `const struct command command_<name>`; name the file in CMakeLists.txt.    (else: the program does not link)
 * 2. Declare it in command.h and add its row below, where people expect it.  (else: test_help.py, …_every_command)
 * 3. Give it examples that work in a lake with one dataset.                  (else: test_help.py, test_examples_run)
 * 4. Say with --json what it says in words, and test both in tests/cli.      (else: test_json.py, …_is_tried) */
#include "command.h"

#include <stddef.h>
#include <string.h>

#include "report.h"
#include "suggest.h"

const struct command *const cli_commands[] = {
    &command_init,        &command_ingest, &command_list,     &command_read,    &command_aggregate, &command_delete,
    &command_undo,        &command_log,    &command_snapshot, &command_verify,  &command_gaps,      &command_explain,
    &command_maintenance, &command_backup, &command_restore,  &command_version, &command_help,      NULL,
};

const struct option global_option_table[] = {
    {"data-root", NULL, OPTION_TEXT, false, "DIR", "where the data lies; else DL_DATA_ROOT, else dl.toml, else data",
     offsetof(struct global_options, data_root)},
    {"db-path", NULL, OPTION_TEXT, false, "FILE", "the manifest; else DL_DB_PATH, else dl.toml, else manifest.db",
     offsetof(struct global_options, db_path)},
    {"json", NULL, OPTION_FLAG, false, NULL, "results and errors as JSON", offsetof(struct global_options, json)},
    {"quiet", NULL, OPTION_FLAG, false, NULL, "results and errors only: no notes, no progress, no summary",
     offsetof(struct global_options, quiet)},
    {"help", NULL, OPTION_FLAG, false, NULL, "this text (also -h)", offsetof(struct global_options, help)},
    {"version", NULL, OPTION_FLAG, false, NULL, "which version this is", offsetof(struct global_options, version)},
};
const size_t n_global_options = sizeof global_option_table / sizeof *global_option_table;

const struct command *command_find(const char *name)
{
    for (size_t i = 0; cli_commands[i] != NULL; i++)
        if (strcmp(cli_commands[i]->name, name) == 0)
            return cli_commands[i];
    return NULL;
}

/* What the documents of the lake know and this version does not have yet. */
static const char *const coming[] = {
    "download-symbols", "download-history", "repair", "features", "upload-feature", "delete-feature", "serve", "sql",
    "completion",
};

static bool is_coming(const char *name)
{
    for (size_t i = 0; i < sizeof coming / sizeof *coming; i++)
        if (strcmp(coming[i], name) == 0)
            return true;
    return false;
}

lake_status command_fail_unknown(const char *name, struct lake_error *err)
{
    struct suggestion suggestion = {.typed = name};
    if (is_coming(name))
        return cli_fail(err, LAKE_INVALID_ARGUMENT, "'%s' is not in version %s; see 'dl --help' for what is", name,
                        lake_version());
    for (size_t i = 0; cli_commands[i] != NULL; i++)
        suggestion_offer(&suggestion, cli_commands[i]->name);
    if (suggestion.nearest != NULL)
        return cli_fail(err, LAKE_INVALID_ARGUMENT, "unknown command '%.60s'; did you mean '%s'? see 'dl --help'", name,
                        suggestion.nearest);
    return cli_fail(err, LAKE_INVALID_ARGUMENT, "unknown command '%.60s'; see 'dl --help'", name);
}
