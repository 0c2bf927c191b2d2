#include "captured.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

/* Standard output's rules with a temporary file in its place. */
void captured_begin(struct captured *captured)
{
    char name[] = "/tmp/dl-test-XXXXXX";
    output_begin_standard(&captured->out);
    captured->out.file = mkstemp(name);
    assert_true(captured->out.file >= 0);
    unlink(name);
}

const char *captured_text(struct captured *captured)
{
    struct lake_error err = {0};
    assert_int_equal(output_finish(&captured->out, &err), LAKE_OK);
    ssize_t n = pread(captured->out.file, captured->text, sizeof captured->text - 1, 0);
    assert_true(n >= 0);
    captured->text[n] = '\0';
    return captured->text;
}

void captured_end(struct captured *captured)
{
    close(captured->out.file);
}
