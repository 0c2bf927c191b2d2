/* The one file that asks what the program's ends are connected to. */
#ifndef CLI_TERMINAL_H
#define CLI_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>

struct terminal {
    bool in_is_terminal, out_is_terminal, err_is_terminal;
    bool has_colour;  /* of standard output: a terminal, NO_COLOR empty or unset, TERM not "dumb" */
    bool has_utf8;    /* of standard output: a terminal whose locale says so */
    size_t width;     /* of standard output; 0 where it is not a terminal */
    size_t err_width; /* of standard error, the same */
};

struct terminal terminal_detect(void);
/* Where the program was started with a standard end closed, puts something there that cannot be written to:
 * otherwise the next file of the lake would get its number, and our words. Call it first. */
void terminal_keep_ends_taken(void);

#endif
