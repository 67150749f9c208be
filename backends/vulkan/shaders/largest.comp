/* The largest magnitude of an f32 tensor, for products that narrow it: see cooperative.comp. */
#version 450
#extension GL_GOOGLE_include_directive : require
#include "types.glsl"

FLOATS(0, x)
VIEW(1, largest, _bits, uint)

layout(push_constant) uniform numbers {
    int count; /* of vectors of 4 */
    int first; /* element of largest that is the first of this result */
};

#define GROUP 256
shared uint scratch[GROUP];

/* largest [groups]: the bits of the largest |x| of what each group saw. Bits of magnitudes are ordered
 * as the magnitudes are, infinity and NaN above all. */
void main() {
    int item = int(gl_LocalInvocationID.x);
    uvec4 most = uvec4(0);
    for (int i = item_number(); i < count; i += int(gl_NumWorkGroups.x) * GROUP)
        most = max(most, floatBitsToUint(x_load4(i)) & 0x7fffffffu);
    scratch[item] = max(max(most.x, most.y), max(most.z, most.w));
    for (int left = GROUP / 2; left > 0; left /= 2) {
        barrier();
        if (item < left)
            scratch[item] = max(scratch[item], scratch[item + left]);
    }
    if (item == 0)
        largest_bits[first + gl_WorkGroupID.x] = scratch[0];
}
