/* Asserts that interface.h has the layout of the extension's interface; makes no code. With
 * RETUNE_CLML_SDK_HEADER, the vendor's own header as the build was given it, against that header;
 * without, against the numbers that the interface's users have published. */
#include "interface.h"

#define SLOT(member, number)                                                                       \
    _Static_assert(offsetof(clml_table, member) ==                                                 \
                       2 * sizeof(cl_int) + (number) * sizeof(void (*)(void)),                     \
                   #member " is in slot " #number)
SLOT(convolution, 3);
SLOT(convolution_backward, 4);
SLOT(convolution_param_gradients, 5);
SLOT(batch_norm_accumulate, 7);
SLOT(batch_norm_finalize, 8);
SLOT(activation, 13);
SLOT(activation_backward, 14);
SLOT(pooling, 16);
SLOT(pooling_backward, 17);
SLOT(fused_convolution_activation, 18);
SLOT(binary, 21);
SLOT(softmax, 22);
SLOT(loss_backward, 24);
SLOT(fill, 25);
SLOT(copy, 34);
SLOT(make_tensor, 35);
SLOT(tensor_size, 36);
SLOT(release_op, 37);
SLOT(release_tensor, 38);
SLOT(enqueue_op, 39);
SLOT(enqueue_recording, 41);
SLOT(enqueue_read, 42);
SLOT(enqueue_write, 43);
SLOT(enqueue_copy, 44);
SLOT(make_cache, 45);
SLOT(tune_op, 46);
SLOT(save_cache, 47);
SLOT(load_cache, 48);
SLOT(release_cache, 49);
SLOT(make_set, 50);
SLOT(release_set, 51);
SLOT(update_set, 52);
SLOT(sgd, 70);
SLOT(adam, 71);
_Static_assert(sizeof(clml_table) == 2 * sizeof(cl_int) + 75 * sizeof(void (*)(void)), "table");

#define SIZE(type, bytes) _Static_assert(sizeof(type) == (bytes), #type " has " #bytes " bytes")
#define AT(type, member, byte)                                                                     \
    _Static_assert(offsetof(type, member) == (byte), #type "." #member " is at " #byte)
SIZE(clml_value, 8);
AT(clml_value, type, 4);
SIZE(clml_tensor_desc, 52);
AT(clml_tensor_desc, layout, 4);
AT(clml_tensor_desc, n, 8);
AT(clml_tensor_desc, dimensions, 28);
AT(clml_tensor_desc, stride, 32);
SIZE(clml_binding, 2 * sizeof(void *));
SIZE(clml_convolution_desc, 80);
AT(clml_convolution_desc, pad_before, 12);
AT(clml_convolution_desc, pad_after, 24);
AT(clml_convolution_desc, stride, 36);
AT(clml_convolution_desc, dilation, 48);
AT(clml_convolution_desc, flags, 64);
AT(clml_convolution_desc, arithmetic, 72);
SIZE(clml_pooling_desc, 64);
AT(clml_pooling_desc, pad_before, 8);
AT(clml_pooling_desc, pad_after, 20);
AT(clml_pooling_desc, stride, 32);
AT(clml_pooling_desc, window, 44);
AT(clml_pooling_desc, nan_mode, 56);
AT(clml_pooling_desc, arithmetic, 60);
SIZE(clml_activation_desc, 12);
SIZE(clml_batch_norm_desc, 8);
SIZE(clml_softmax_desc, 12);
SIZE(clml_binary_desc, 32);
AT(clml_binary_desc, alpha, 4);
AT(clml_binary_desc, beta, 12);
AT(clml_binary_desc, gamma, 20);
AT(clml_binary_desc, arithmetic, 28);
SIZE(clml_loss_backward_desc, 20);
AT(clml_loss_backward_desc, scaling, 8);
AT(clml_loss_backward_desc, arithmetic, 16);
SIZE(clml_fill_desc, 12);
AT(clml_fill_desc, arithmetic, 8);
SIZE(clml_sgd_desc, 32);
AT(clml_sgd_desc, weight_decay, 8);
AT(clml_sgd_desc, momentum, 16);
AT(clml_sgd_desc, function, 24);
AT(clml_sgd_desc, arithmetic, 28);
SIZE(clml_adam_desc, 48);
AT(clml_adam_desc, beta_1, 8);
AT(clml_adam_desc, beta_2, 16);
AT(clml_adam_desc, epsilon, 24);
AT(clml_adam_desc, weight_decay, 32);
AT(clml_adam_desc, function, 40);
AT(clml_adam_desc, arithmetic, 44);

#ifdef RETUNE_CLML_SDK_HEADER
#include RETUNE_CLML_SDK_HEADER

_Static_assert(CL_QCOM_ML_OPS_H_MAJOR_VERSION >= CLML_MAJOR, "the header is of an older interface");

/* A descriptor, and a field of it, of theirs and ours. */
#define SAME(theirs, ours) _Static_assert(sizeof(theirs) == sizeof(ours), #theirs)
#define SAME_FIELD(theirs, field, ours, member)                                                    \
    _Static_assert(offsetof(theirs, field) == offsetof(ours, member), #theirs "." #field)
SAME(cl_ml_value_qcom, clml_value);
SAME_FIELD(cl_ml_value_qcom, type, clml_value, type);
SAME(cl_ml_tensor_desc_qcom, clml_tensor_desc);
SAME_FIELD(cl_ml_tensor_desc_qcom, layout, clml_tensor_desc, layout);
SAME_FIELD(cl_ml_tensor_desc_qcom, n, clml_tensor_desc, n);
SAME_FIELD(cl_ml_tensor_desc_qcom, c, clml_tensor_desc, c);
SAME_FIELD(cl_ml_tensor_desc_qcom, h, clml_tensor_desc, h);
SAME_FIELD(cl_ml_tensor_desc_qcom, w, clml_tensor_desc, w);
SAME_FIELD(cl_ml_tensor_desc_qcom, num_dimensions, clml_tensor_desc, dimensions);
SAME_FIELD(cl_ml_tensor_desc_qcom, stride, clml_tensor_desc, stride);
SAME(cl_ml_tensor_memory_desc_qcom, clml_binding);
SAME_FIELD(cl_ml_tensor_memory_desc_qcom, memory, clml_binding, memory);
SAME(cl_ml_op_convolution_desc_qcom, clml_convolution_desc);
SAME_FIELD(cl_ml_op_convolution_desc_qcom, group_count, clml_convolution_desc, group_count);
SAME_FIELD(cl_ml_op_convolution_desc_qcom, input_padding_before, clml_convolution_desc, pad_before);
SAME_FIELD(cl_ml_op_convolution_desc_qcom, input_padding_after, clml_convolution_desc, pad_after);
SAME_FIELD(cl_ml_op_convolution_desc_qcom, filter_stride, clml_convolution_desc, stride);
SAME_FIELD(cl_ml_op_convolution_desc_qcom, dilation, clml_convolution_desc, dilation);
SAME_FIELD(cl_ml_op_convolution_desc_qcom, flags, clml_convolution_desc, flags);
SAME_FIELD(cl_ml_op_convolution_desc_qcom, arithmetic_mode, clml_convolution_desc, arithmetic);
SAME(cl_ml_op_pooling_desc_qcom, clml_pooling_desc);
SAME_FIELD(cl_ml_op_pooling_desc_qcom, stride, clml_pooling_desc, stride);
SAME_FIELD(cl_ml_op_pooling_desc_qcom, window_size, clml_pooling_desc, window);
SAME_FIELD(cl_ml_op_pooling_desc_qcom, arithmetic_mode, clml_pooling_desc, arithmetic);
SAME(cl_ml_op_activation_desc_qcom, clml_activation_desc);
SAME(cl_ml_op_batchnorm_desc_qcom, clml_batch_norm_desc);
SAME(cl_ml_op_softmax_desc_qcom, clml_softmax_desc);
SAME(cl_ml_op_binary_desc_qcom, clml_binary_desc);
SAME_FIELD(cl_ml_op_binary_desc_qcom, gamma, clml_binary_desc, gamma);
SAME(cl_ml_op_loss_bwd_desc_qcom, clml_loss_backward_desc);
SAME(cl_ml_op_fill_desc_qcom, clml_fill_desc);
SAME(cl_ml_op_update_parameter_sgd_desc_qcom, clml_sgd_desc);
SAME_FIELD(cl_ml_op_update_parameter_sgd_desc_qcom, sgd_function, clml_sgd_desc, function);
SAME(cl_ml_op_update_parameter_adam_desc_qcom, clml_adam_desc);
SAME_FIELD(cl_ml_op_update_parameter_adam_desc_qcom, epsilon, clml_adam_desc, epsilon);
SAME_FIELD(cl_ml_op_update_parameter_adam_desc_qcom, adam_function, clml_adam_desc, function);

#define EQUAL(theirs, ours) _Static_assert((int)(theirs) == (int)(ours), #theirs)
EQUAL(CL_ML_OP_NOT_ACCELERATED_QCOM, CLML_NOT_ACCELERATED);
EQUAL(CL_ML_INVALID_TENSOR_LAYOUT_QCOM, CLML_INVALID_LAYOUT);
EQUAL(CL_ML_OP_TRAINING_COMPATIBLE_QCOM, CLML_PROPERTY_TRAINING);
EQUAL(CL_ML_BINARY_OP_UPDATE_PARAMETERS_QCOM, CLML_PROPERTY_UPDATES_PARAMETER);
EQUAL(CL_ML_BATCH_NORM_OP_EPSILON_QCOM, CLML_PROPERTY_EPSILON);
EQUAL(CL_TENSOR_LAYOUT_OPTIMAL_QCOM, CLML_LAYOUT_OPTIMAL);
EQUAL(CL_TENSOR_LAYOUT_NCHW_QCOM, CLML_LAYOUT_NCHW);
EQUAL(CL_TENSOR_DIMENSIONS_4D_QCOM, CLML_DIMENSIONS_4);
EQUAL(CL_TENSOR_UNUSED_QCOM, CLML_DIMENSIONS_UNUSED);
EQUAL(CL_ARITHMETIC_MODE_FP32_QCOM, CLML_FP32);
EQUAL(CL_CONVOLUTION_MODE_CONVOLUTION_QCOM, CLML_CONVOLUTION);
EQUAL(CL_CONVOLUTION_MODE_DEPTHWISE_QCOM, CLML_DEPTHWISE);
EQUAL(CL_ACTIVATION_RELU, CLML_RELU);
EQUAL(CL_ACTIVATION_RELU6, CLML_RELU6);
EQUAL(CL_PROPAGATE_NAN_QCOM, CLML_PROPAGATE_NAN);
EQUAL(CL_POOLING_MODE_MAX_QCOM, CLML_POOL_MAX);
EQUAL(CL_POOLING_MODE_AVERAGE_EXCLUDE_PADDING_QCOM, CLML_POOL_AVERAGE_EXCLUDING);
EQUAL(CL_POOLING_MODE_GLOBAL_AVERAGE_QCOM, CLML_POOL_GLOBAL_AVERAGE);
EQUAL(CL_TENSOR_OP_ADD_QCOM, CLML_ADD);
EQUAL(CL_TENSOR_OP_MUL_QCOM, CLML_MULTIPLY);
EQUAL(CL_SOFTMAX_ALGORITHM_ACCURATE_QCOM, CLML_SOFTMAX_ACCURATE);
EQUAL(CL_SOFTMAX_MODE_CHANNEL_QCOM, CLML_SOFTMAX_CHANNEL);
EQUAL(CL_SOFTMAX_MODE_SPATIAL_QCOM, CLML_SOFTMAX_SPATIAL);
EQUAL(CL_LOSS_BWD_SOFTMAX_CROSSENTROPY_QCOM, CLML_LOSS_SOFTMAX_CROSS_ENTROPY);
EQUAL(CL_SGD_QCOM, CLML_SGD_PLAIN);
EQUAL(CL_SGD_WITH_MOMENTUM_QCOM, CLML_SGD_MOMENTUM);

/* Their table, whatever its type is called. */
typedef __typeof__(*clGetMLInterfaceV3QCOM(0)) their_table;
#define SAME_SLOT(theirs, ours)                                                                    \
    _Static_assert(offsetof(their_table, theirs) == offsetof(clml_table, ours), #theirs)
_Static_assert(sizeof(their_table) == sizeof(clml_table), "table");
SAME_SLOT(clCreateMLOpConvolutionForwardQCOM, convolution);
SAME_SLOT(clCreateMLOpConvolutionBackwardQCOM, convolution_backward);
SAME_SLOT(clCreateMLOpConvolutionParamGradientsQCOM, convolution_param_gradients);
SAME_SLOT(clCreateMLOpActivationForwardQCOM, activation);
SAME_SLOT(clCreateMLOpActivationBackwardQCOM, activation_backward);
SAME_SLOT(clCreateMLOpPoolingForwardQCOM, pooling);
SAME_SLOT(clCreateMLOpPoolingBackwardQCOM, pooling_backward);
SAME_SLOT(clCreateMLOpFusedConvolutionActivationForwardQCOM, fused_convolution_activation);
SAME_SLOT(clCreateMLOpBinaryQCOM, binary);
SAME_SLOT(clCreateMLOpFillQCOM, fill);
SAME_SLOT(clCreateMLOpCopyQCOM, copy);
SAME_SLOT(clCreateMLTensorQCOM, make_tensor);
SAME_SLOT(clGetMLTensorMemorySizeQCOM, tensor_size);
SAME_SLOT(clReleaseMLOpQCOM, release_op);
SAME_SLOT(clReleaseMLTensorQCOM, release_tensor);
SAME_SLOT(clEnqueueMLOpQCOM, enqueue_op);
SAME_SLOT(clEnqueueRecordingMLOpQCOM, enqueue_recording);
SAME_SLOT(clEnqueueReadMLTensorDataQCOM, enqueue_read);
SAME_SLOT(clEnqueueWriteMLTensorDataQCOM, enqueue_write);
SAME_SLOT(clEnqueueCopyMLTensorDataQCOM, enqueue_copy);
SAME_SLOT(clCreateMLTuningCacheQCOM, make_cache);
SAME_SLOT(clTuneMLOpQCOM, tune_op);
SAME_SLOT(clSaveMLTuningCacheQCOM, save_cache);
SAME_SLOT(clLoadMLTuningCacheQCOM, load_cache);
SAME_SLOT(clReleaseMLTuningCacheQCOM, release_cache);
SAME_SLOT(clCreateMLTensorMemoryDescriptorSetQCOM, make_set);
SAME_SLOT(clReleaseMLTensorMemoryDescriptorSetQCOM, release_set);
SAME_SLOT(clUpdateMLTensorMemoryDescriptorSetQCOM, update_set);
SAME_SLOT(clCreateMLOpUpdateParameterSGDQCOM, sgd);
SAME_SLOT(clCreateMLOpUpdateParameterADAMQCOM, adam);

/* Functions take what we pass, in our order: a call of theirs, never made, compiles. */
#define TAKES(function, ...)                                                                       \
    _Static_assert(sizeof(((their_table *)0)->function(__VA_ARGS__)) == sizeof(cl_int), #function)
#define OP(function, ...)                                                                          \
    TAKES(function, (cl_context)0, (const cl_ml_op_properties_qcom *)0, __VA_ARGS__,               \
          (cl_ml_op_qcom *)0, (cl_ml_tuningcache_qcom)0)
#define DESC(name) (const cl_ml_op_##name##_desc_qcom *)0
#define TENSOR     (cl_ml_tensor_qcom)0
#define WAITS      (cl_uint)0, (const cl_event *)0, (cl_event *)0
OP(clCreateMLOpConvolutionForwardQCOM, DESC(convolution), TENSOR, TENSOR, TENSOR, TENSOR);
OP(clCreateMLOpConvolutionBackwardQCOM, DESC(convolution), TENSOR, TENSOR, TENSOR);
OP(clCreateMLOpConvolutionParamGradientsQCOM, DESC(convolution), TENSOR, TENSOR, TENSOR, TENSOR,
   TENSOR, TENSOR);
OP(clCreateMLOpFusedConvolutionActivationForwardQCOM, DESC(convolution), DESC(activation), TENSOR,
   TENSOR, TENSOR, TENSOR, TENSOR);
OP(clCreateMLOpActivationForwardQCOM, DESC(activation), TENSOR, TENSOR, TENSOR);
OP(clCreateMLOpActivationBackwardQCOM, DESC(activation), TENSOR, TENSOR, TENSOR, TENSOR);
OP(clCreateMLOpPoolingForwardQCOM, DESC(pooling), TENSOR, TENSOR, TENSOR);
OP(clCreateMLOpPoolingBackwardQCOM, DESC(pooling), TENSOR, TENSOR, TENSOR);
OP(clCreateMLOpBinaryQCOM, DESC(binary), TENSOR, TENSOR, TENSOR);
OP(clCreateMLOpFillQCOM, DESC(fill), TENSOR);
OP(clCreateMLOpCopyQCOM, TENSOR, TENSOR);
OP(clCreateMLOpUpdateParameterSGDQCOM, DESC(update_parameter_sgd), TENSOR, TENSOR, TENSOR);
OP(clCreateMLOpUpdateParameterADAMQCOM, DESC(update_parameter_adam), TENSOR, TENSOR, TENSOR, TENSOR,
   TENSOR);
TAKES(clCreateMLTensorQCOM, (cl_context)0, (const cl_ml_tensor_properties_qcom *)0,
      (const cl_ml_tensor_desc_qcom *)0, (cl_ml_tensor_qcom *)0);
TAKES(clGetMLTensorMemorySizeQCOM, (cl_context)0, TENSOR, (cl_uint *)0);
TAKES(clEnqueueMLOpQCOM, (cl_command_queue)0, (cl_ml_op_qcom)0, (cl_ml_tensor_mem_desc_set_qcom)0,
      WAITS);
TAKES(clEnqueueReadMLTensorDataQCOM, (cl_command_queue)0, TENSOR, (cl_mem)0, (void *)0,
      CL_TENSOR_LAYOUT_NCHW_QCOM, WAITS);
TAKES(clEnqueueWriteMLTensorDataQCOM, (cl_command_queue)0, (void *)0, CL_TENSOR_LAYOUT_NCHW_QCOM,
      TENSOR, (cl_mem)0, WAITS);
TAKES(clEnqueueCopyMLTensorDataQCOM, (cl_command_queue)0, TENSOR, (cl_mem)0, TENSOR, (cl_mem)0,
      WAITS);
TAKES(clTuneMLOpQCOM, (cl_command_queue)0, (cl_ml_op_qcom)0, (cl_ml_tensor_mem_desc_set_qcom)0,
      (cl_ml_tuningcache_qcom)0, (cl_ulong *)0);
TAKES(clSaveMLTuningCacheQCOM, (cl_ml_tuningcache_qcom)0, (size_t)0, (unsigned char *)0,
      (size_t *)0);
TAKES(clLoadMLTuningCacheQCOM, (cl_ml_tuningcache_qcom)0, (size_t)0, (unsigned char *)0);
TAKES(clUpdateMLTensorMemoryDescriptorSetQCOM, (cl_ml_tensor_mem_desc_set_qcom)0, (uint32_t)0,
      (const cl_ml_tensor_memory_desc_qcom *)0);
#endif
