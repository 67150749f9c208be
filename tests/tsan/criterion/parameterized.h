/* Parameterized tests, as criterion.h here understands them. */
#ifndef RETUNE_TESTS_TSAN_PARAMETERIZED_H
#define RETUNE_TESTS_TSAN_PARAMETERIZED_H

#include <criterion/criterion.h>

#include <stdlib.h>

#define ParameterizedTestParameters(Suite, Name)                                                   \
    static struct criterion_test_params Suite##_##Name##_parameters(void)

#define ParameterizedTest(Parameter, Suite, Name, ...)                                             \
    static void Suite##_##Name##_test(Parameter);                                                  \
    static void Suite##_##Name##_call(void *parameter) {                                           \
        Suite##_##Name##_test(parameter);                                                          \
    }                                                                                              \
    CRITERION_REGISTER(Suite, Name, CRITERION_OPTIONS(__VA_ARGS__),                                \
                       .run_with = Suite##_##Name##_call,                                          \
                       .parameters = Suite##_##Name##_parameters)                                  \
    static void Suite##_##Name##_test(Parameter)

/* The runner's exit frees the array. */
#define cr_make_param_array(Type, Array, Length, Cleanup)                                          \
    ((struct criterion_test_params){sizeof(Type), (Array), (Length)})
#define cr_malloc malloc

#endif
