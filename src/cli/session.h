/* The lake a command works on: found by options, environment and dl.toml, opened, and its errors made to say what to
 * do. */
#ifndef CLI_SESSION_H
#define CLI_SESSION_H

#include <datalake/lake.h>

struct cli;

enum session_kind {
    SESSION_READ, /* there must be a lake */
    SESSION_WRITE /* it is made where there is none */
};

struct session_options {
    enum session_kind kind;
    uint32_t n_threads;    /* 0: one per core */
    uint64_t memory_bytes; /* 0: the default */
};

/* Looks for dl.toml in the working directory and upward, once, unless option or environment say all that it could say
 * about the place. What needs the place without opening a lake calls this first. */
LAKE_MUST_CHECK lake_status session_locate(struct cli *cli, struct lake_error *err);
/* Where the lake is: option, else environment, else dl.toml, else default. */
const char *session_data_root(const struct cli *cli);
const char *session_db_path(const struct cli *cli);
struct lake_options session_lake_options(const struct cli *cli, struct session_options options);

LAKE_MUST_CHECK lake_status session_open(struct cli *cli, struct session_options options, struct lake **out,
                                         struct lake_error *err);

/* The snapshot that --as-of names; 0 where it is not given. */
LAKE_MUST_CHECK lake_status session_find_snapshot(struct lake *lake, const char *text, int64_t *snapshot,
                                                  struct lake_error *err);

/* "BINANCE FUTURES BTCUSDT raw 1m", cut where it is too long. */
enum { DATASET_NAME_BYTES = 400 };
const char *dataset_name(const struct lake_selection *dataset, char out[DATASET_NAME_BYTES]);

#endif
