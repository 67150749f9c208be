/* A library that bears Vulkan's name and has none of its functions. */
int retune_tests_no_vulkan(void);
int retune_tests_no_vulkan(void) {
    return 0;
}
