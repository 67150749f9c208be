/* Images on their way to the network: worker threads read, decode and resize ahead of the one who
 * asks for them, a bounded number at a time.
 *
 * A loader belongs to one thread at a time. */
#ifndef RETUNE_DATA_LOADER_H
#define RETUNE_DATA_LOADER_H

#include "data/dataset.h"
#include "data/view.h"

typedef struct retune_loader_options {
    uint32_t width, height; /* of what comes out, in pixels */
    retune_view_rule view;
    uint32_t max_megapixels;
    uint32_t threads; /* 0: one a processor core */
    uint32_t depth;   /* finished images that may wait; 0: four a thread */
} retune_loader_options;

/* One image that is wanted: which sample of the data set, and which view of it. */
typedef struct retune_loader_item {
    uint32_t sample, view;
} retune_loader_item;

typedef struct retune_loader retune_loader;

/* Starts the worker threads, which wait for work. The data set must outlive the loader. INVALID: a
 * size of zero. Close with retune_loader_close. */
retune_status retune_loader_open(const retune_dataset *dataset,
                                 const retune_loader_options *options, retune_loader **out_loader,
                                 retune_error *error);

/* Ends the threads, also in the middle of a run: it waits for no more than the images being decoded
 * at this moment. Takes NULL. */
void retune_loader_close(retune_loader *loader);

/* Begins a run over `items` (copied), in that order. What is left of an earlier run is dropped.
 * INVALID: a sample that is not in the data set; then there is no run. */
retune_status retune_loader_start(retune_loader *loader, const retune_loader_item *items,
                                  size_t count, retune_error *error);

/* Waits for the next image of the run and writes it as dense RGB, 3 * width * height bytes. An
 * image that cannot be had does not end the run: `out_image_status` says why (IO: not readable any
 * more; CORRUPT: damaged, or not the file that was scanned; OUT_OF_MEMORY), `error` names the file,
 * and the pixels are zeros. INVALID: the run is over. */
retune_status retune_loader_next(retune_loader *loader, unsigned char *out_rgb,
                                 retune_status *out_image_status, retune_error *error);

#endif
