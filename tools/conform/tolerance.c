#include "tolerance.h"

op_tolerance tolerance_of(const op_case *op) {
    const retune_op_desc desc = op_case_describe(op);
    return retune_tolerance_of(&desc, 1.0);
}

bool tolerance_passes(const op_tolerance *tolerance, double expected, double got) {
    return retune_tolerance_share(tolerance, expected, got) <= 1.0;
}
