/* What the backend decides without a device: versions and layouts. */
#include "layout.h"
#include "version.h"

#include "base/tensor_desc.h"

#include <criterion/criterion.h>

/* ---- Versions ------------------------------------------------------------------------------- */

static void expect_version(const cl_int (*versions)[2], cl_uint count, cl_int minor, bool listed) {
    cl_int majors[8], minors[8], chosen = -1;
    bool is_listed = !listed;
    for (cl_uint n = 0; n < count; n++) {
        majors[n] = versions[n][0];
        minors[n] = versions[n][1];
    }
    clml_version_choose(majors, minors, count, &chosen, &is_listed);
    cr_expect_eq(chosen, minor, "%d", chosen);
    cr_expect_eq(is_listed, listed);
}

Test(clml_version, the_highest_of_major_3_in_any_order) {
    expect_version((const cl_int[][2]){{1, 0}, {2, 1}, {3, 0}}, 3, 0, true);
    expect_version((const cl_int[][2]){{3, 1}, {3, 0}, {2, 0}}, 3, 1, true);
    expect_version((const cl_int[][2]){{4, 2}, {3, 0}, {3, 3}, {3, 2}}, 4, 3, true);
}

Test(clml_version, else_3_0_is_tried) {
    expect_version((const cl_int[][2]){{4, 1}, {5, 0}}, 2, 0, false);
    expect_version((const cl_int[][2]){{1, 3}, {2, 7}}, 2, 0, false);
    expect_version((const cl_int[][2]){{0, 0}}, 0, 0, false);
}

/* ---- Layouts -------------------------------------------------------------------------------- */

static void expect_layout(retune_tensor_desc desc, clml_role role, uint32_t micro_batch,
                          clml_shape expected, uint32_t expected_pieces) {
    uint32_t pieces = 0;
    clml_shape shape = clml_layout(&desc, role, micro_batch, &pieces);
    cr_expect(clml_shape_equal(shape, expected), "%u %u %u %u", shape.n, shape.c, shape.h, shape.w);
    cr_expect_eq(pieces, expected_pieces, "%u pieces", pieces);
}

Test(clml_layout, maps_are_cut_along_the_batch) {
    const retune_tensor_desc map = retune_desc(RETUNE_F32, 4, 12, 7, 5, 33);
    expect_layout(map, CLML_MAP, 1, (clml_shape){1, 33, 7, 5}, 12);
    expect_layout(map, CLML_MAP, 4, (clml_shape){4, 33, 7, 5}, 3);
    expect_layout(map, CLML_MAP, 100, (clml_shape){12, 33, 7, 5}, 1);
    expect_layout(retune_desc(RETUNE_F32, 2, 6, 10, 0, 0), CLML_MAP, 2, (clml_shape){2, 10, 1, 1},
                  3);
}

/* All pieces have the same size: the largest that divides the batch. */
Test(clml_layout, pieces_are_equal) {
    const retune_tensor_desc map = retune_desc(RETUNE_F32, 4, 12, 1, 1, 3);
    expect_layout(map, CLML_MAP, 5, (clml_shape){4, 3, 1, 1}, 3);
    expect_layout(map, CLML_MAP, 11, (clml_shape){6, 3, 1, 1}, 2);
    expect_layout(retune_desc(RETUNE_F32, 4, 163, 1, 1, 3), CLML_MAP, 100, (clml_shape){1, 3, 1, 1},
                  163);
}

Test(clml_layout, parameters_are_whole) {
    expect_layout(retune_desc(RETUNE_F32, 4, 64, 3, 5, 32), CLML_PARAMETER, 1,
                  (clml_shape){64, 32, 3, 5}, 1);
    expect_layout(retune_desc(RETUNE_F32, 3, 3, 5, 32, 0), CLML_PARAMETER, 1,
                  (clml_shape){1, 32, 3, 5}, 1);
    expect_layout(retune_desc_vector(RETUNE_F32, 32), CLML_PARAMETER, 1, (clml_shape){1, 32, 1, 1},
                  1);
    expect_layout(retune_desc_vector(RETUNE_F32, 32), CLML_MAP, 1, (clml_shape){1, 32, 1, 1}, 1);
}

Test(clml_layout, planes_and_back) {
    const clml_shape shape = {2, 3, 2, 1};
    const float dense[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
    const float expected[] = {1, 4, 2, 5, 3, 6, 7, 10, 8, 11, 9, 12};
    float planes[12], back[12];
    clml_to_planes(shape, dense, planes);
    clml_to_pixels(shape, planes, back);
    cr_expect_arr_eq(planes, expected, sizeof expected);
    cr_expect_arr_eq(back, dense, sizeof dense);
}

Test(clml_layout, order_matters_only_with_channels_and_pixels) {
    cr_expect(clml_shape_is_plain((clml_shape){5, 1, 7, 7}));
    cr_expect(clml_shape_is_plain((clml_shape){5, 7, 1, 1}));
    cr_expect_not(clml_shape_is_plain((clml_shape){1, 2, 1, 2}));
}
