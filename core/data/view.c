#include "data/view.h"

#include "base/random.h"

#include <math.h>

/* Rectangles tried before the fitted area itself is taken: one of 0.6 of the area always fits into
 * a near-square, none may fit into a panorama. */
enum { CROP_ATTEMPTS = 10 };

static retune_view fitted(retune_view_fit fit, float width, float height) {
    if (fit == RETUNE_VIEW_STRETCH)
        return (retune_view){0, 0, width, height, false};
    float side = fminf(width, height);
    return (retune_view){(width - side) / 2, (height - side) / 2, side, side, false};
}

static retune_view cropped(retune_view area, retune_random *random) {
    for (int attempt = 0; attempt < CROP_ATTEMPTS; attempt++) {
        float pixels = area.width * area.height * (0.6f + 0.4f * retune_random_unit(random));
        float ratio = 1.0f + retune_random_unit(random) / 3.0f;
        if (retune_random_next(random) & 1)
            ratio = 1.0f / ratio;
        float width = sqrtf(pixels * ratio), height = sqrtf(pixels / ratio);
        float left = retune_random_unit(random), top = retune_random_unit(random);
        if (width >= 1 && height >= 1 && width <= area.width && height <= area.height)
            return (retune_view){area.x + left * (area.width - width),
                                 area.y + top * (area.height - height), width, height, false};
    }
    return area;
}

/* Takes back what rounding may have put beyond the right or lower edge. */
static float clamped(float start, float length, float size) {
    while (start > 0 && (double)start + length > size)
        start = nextafterf(start, 0);
    return start;
}

retune_view retune_view_make(const retune_view_rule *rule, uint64_t image, uint32_t number,
                             uint32_t width, uint32_t height) {
    retune_view view = fitted(rule->fit, (float)width, (float)height);
    if (rule->kind == RETUNE_VIEW_PLAIN)
        return view;
    retune_random of_image = retune_random_make(rule->seed, image);
    retune_random random = retune_random_make(retune_random_next(&of_image), number);
    bool flip = retune_random_next(&random) & 1;
    if (rule->kind == RETUNE_VIEW_CROP)
        view = cropped(view, &random);
    view.x = clamped(view.x, view.width, (float)width);
    view.y = clamped(view.y, view.height, (float)height);
    view.flip = flip;
    return view;
}
