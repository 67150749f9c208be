/* softmax_cross_entropy and its gradient. The target of a class is the smoothed one-hot:
 * `on_target` at the label, `off_target` elsewhere. A sample of weight 0 is padding: whatever it
 * holds, NaN included, it adds exactly nothing. */

/* The maximum of `value` over the work group; all items take part. scratch [GROUP]. */
static float group_maximum(local float *scratch, float value) {
    int item = get_local_id(0);
    barrier(CLK_LOCAL_MEM_FENCE);
    scratch[item] = value;
    barrier(CLK_LOCAL_MEM_FENCE);
    for (int left = GROUP / 2; left >= 1; left /= 2) {
        if (item < left)
            scratch[item] = fmax(scratch[item], scratch[item + left]);
        barrier(CLK_LOCAL_MEM_FENCE);
    }
    return scratch[0];
}

/* A work group a sample. logits, probability [N,classes]; label, weight, loss [N]. */
GROUP_KERNEL void softmax_cross_entropy(global const float *logits, global const int *label,
                                        global const float *weight, global float *probability,
                                        global float *loss, float on_target, float off_target,
                                        int classes) {
    local float scratch[GROUP];
    int n = get_group_id(0), item = get_local_id(0);
    global const float *x = logits + (size_t)n * classes;
    global float *p = probability + (size_t)n * classes;

    float most = -INFINITY;
    for (int c = item; c < classes; c += GROUP)
        most = fmax(most, x[c]);
    most = group_maximum(scratch, most); /* taken out, it keeps exp from overflow */

    float sum = 0.0f;
    for (int c = item; c < classes; c += GROUP)
        sum += exp(x[c] - most);
    sum = group_sum(scratch, sum, 1);

    /* log p is taken from the logits: it stays finite where p itself vanishes. */
    float log_sum = log(sum), cross_entropy = 0.0f;
    for (int c = item; c < classes; c += GROUP) {
        float target = c == label[n] ? on_target : off_target;
        p[c] = exp(x[c] - most) / sum;
        if (target > 0.0f)
            cross_entropy -= target * (x[c] - most - log_sum);
    }
    cross_entropy = group_sum(scratch, cross_entropy, 1);
    if (item == 0)
        loss[n] = weight[n] == 0.0f ? 0.0f : weight[n] * cross_entropy;
}

/* A work item an element. probability, dlogits [N,classes], count of them; label, weight [N];
 * total_weight [1]. */
kernel void softmax_cross_entropy_grad(global const float *probability, global const int *label,
                                       global const float *weight, global const float *total_weight,
                                       global float *dlogits, float on_target, float off_target,
                                       int classes, int count) {
    int i = get_global_id(0);
    if (i >= count)
        return;
    int n = i / classes;
    float target = i - n * classes == label[n] ? on_target : off_target;
    dlogits[i] = weight[n] == 0.0f ? 0.0f : weight[n] * (probability[i] - target) / total_weight[0];
}
