/* Devices that lack something: they are passed over, or the run goes on without what they lack and
 * learns the same. limited/... are those of plugins/limited.c. */
#include "run/events.h"
#include "run/scene.h"
#include "run/tensors.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

TestSuite(run_limits, .init = scene_begin, .fini = scene_end);

#define LIMITED "--set backend.plugin_path=" LIMITED_FOLDER " --set backend.order="

/* ---- Precision ----------------------------------------------------------------------------- */

Test(run_limits, a_precision_that_no_device_stores) {
    scene_refuse(4, "train job.ini " LIMITED "limited/f32 --set backend.precision=fp16",
                 "limited/f32: stores no fp16 maps", NULL);
    scene_refuse(4, "train job.ini " LIMITED "limited/f32 --set backend.precision=bf16",
                 "limited/f32: stores no bf16 maps", NULL);
    cr_expect(access("run/job.ini", F_OK) != 0, "a refused run wrote run/job.ini");
}

Test(run_limits, a_model_is_not_used_in_a_precision_that_no_device_stores) {
    scene_train("");
    scene_picture("new.png", 1, 500);
    scene_refuse(4, "eval job.ini " LIMITED "limited/f32 --set backend.precision=fp16",
                 "stores no fp16 maps", NULL);
    scene_refuse(4, "check job.ini " LIMITED "limited/f32 --set backend.precision=bf16",
                 "stores no bf16 maps", NULL);
}

Test(run_limits, a_precision_that_is_none) {
    scene_refuse(2, "train job.ini --set backend.precision=fp8", "fp32 | fp16 | bf16", NULL);
}

Test(run_limits, fp32_needs_nothing) {
    scene_train(LIMITED "limited/f32");
}
