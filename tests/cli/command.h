/* Runs the command `retune`, or another program, in a folder of its own and keeps what it said. */
#ifndef TEST_CLI_COMMAND_H
#define TEST_CLI_COMMAND_H

#include <criterion/criterion.h>

#include <stddef.h>

/* Makes the folder and enters it; leaves and removes it. For .init and .fini. Skips the test when
 * RETUNE_TEST_BINARY, which ctest sets to the build folder, is missing. */
void command_begin(void);
void command_end(void);

void command_write(const char *name, const char *text);

/* Runs `retune` with arguments as a shell takes them, and returns its exit code. The outputs are
 * those of the last run. */
int command_run(const char *arguments);
extern char command_stdout[1 << 17], command_stderr[1 << 14];

/* From now on another program of the build folder; after command_begin. */
void command_use(const char *program);

/* The path of the program. */
const char *command_path(void);

#endif
