/* softmax_cross_entropy and its gradient. The target of a class is the smoothed one-hot: `on_target`
 * at the label, `off_target` elsewhere. A sample of weight 0 is padding: whatever it holds, NaN
 * included, it adds exactly nothing. */
#version 450
#extension GL_GOOGLE_include_directive : require
#define SUM  float
#define SUMS 1
#include "types.glsl"

/* A work group a sample. logits, probability [N,classes]; label, weight, loss [N]; `groups` is N. */
#ifdef SHADER_softmax_cross_entropy
FLOATS(0, logits)
INTS(1, label)
FLOATS(2, weight)
FLOATS(3, probability)
FLOATS(4, loss)
layout(push_constant) uniform numbers {
    float on_target, off_target;
    int classes, groups;
};

/* The maximum of `value` over the work group; all items take part. */
float group_maximum(float value) {
    for (int left = GROUP / 2; left >= 1; left /= 2) {
        barrier();
        if (ITEM >= left && ITEM < 2 * left)
            scratch[ITEM - left] = value;
        barrier();
        if (ITEM < left)
            value = max(value, scratch[ITEM]);
    }
    barrier();
    if (ITEM == 0)
        scratch[0] = value;
    barrier();
    return scratch[0];
}

void main() {
    int n = group_number();
    if (n >= groups)
        return;
    int first = n * classes, target_class = label_load(n);

    float most = logits_load(first);
    for (int c = ITEM; c < classes; c += GROUP)
        most = max(most, logits_load(first + c));
    most = group_maximum(most); /* taken out, it keeps exp from overflow */

    float sum = 0.0;
    for (int c = ITEM; c < classes; c += GROUP)
        sum += exp(logits_load(first + c) - most);
    sum = group_sum(sum, 1);

    /* log p is taken from the logits: it stays finite where p itself vanishes. */
    float log_sum = log(sum), cross_entropy = 0.0;
    for (int c = ITEM; c < classes; c += GROUP) {
        float target = c == target_class ? on_target : off_target;
        float above = logits_load(first + c) - most;
        probability_store(first + c, exp(above) / sum);
        if (target > 0.0)
            cross_entropy -= target * (above - log_sum);
    }
    cross_entropy = group_sum(cross_entropy, 1);
    float share = weight_load(n);
    if (ITEM == 0)
        loss_store(n, share == 0.0 ? 0.0 : share * cross_entropy);
}
#endif

/* A work item an element. probability, dlogits [N,classes], count of them; label, weight [N];
 * total_weight [1]. */
#ifdef SHADER_softmax_cross_entropy_grad
FLOATS(0, probability)
INTS(1, label)
FLOATS(2, weight)
FLOATS(3, total_weight)
FLOATS(4, dlogits)
layout(push_constant) uniform numbers {
    float on_target, off_target;
    int classes, count;
};

void main() {
    int i = item_number();
    if (i >= count)
        return;
    int n = i / classes;
    float target = i - n * classes == label_load(n) ? on_target : off_target;
    float share = weight_load(n), error = probability_load(i) - target;
    dlogits_store(i, share == 0.0 ? 0.0 : share * error / total_weight_load(0));
}
#endif
