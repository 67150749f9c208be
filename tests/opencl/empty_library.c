/* A library that bears OpenCL's name and has none of its functions. */
int retune_tests_no_opencl(void);
int retune_tests_no_opencl(void) {
    return 0;
}
