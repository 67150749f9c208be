set(sources
    backward.c constants.c freeze.c graph.c lower.c op_rule.c plan.c slots.c tolerance.c
    ops/activation.c ops/batch_norm.c ops/convolution.c ops/elementwise.c ops/input.c ops/loss.c
    ops/optimizer.c ops/pool.c)
