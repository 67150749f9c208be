/* Views: inside the image, repeatable, and as different as augmentation wants them. */
#include "data/view.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

static const uint32_t sizes[][2] = {{340, 256}, {256, 340}, {1, 1},     {2, 1},        {65535, 3},
                                    {3, 65535}, {224, 224}, {999, 333}, {4999, 65535}, {7, 5}};

static bool same(retune_view a, retune_view b) {
    return a.x == b.x && a.y == b.y && a.width == b.width && a.height == b.height &&
           a.flip == b.flip;
}

Test(view, plain_is_the_whole_or_its_centre) {
    retune_view_rule rule = {RETUNE_VIEW_STRETCH, RETUNE_VIEW_PLAIN, 1};
    cr_expect(same(retune_view_make(&rule, 5, 3, 340, 256), (retune_view){0, 0, 340, 256, false}));
    rule.fit = RETUNE_VIEW_CENTRAL;
    cr_expect(same(retune_view_make(&rule, 5, 3, 340, 256), (retune_view){42, 0, 256, 256, false}));
    cr_expect(
        same(retune_view_make(&rule, 5, 3, 101, 200), (retune_view){0, 49.5f, 101, 101, false}));
}

/* Written without tolerance, as the resizer checks it. */
Test(view, always_inside) {
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++)
        for (int fit = 0; fit < 2; fit++)
            for (int kind = 0; kind < 3; kind++)
                for (uint32_t number = 0; number < 2000; number++) {
                    retune_view_rule rule = {fit, kind, 7};
                    uint32_t width = sizes[s][0], height = sizes[s][1];
                    retune_view view = retune_view_make(&rule, s, number, width, height);
                    cr_assert(view.x >= 0 && view.y >= 0 && view.width > 0 && view.height > 0 &&
                                  (double)view.x + view.width <= width &&
                                  (double)view.y + view.height <= height,
                              "%g,%g %gx%g in %ux%u", view.x, view.y, view.width, view.height,
                              width, height);
                }
}

Test(view, flips_half_of_the_time) {
    retune_view_rule rule = {RETUNE_VIEW_STRETCH, RETUNE_VIEW_FLIP, 1};
    int flips = 0;
    for (uint32_t image = 0; image < 1000; image++) {
        retune_view view = retune_view_make(&rule, image, 0, 340, 256);
        flips += view.flip;
        view.flip = false;
        cr_assert(same(view, (retune_view){0, 0, 340, 256, false}));
    }
    cr_expect(flips > 430 && flips < 570, "%d", flips);
}

Test(view, crops_keep_their_promises) {
    retune_view_rule rule = {RETUNE_VIEW_STRETCH, RETUNE_VIEW_CROP, 1};
    int flips = 0, wide = 0, left = 0;
    double smallest = 1;
    for (uint32_t number = 0; number < 2000; number++) {
        retune_view view = retune_view_make(&rule, 77, number, 300, 280);
        double share = (double)view.width * view.height / (300 * 280);
        double ratio = (double)view.width / view.height;
        cr_assert(share >= 0.599 && share <= 1.0001, "area %g", share);
        cr_assert(ratio >= 0.749 && ratio <= 1.334, "ratio %g", ratio);
        smallest = fmin(smallest, share);
        flips += view.flip;
        wide += ratio > 1;
        left += view.x + view.width / 2 < 150;
    }
    cr_expect_lt(smallest, 0.61);
    cr_expect(flips > 900 && flips < 1100, "%d", flips);
    cr_expect(wide > 800 && wide < 1400, "%d", wide);
    cr_expect(left > 850 && left < 1150, "%d", left);
}

Test(view, central_crops_stay_in_the_centre) {
    retune_view_rule rule = {RETUNE_VIEW_CENTRAL, RETUNE_VIEW_CROP, 1};
    for (uint32_t number = 0; number < 500; number++) {
        retune_view view = retune_view_make(&rule, 77, number, 500, 200);
        cr_assert(view.x >= 150 && view.x + view.width <= 350.01f);
    }
}

Test(view, panorama_falls_back_to_the_whole) {
    retune_view_rule rule = {RETUNE_VIEW_STRETCH, RETUNE_VIEW_CROP, 1};
    retune_view view = retune_view_make(&rule, 1, 1, 5000, 20);
    view.flip = false;
    cr_expect(same(view, (retune_view){0, 0, 5000, 20, false}));
}

Test(view, depends_on_every_argument) {
    retune_view_rule rule = {RETUNE_VIEW_STRETCH, RETUNE_VIEW_CROP, 1}, other = rule;
    other.seed = 2;
    retune_view view = retune_view_make(&rule, 10, 20, 340, 256);
    cr_expect(same(view, retune_view_make(&rule, 10, 20, 340, 256)));
    cr_expect_not(same(view, retune_view_make(&other, 10, 20, 340, 256)));
    cr_expect_not(same(view, retune_view_make(&rule, 11, 20, 340, 256)));
    cr_expect_not(same(view, retune_view_make(&rule, 10, 21, 340, 256)));
    cr_expect_not(same(view, retune_view_make(&rule, 10, 20, 341, 256)));
}
