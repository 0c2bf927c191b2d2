/* What a test writes to a struct output, as a string. */
#ifndef TESTS_CLI_CAPTURED_H
#define TESTS_CLI_CAPTURED_H

#include "cli/output.h"

struct captured {
    struct output out;
    char text[1 << 17];
};

void captured_begin(struct captured *captured);
/* Everything written so far; valid until the next call. */
const char *captured_text(struct captured *captured);
void captured_end(struct captured *captured);

#endif
