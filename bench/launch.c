/* Runs a program as a new process and prints what it took: "<nanoseconds> <peak resident KiB>" on standard output.
 *
 *     launch OUTPUT PROGRAM [ARGUMENT…]
 *
 * The program's standard output goes to the file OUTPUT. A process inherits the peak of the one it was started from, so the
 * bench must not start what it measures from an interpreter of a hundred megabytes: this one has one. */
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

extern char **environ;

static long long now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (long long)now.tv_sec * 1000000000 + now.tv_nsec;
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        fprintf(stderr, "usage: launch OUTPUT PROGRAM [ARGUMENT...]\n");
        return 2;
    }
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 1, argv[1], O_WRONLY | O_CREAT | O_TRUNC, 0644);

    pid_t child = 0;
    int status = 0;
    struct rusage usage;
    long long start = now_ns();
    int failed = posix_spawnp(&child, argv[2], &actions, NULL, argv + 2, environ);
    if (failed != 0) {
        fprintf(stderr, "launch: %s: %s\n", argv[2], strerror(failed));
        return 1;
    }
    if (wait4(child, &status, 0, &usage) != child) {
        perror("launch: wait4");
        return 1;
    }
    long long took = now_ns() - start;
    posix_spawn_file_actions_destroy(&actions);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        fprintf(stderr, "launch: %s failed with status %d\n", argv[2], status);
        return 1;
    }
    printf("%lld %ld\n", took, usage.ru_maxrss);
    return 0;
}
