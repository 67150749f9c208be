/* Many pictures of a world: as folders to train on, or on one sheet. */
#ifndef RETUNE_GARDEN_ALBUM_H
#define RETUNE_GARDEN_ALBUM_H

#include "base/status.h"
#include "worlds.h"

struct album {
    const struct world *world;
    int count; /* pictures a class */
    int size;  /* pixels along a side of a picture */
    uint32_t seed;
};

/* A new folder with one folder of JPEG files a class; folders above it are made. It appears when
 * all are written: until then they lie in `folder`.part, of which a failure leaves nothing. IO
 * names the path and the reason, such as that there is something at `folder` already. */
retune_status album_draw(const struct album *album, const char *folder, retune_error *error);

/* One file with a row of pictures a class, the first ones of album_draw: PNG where its name ends in
 * .png, JPEG otherwise. Afterwards the file is whole, or what it was. */
retune_status album_sheet(const struct album *album, const char *path, retune_error *error);

#endif
