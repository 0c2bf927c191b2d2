/* A command of the program, and what every command is given.
 *
 * A command is one const struct in one file, named in the table of commands.c. Its options are parsed into a
 * struct of its own (options_bytes, zeroed); it returns a lake_status with the message in err, and main turns that
 * into the one line on standard error and the exit status. It writes results to cli->out and notes with note(),
 * never in another way, so that a full disk, a closed pipe and --quiet are treated alike everywhere.
 *
 *     static lake_status run(struct cli *cli, const void *options, struct lake_error *err)
 *     {
 *         const struct list_options *list = options;
 *         …
 *         output_printf(&cli->out, "…\n");
 *         return LAKE_OK;
 *     } */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

#include <datalake/maintenance.h>

#include "options.h"
#include "output.h"
#include "terminal.h"

/* Options every command has. */
struct global_options {
    const char *data_root, *db_path;
    bool json, quiet, help, version;
};

struct cli {
    const struct command *command;
    struct global_options global;
    struct option_list arguments;  /* what is not an option */
    struct lake_location location; /* what dl.toml says of the place (session.h); size 0: not looked for */
    struct terminal terminal;
    struct output out;   /* standard output */
    bool found_problems; /* exit status 3 */
};

struct command {
    const char *name;
    const char *summary;     /* one line for the overview, without a full stop */
    const char *description; /* for its own help; paragraphs end in a newline */
    const char *argument;    /* what it takes besides options ("COMMAND"), or NULL */
    bool needs_argument;
    const char *stray_hint; /* what to do with an argument it does not take, or NULL */
    const struct option *options;
    size_t n_options;
    size_t options_bytes;        /* of the struct the options are parsed into; 0 where it has none */
    const char *const *examples; /* command lines, ended by NULL */
    lake_status (*run)(struct cli *cli, const void *options, struct lake_error *err);
};

/* The table of commands, ended by NULL, in the order of the overview. */
extern const struct command *const cli_commands[];
/* The command of that name, or NULL. */
const struct command *command_find(const char *name);
/* LAKE_INVALID_ARGUMENT with the nearest name. */
lake_status command_fail_unknown(const char *name, struct lake_error *err);

extern const struct option global_option_table[];
extern const size_t n_global_options;

extern const struct command command_aggregate, command_backup, command_delete, command_explain, command_gaps,
    command_help, command_ingest, command_init, command_list, command_log, command_maintenance, command_read,
    command_restore, command_snapshot, command_undo, command_verify, command_version;

#endif
