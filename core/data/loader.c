#include "data/loader.h"

#include "base/file.h"
#include "base/memory.h"

#include <pthread.h>
#include <string.h>

/* Where one image waits between the worker that made it and the reader. Image number i of a run
 * uses slot i % depth. */
typedef struct loader_slot {
    unsigned char *pixels;
    retune_status status;
    bool ready;
    retune_error error;
} loader_slot;

struct retune_loader {
    const retune_dataset *dataset;
    retune_loader_options options;
    size_t image_bytes;
    loader_slot *slots;
    unsigned char *pixels; /* of all slots */
    pthread_t *threads;
    unsigned thread_count;

    /* The lock protects what follows, and `ready` in the slots. */
    pthread_mutex_t lock;
    pthread_cond_t work;     /* for workers: there may be something to do */
    pthread_cond_t finished; /* for the reader: an image is ready, or a worker has become idle */
    retune_loader_item *items;
    size_t count;
    size_t next;  /* number of the next image a worker takes; at most `depth` ahead of `taken` */
    size_t taken; /* images the reader has had */
    unsigned busy;
    bool closing;
};

/* ---- Workers ------------------------------------------------------------------------------- */

static retune_status make_image(const retune_loader *loader, const retune_sample *sample,
                                uint32_t view_number, unsigned char *out, retune_error *error) {
    const retune_loader_options *options = &loader->options;
    unsigned char *data = NULL;
    size_t size;
    retune_image image = {0};
    retune_status status = retune_file_read(
        sample->path, retune_image_file_limit(options->max_megapixels), &data, &size, error);
    if (status != RETUNE_OK)
        return status;
    /* Splits and caches hold for the content that was scanned. */
    if (!retune_hash_equal(retune_hash_bytes(data, size), sample->hash))
        status = retune_fail(error, RETUNE_CORRUPT,
                             "%s: has changed since the data set was scanned", sample->path);
    if (status == RETUNE_OK) {
        status = retune_image_decode(data, size, options->max_megapixels, &image, error);
        if (status != RETUNE_OK)
            retune_fail_context(error, status, "%s", sample->path);
    }
    if (status == RETUNE_OK) {
        retune_view view = retune_view_make(&options->view, sample->hash.low, view_number,
                                            image.width, image.height);
        status = retune_image_resize(&image, view, options->width, options->height, out, error);
    }
    retune_image_free(&image);
    free(data);
    return status;
}

static void fill_slot(const retune_loader *loader, retune_loader_item item, loader_slot *slot) {
    const retune_sample *sample = &loader->dataset->samples[item.sample];
    slot->error = (retune_error)RETUNE_ERROR_INIT;
    slot->status = make_image(loader, sample, item.view, slot->pixels, &slot->error);
    if (slot->status != RETUNE_OK)
        memset(slot->pixels, 0, loader->image_bytes);
}

static bool has_work(const retune_loader *loader) {
    return loader->next < loader->count && loader->next - loader->taken < loader->options.depth;
}

static void *run_worker(void *argument) {
    retune_loader *loader = argument;
    pthread_mutex_lock(&loader->lock);
    for (;;) {
        while (!loader->closing && !has_work(loader))
            pthread_cond_wait(&loader->work, &loader->lock);
        if (loader->closing)
            break;
        size_t number = loader->next++;
        loader_slot *slot = &loader->slots[number % loader->options.depth];
        retune_loader_item item = loader->items[number];
        loader->busy++;
        pthread_mutex_unlock(&loader->lock);
        fill_slot(loader, item, slot);
        pthread_mutex_lock(&loader->lock);
        loader->busy--;
        slot->ready = true;
        pthread_cond_signal(&loader->finished);
    }
    pthread_mutex_unlock(&loader->lock);
    return NULL;
}

/* ---- Opening and closing ------------------------------------------------------------------- */

static retune_status allocate_slots(retune_loader *loader, retune_error *error) {
    uint32_t depth = loader->options.depth;
    size_t pixels, bytes;
    if (!retune_size_multiply(loader->options.width, loader->options.height, &pixels) ||
        !retune_size_multiply(pixels, 3, &loader->image_bytes) ||
        !retune_size_multiply(loader->image_bytes, depth, &bytes))
        return retune_fail_memory(error, SIZE_MAX, "decoded images");
    RETUNE_TRY(retune_allocate(depth, sizeof *loader->slots, "loader", &loader->slots, error));
    RETUNE_TRY(retune_allocate(bytes, 1, "decoded images", &loader->pixels, error));
    for (uint32_t i = 0; i < depth; i++)
        loader->slots[i].pixels = loader->pixels + i * loader->image_bytes;
    return RETUNE_OK;
}

/* Fewer threads than wanted are enough. */
static retune_status start_threads(retune_loader *loader, retune_error *error) {
    uint32_t wanted = loader->options.threads;
    RETUNE_TRY(
        retune_allocate(wanted, sizeof *loader->threads, "threads", &loader->threads, error));
    int reason = 0;
    while (loader->thread_count < wanted && reason == 0) {
        reason = pthread_create(&loader->threads[loader->thread_count], NULL, run_worker, loader);
        loader->thread_count += reason == 0;
    }
    if (loader->thread_count == 0)
        return retune_fail(error, RETUNE_UNAVAILABLE, "cannot start a thread: %s",
                           strerror(reason));
    return RETUNE_OK;
}

retune_status retune_loader_open(const retune_dataset *dataset,
                                 const retune_loader_options *options, retune_loader **out_loader,
                                 retune_error *error) {
    *out_loader = NULL;
    if (options->width == 0 || options->height == 0)
        return retune_fail(error, RETUNE_INVALID, "cannot load images at %u x %u pixels",
                           options->width, options->height);
    retune_loader *loader;
    RETUNE_TRY(retune_allocate(1, sizeof *loader, "loader", &loader, error));
    loader->dataset = dataset;
    loader->options = *options;
    loader->options.threads = retune_thread_count(options->threads);
    if (loader->options.depth == 0)
        loader->options.depth = 4 * loader->options.threads;
    pthread_mutex_init(&loader->lock, NULL);
    pthread_cond_init(&loader->work, NULL);
    pthread_cond_init(&loader->finished, NULL);

    retune_status status = allocate_slots(loader, error);
    if (status == RETUNE_OK)
        status = start_threads(loader, error);
    if (status != RETUNE_OK) {
        retune_loader_close(loader);
        return status;
    }
    *out_loader = loader;
    return RETUNE_OK;
}

void retune_loader_close(retune_loader *loader) {
    if (!loader)
        return;
    pthread_mutex_lock(&loader->lock);
    loader->closing = true;
    pthread_cond_broadcast(&loader->work);
    pthread_mutex_unlock(&loader->lock);
    for (unsigned i = 0; i < loader->thread_count; i++)
        pthread_join(loader->threads[i], NULL);
    pthread_cond_destroy(&loader->finished);
    pthread_cond_destroy(&loader->work);
    pthread_mutex_destroy(&loader->lock);
    free(loader->threads);
    free(loader->items);
    free(loader->pixels);
    free(loader->slots);
    free(loader);
}

/* ---- Runs ---------------------------------------------------------------------------------- */

/* Drops the run; workers finish the images they are at. The lock is held. */
static void drop_run(retune_loader *loader) {
    loader->count = loader->next = loader->taken = 0;
    while (loader->busy > 0)
        pthread_cond_wait(&loader->finished, &loader->lock);
    for (uint32_t i = 0; i < loader->options.depth; i++)
        loader->slots[i].ready = false;
    free(loader->items);
    loader->items = NULL;
}

static retune_status copy_items(const retune_loader *loader, const retune_loader_item *items,
                                size_t count, retune_loader_item **out_copy, retune_error *error) {
    for (size_t i = 0; i < count; i++)
        if (items[i].sample >= loader->dataset->sample_count)
            return retune_fail(error, RETUNE_INVALID, "item %zu: sample %u is not below %u", i,
                               items[i].sample, loader->dataset->sample_count);
    RETUNE_TRY(retune_allocate(count, sizeof *items, "loader items", out_copy, error));
    if (count > 0)
        memcpy(*out_copy, items, count * sizeof *items);
    return RETUNE_OK;
}

retune_status retune_loader_start(retune_loader *loader, const retune_loader_item *items,
                                  size_t count, retune_error *error) {
    retune_loader_item *copy = NULL;
    retune_status status = copy_items(loader, items, count, &copy, error);
    pthread_mutex_lock(&loader->lock);
    drop_run(loader);
    if (status == RETUNE_OK) {
        loader->items = copy;
        loader->count = count;
        pthread_cond_broadcast(&loader->work);
    }
    pthread_mutex_unlock(&loader->lock);
    return status;
}

retune_status retune_loader_next(retune_loader *loader, unsigned char *out_rgb,
                                 retune_status *out_image_status, retune_error *error) {
    *out_image_status = RETUNE_OK;
    pthread_mutex_lock(&loader->lock);
    if (loader->taken == loader->count) {
        pthread_mutex_unlock(&loader->lock);
        return retune_fail(error, RETUNE_INVALID, "the run has no image left");
    }
    loader_slot *slot = &loader->slots[loader->taken % loader->options.depth];
    while (!slot->ready)
        pthread_cond_wait(&loader->finished, &loader->lock);
    pthread_mutex_unlock(&loader->lock);

    /* No worker touches a ready slot before `taken` moves on. */
    memcpy(out_rgb, slot->pixels, loader->image_bytes);
    *out_image_status = slot->status;
    if (slot->status != RETUNE_OK)
        retune_fail(error, slot->status, "%s", slot->error.message);

    pthread_mutex_lock(&loader->lock);
    slot->ready = false;
    loader->taken++;
    pthread_cond_signal(&loader->work);
    pthread_mutex_unlock(&loader->lock);
    return RETUNE_OK;
}
