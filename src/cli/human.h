/* Numbers as people read them. All results are terminated and fit the given buffer. */
#ifndef CLI_HUMAN_H
#define CLI_HUMAN_H

#include <stddef.h>
#include <stdint.h>

enum { HUMAN_BYTES = 40 };

/* "1,234,567" */
const char *human_count(int64_t n, char out[HUMAN_BYTES]);
/* "1 file", "1,234 files" */
const char *human_counted(int64_t n, const char *noun, char out[HUMAN_BYTES]);
/* "999 B", "1.5 kB", "17 MB": powers of 1000 */
const char *human_size(int64_t bytes, char out[HUMAN_BYTES]);
/* "0.35 s", "12 s", "3:05", "1:02:03" */
const char *human_duration(double seconds, char out[HUMAN_BYTES]);
/* A length of time as it is configured: "7 days", "36 hours", "90 seconds" */
const char *human_span(int64_t ms, char out[HUMAN_BYTES]);
/* "2023-04-01 00:00": of an ISO text the part to the minute, or all of it where it is not one */
const char *human_time(const char *iso, char out[HUMAN_BYTES]);

#endif
