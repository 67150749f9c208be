/* What tests look at in a saved page. */
#ifndef RETUNE_TESTS_PAGE_H
#define RETUNE_TESTS_PAGE_H

#include <stdbool.h>
#include <stddef.h>

/* The text of a file; free it with free(). */
char *page_read(const char *path);

/* How often `part` stands in the text. */
size_t page_count(const char *text, const char *part);

/* Fails the test unless tags nest, quotes end, every "&" begins a known escape, and nothing is
 * fetched or run. */
void page_check(const char *text);

#endif
