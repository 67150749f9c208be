/* How a tensor of the ABI becomes tensors of four dimensions, n c h w, of the extension. Pure. */
#ifndef RETUNE_CLML_LAYOUT_H
#define RETUNE_CLML_LAYOUT_H

#include "interface.h"

#include "retune/types.h"

#include <stdbool.h>

/* A map may be cut along its batch; a parameter is what it is as a whole. They differ in nothing
 * else: [N,H,W,C] and [O,Kh,Kw,I] are n h w c, [Kh,Kw,C] is (1,Kh,Kw,C), [N,C] is (N,1,1,C), [C] is
 * (1,1,1,C). */
typedef enum clml_role { CLML_MAP, CLML_PARAMETER } clml_role;

typedef struct clml_shape {
    cl_uint n, c, h, w;
} clml_shape;

/* The shape of a piece, of at most `micro_batch` samples for a map; all pieces are equal. */
clml_shape clml_layout(const retune_tensor_desc *desc, clml_role role, uint32_t micro_batch,
                       uint32_t *out_pieces);

bool clml_shape_equal(clml_shape a, clml_shape b);

size_t clml_shape_elements(clml_shape shape);

/* True when dense data, channels fastest, and NCHW are the same order. */
bool clml_shape_is_plain(clml_shape shape);

/* A description of f32 in four dimensions. */
clml_tensor_desc clml_shape_desc(clml_shape shape, cl_uint layout);

/* Between dense data and NCHW, on the host. */
void clml_to_planes(clml_shape shape, const float *dense, float *planes);
void clml_to_pixels(clml_shape shape, const float *planes, float *dense);

#endif
