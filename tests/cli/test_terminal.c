/* What changes on a terminal: styles, unless NO_COLOR says otherwise. */
#include "command.h"

#include <pty.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

TestSuite(cli_terminal, .init = command_begin, .fini = command_end);

/* Runs `retune explain job.ini` on a terminal and gives what it wrote there. */
static void run_on_terminal(char *text, size_t size) {
    int master = -1;
    pid_t child = forkpty(&master, NULL, NULL, NULL);
    cr_assert(child >= 0);
    if (child == 0) {
        execl(command_path(), "retune", "explain", "job.ini", (char *)NULL);
        _exit(127);
    }
    size_t used = 0;
    for (ssize_t got; (got = read(master, text + used, size - 1 - used)) > 0;)
        used += (size_t)got;
    text[used] = '\0';
    int status = 0;
    cr_assert(waitpid(child, &status, 0) == child);
    cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0, "%s", text);
    close(master);
}

static char text[1 << 16];

Test(cli_terminal, styles) {
    command_write("job.ini", "");
    setenv("TERM", "xterm", 1);
    unsetenv("NO_COLOR");
    run_on_terminal(text, sizeof text);
    cr_expect(strstr(text, "\033[") != NULL);
    cr_expect(strstr(text, "architecture") != NULL);
}

Test(cli_terminal, no_styles_when_unwanted) {
    command_write("job.ini", "");
    setenv("TERM", "xterm", 1);
    setenv("NO_COLOR", "1", 1);
    run_on_terminal(text, sizeof text);
    cr_expect(strchr(text, '\033') == NULL);
    setenv("TERM", "dumb", 1);
    unsetenv("NO_COLOR");
    run_on_terminal(text, sizeof text);
    cr_expect(strchr(text, '\033') == NULL);
}

Test(cli_terminal, no_styles_in_files) {
    command_write("job.ini", "");
    setenv("TERM", "xterm", 1);
    unsetenv("NO_COLOR");
    cr_assert(command_run("explain job.ini") == 0);
    cr_expect(strchr(command_stdout, '\033') == NULL);
}

/* A file name steers no terminal. */
Test(cli_terminal, errors_are_printable) {
    cr_assert(command_run("explain \"$(printf 'a\\033[31mb.ini')\"") == 3);
    cr_expect(strstr(command_stderr, "a?[31mb.ini") != NULL, "%s", command_stderr);
    cr_expect(strchr(command_stderr, '\033') == NULL);
    /* the same in one character, as UTF-8 writes it */
    cr_assert(command_run("explain \"$(printf 'a\\302\\233mb.ini')\"") == 3);
    cr_expect(strstr(command_stderr, "a??mb.ini") != NULL, "%s", command_stderr);
}
