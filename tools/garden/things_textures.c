/* Patches of a texture. */
#include "things.h"

/* Painted on a patch of the second colour that has the texture's outline. */
#define PATCH                                                                                      \
    {                                                                                              \
        figure_rounded_box, SECOND, 0, 0, 1.05f, 1.05f, 0, {                                       \
            0.4f                                                                                   \
        }                                                                                          \
    }
#define TEXTURE(name, figure, period)                                                              \
    static const struct part name[] = {PATCH, {figure, MAIN, 0, 0, 1.05f, 1.05f, 0, {period}}}

TEXTURE(bricks, figure_bricks, 0.4f);
TEXTURE(checks, figure_checks, 0.4f);
TEXTURE(dots, figure_dots, 0.4f);
TEXTURE(net, figure_net, 0.42f);
TEXTURE(rays, figure_rays, 9);
TEXTURE(scales, figure_scales, 0.4f);
TEXTURE(stripes, figure_stripes, 0.4f);
TEXTURE(target, figure_target, 0.45f);
TEXTURE(waves, figure_waves, 0.42f);
TEXTURE(zigzag, figure_zigzag, 0.5f);

const struct picture_class things_textures[THINGS_TEXTURES] = {
    THING(bricks), THING(checks),  THING(dots),   THING(net),   THING(rays),
    THING(scales), THING(stripes), THING(target), THING(waves), THING(zigzag),
};
