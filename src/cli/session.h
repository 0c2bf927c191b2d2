/* The lake a command works on: found by options and environment, opened, and its errors made to say what to do. */
#ifndef CLI_SESSION_H
#define CLI_SESSION_H

#include <datalake/lake.h>

struct cli;

enum session_kind {
    SESSION_READ, /* there must be a struct lake */
    SESSION_WRITE /* it is made where there is none */
};

struct session_options {
    enum session_kind kind;
    uint32_t n_threads;    /* 0: one per core */
    uint64_t memory_bytes; /* 0: the default */
};

/* Where the lake is: option, else environment, else default. */
const char *session_data_root(const struct cli *cli);
const char *session_db_path(const struct cli *cli);

LAKE_MUST_CHECK lake_status session_open(const struct cli *cli, struct session_options options, struct lake **out,
                                         struct lake_error *err);
/* "BINANCE FUTURES BTCUSDT raw 1m", cut where it is too long. */
enum { DATASET_NAME_BYTES = 400 };
const char *dataset_name(const struct lake_selection *dataset, char out[DATASET_NAME_BYTES]);

#endif
