/* A comparison as a web page. */
#ifndef RETUNE_COMPARE_PAGE_H
#define RETUNE_COMPARE_PAGE_H

#include "train/comparison.h"

/* Writes the page to `path`. `verdict` is that of retune_comparison_verdict. IO, OUT_OF_MEMORY. */
retune_status retune_compare_page_write(const retune_comparison *comparison, bool equivalent,
                                        const char *verdict, const char *path, retune_error *error);

#endif
