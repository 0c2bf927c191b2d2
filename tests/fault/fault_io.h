/* A table of file operations (io/io.h) over the system's, in which call N fails.
 *
 * Calls are counted from 1, all that may fail; the clock, sleeping (which does not wait here) and the process id are not. A
 * failed call does nothing, but a failed close closes: the system's does, too. Used by one thread at a time.
 *
 *     struct fault_io fault = {.fail_at = 3, .error_number = ENOSPC, .for_ever = true};
 *     struct io io = fault_io(&fault);
 *     … do the work …
 *     assert_int_equal(fault.n_open, 0);        // whatever failed, no file was left open
 *
 * sweep_io does this for N = 1 … end. */
#ifndef TESTS_FAULT_FAULT_IO_H
#define TESTS_FAULT_FAULT_IO_H

#include "base/error.h"
#include "io/io.h"

struct fault_io {
    int64_t fail_at;  /* 0: none */
    int error_number; /* positive */
    bool for_ever;    /* and every call after it */
    bool is_short;    /* reads and writes take one byte at most */
    int exit_status;  /* not 0: the process ends there, before the call, with this status */
    /* What happened: */
    int64_t n_calls;
    int64_t n_failed;
    const char *failed_call; /* the first one's name */
    int64_t n_open;          /* files open now */
    int64_t slept_ms;
};

struct io fault_io(struct fault_io *fault);

/* A piece of work over an io. It checks its own result: a wrong one is LAKE_INTERNAL. */
typedef lake_status (*io_work)(void *context, struct io io, struct lake_error *err);

struct io_sweep {
    io_work work;
    void *context;
    void (*reset)(void *context); /* before each run: puts the disk back; may be NULL */
    /* Calls whose failure may pass unnoticed, since they are hints or nothing was written: names separated by blanks. */
    const char *tolerated;
};
/* Fails each call in turn, once and for ever, with EIO, ENOSPC and EACCES. After each the work must give an error of that kind
 * (or, where the call is tolerated, a right result), leave no file open, and succeed when run again without a fault.
 * Returns the number of points swept; anything wrong fails the test. */
int64_t sweep_io(const struct io_sweep *sweep);

#endif
