#include "fault/fault_io.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* ---- the table ---- */

/* Counts the call; 0, or the negative errno it shall fail with. */
static int count(struct fault_io *fault, const char *name)
{
    fault->n_calls++;
    bool is_it = fault->fail_at > 0 &&
                 (fault->n_calls == fault->fail_at || (fault->for_ever && fault->n_calls > fault->fail_at));
    if (!is_it)
        return 0;
    if (fault->exit_status != 0)
        _exit(fault->exit_status);
    if (fault->n_failed++ == 0)
        fault->failed_call = name;
    return -fault->error_number;
}

static const struct io_ops *real(void)
{
    return io_system().ops;
}

static int fault_open(void *context, const char *path, enum io_open_mode mode)
{
    struct fault_io *fault = context;
    int code = count(fault, "open");
    if (code != 0)
        return code;
    int file = real()->open(NULL, path, mode);
    fault->n_open += file >= 0;
    return file;
}

static int fault_close(void *context, int file)
{
    struct fault_io *fault = context;
    int code = count(fault, "close");
    int closed = real()->close(NULL, file);
    fault->n_open--;
    return code != 0 ? code : closed;
}

static size_t allowed(const struct fault_io *fault, size_t n)
{
    return fault->is_short && n > 1 ? 1 : n;
}

static int64_t fault_read(void *context, int file, void *bytes, size_t n)
{
    int code = count(context, "read");
    return code != 0 ? code : real()->read(NULL, file, bytes, allowed(context, n));
}

static int64_t fault_read_at(void *context, int file, void *bytes, size_t n, int64_t offset)
{
    int code = count(context, "read_at");
    return code != 0 ? code : real()->read_at(NULL, file, bytes, allowed(context, n), offset);
}

static int64_t fault_write(void *context, int file, const void *bytes, size_t n)
{
    int code = count(context, "write");
    return code != 0 ? code : real()->write(NULL, file, bytes, allowed(context, n));
}

static int fault_sync(void *context, int file)
{
    int code = count(context, "sync");
    return code != 0 ? code : real()->sync(NULL, file);
}

static int fault_sync_filesystem(void *context, int file)
{
    int code = count(context, "sync_filesystem");
    return code != 0 ? code : real()->sync_filesystem(NULL, file);
}

static int fault_lock(void *context, int file, enum io_lock lock)
{
    int code = count(context, "lock");
    return code != 0 ? code : real()->lock(NULL, file, lock);
}

static int fault_status(void *context, const char *path, struct io_status *out)
{
    int code = count(context, "status");
    return code != 0 ? code : real()->status(NULL, path, out);
}

static int fault_file_status(void *context, int file, struct io_status *out)
{
    int code = count(context, "file_status");
    return code != 0 ? code : real()->file_status(NULL, file, out);
}

static int fault_rename(void *context, const char *from, const char *to)
{
    int code = count(context, "rename");
    return code != 0 ? code : real()->rename(NULL, from, to);
}

static int fault_link(void *context, const char *from, const char *to)
{
    int code = count(context, "link");
    return code != 0 ? code : real()->link(NULL, from, to);
}

static int fault_clone(void *context, const char *from, const char *to)
{
    int code = count(context, "clone");
    return code != 0 ? code : real()->clone(NULL, from, to);
}

static int fault_real_path(void *context, const char *path, char *out, size_t n)
{
    int code = count(context, "real_path");
    return code != 0 ? code : real()->real_path(NULL, path, out, n);
}

static int fault_remove(void *context, const char *path)
{
    int code = count(context, "remove");
    return code != 0 ? code : real()->remove(NULL, path);
}

static int fault_make_directory(void *context, const char *path)
{
    int code = count(context, "make_directory");
    return code != 0 ? code : real()->make_directory(NULL, path);
}

static int fault_remove_directory(void *context, const char *path)
{
    int code = count(context, "remove_directory");
    return code != 0 ? code : real()->remove_directory(NULL, path);
}

static int fault_list(void *context, const char *path, io_list_entry entry, void *entry_context)
{
    int code = count(context, "list");
    return code != 0 ? code : real()->list(NULL, path, entry, entry_context);
}

static int fault_is_network(void *context, const char *path)
{
    int code = count(context, "is_network");
    return code != 0 ? code : real()->is_network(NULL, path);
}

static int fault_random(void *context, void *bytes, size_t n)
{
    int code = count(context, "random");
    return code != 0 ? code : real()->random(NULL, bytes, n);
}

static int64_t fault_now_ms(void *context)
{
    (void)context;
    return real()->now_ms(NULL);
}

/* Time passes only by sleeping, so that what waits comes to its end. */
static int64_t fault_monotonic_ms(void *context)
{
    const struct fault_io *fault = context;
    return 1000 + fault->slept_ms;
}

static void fault_sleep_ms(void *context, int64_t ms)
{
    struct fault_io *fault = context;
    fault->slept_ms += ms;
}

static int64_t fault_process_id(void *context)
{
    (void)context;
    return real()->process_id(NULL);
}

struct io fault_io(struct fault_io *fault)
{
    static const struct io_ops ops = {
        .open = fault_open,
        .close = fault_close,
        .read = fault_read,
        .read_at = fault_read_at,
        .write = fault_write,
        .sync = fault_sync,
        .sync_filesystem = fault_sync_filesystem,
        .lock = fault_lock,
        .status = fault_status,
        .file_status = fault_file_status,
        .rename = fault_rename,
        .link = fault_link,
        .clone = fault_clone,
        .remove = fault_remove,
        .make_directory = fault_make_directory,
        .remove_directory = fault_remove_directory,
        .list = fault_list,
        .real_path = fault_real_path,
        .is_network = fault_is_network,
        .random = fault_random,
        .now_ms = fault_now_ms,
        .monotonic_ms = fault_monotonic_ms,
        .sleep_ms = fault_sleep_ms,
        .process_id = fault_process_id,
    };
    return (struct io){&ops, fault};
}

/* ---- sweeping ---- */

static lake_status expected_status(int error_number)
{
    switch (error_number) {
    case ENOSPC: return LAKE_NO_SPACE;
    case EACCES: return LAKE_PERMISSION;
    default: return LAKE_IO;
    }
}

static bool is_tolerated(const char *tolerated, const char *call)
{
    size_t length = strlen(call);
    for (const char *p = tolerated; p != NULL && *p != '\0'; p += strspn(p, " ")) {
        size_t n = strcspn(p, " ");
        if (n == length && memcmp(p, call, n) == 0)
            return true;
        p += n;
    }
    return false;
}

static lake_status run(const struct io_sweep *sweep, struct fault_io *fault, struct lake_error *err)
{
    if (sweep->reset != NULL)
        sweep->reset(sweep->context);
    lake_status status = sweep->work(sweep->context, fault_io(fault), err);
    if (fault->n_open != 0)
        fail_msg("call %d (%s) failed, and %d files were left open", (int)fault->fail_at, fault->failed_call,
                 (int)fault->n_open);
    return status;
}

static void check(const struct io_sweep *sweep, const struct fault_io *fault, lake_status status, const char *message)
{
    bool is_right = status == LAKE_OK && (fault->n_failed == 0 || is_tolerated(sweep->tolerated, fault->failed_call));
    bool is_error = status == expected_status(fault->error_number) && fault->n_failed > 0 && message[0] != '\0';
    if (!is_right && !is_error)
        fail_msg("call %d (%s) failed with errno %d %s, and the work gave %s: %s", (int)fault->fail_at,
                 fault->failed_call == NULL ? "none" : fault->failed_call, fault->error_number,
                 fault->for_ever ? "for ever" : "once", lake_status_name(status), message);
}

/* False when the work made fewer calls than `fail_at`. */
static bool sweep_point(const struct io_sweep *sweep, struct fault_io fault)
{
    struct lake_error err = {LAKE_OK, ""};
    struct fault_io none = {.fail_at = 0};
    lake_status status = run(sweep, &fault, &err);
    check(sweep, &fault, status, err.message);
    if (fault.n_failed == 0)
        return false;
    status = run(sweep, &none, &err);
    check(sweep, &none, status, err.message);
    return true;
}

int64_t sweep_io(const struct io_sweep *sweep)
{
    static const int errors[] = {EIO, ENOSPC, EACCES};
    int64_t n_points = 0;
    for (size_t i = 0; i < 2 * sizeof errors / sizeof *errors; i++) {
        struct fault_io fault = {.fail_at = 1, .error_number = errors[i / 2], .for_ever = i % 2 == 1};
        while (sweep_point(sweep, fault)) {
            fault.fail_at++;
            n_points++;
        }
    }
    return n_points;
}
