#include "object.h"

#include "session.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* ---- Errors -------------------------------------------------------------------------------- */

static retune_status write_error(const keras_h5_object *at, retune_error *error,
                                 retune_status status, const char *format, va_list arguments) {
    error->code = (int32_t)status;
    int used = snprintf(error->message, sizeof error->message,
                        at->path[0] ? "%s: %s: " : "%s: ", at->file->name, at->path);
    if (used >= 0 && (size_t)used < sizeof error->message)
        vsnprintf(error->message + used, sizeof error->message - (size_t)used, format, arguments);
    return status;
}

retune_status keras_h5_fail(const keras_h5_object *at, retune_error *error, retune_status status,
                            const char *format, ...) {
    if (!error)
        return status;
    va_list arguments;
    va_start(arguments, format);
    write_error(at, error, status, format, arguments);
    va_end(arguments);
    return status;
}

retune_status keras_h5_fail_library(const keras_h5_object *at, retune_error *error,
                                    retune_status status, const char *format, ...) {
    if (!error)
        return status;
    char why[KERAS_H5_LIBRARY_TEXT_MAX];
    keras_h5_library_text(why);
    va_list arguments;
    va_start(arguments, format);
    write_error(at, error, status, format, arguments);
    va_end(arguments);
    size_t used = strlen(error->message);
    snprintf(error->message + used, sizeof error->message - used, ": %s", why);
    return status;
}

/* ---- One step ------------------------------------------------------------------------------ */

/* Makes `child` a place below `parent`, closed as yet, once its name is known to be harmless. */
static retune_status name_child(const keras_h5_object *parent, const char *name,
                                keras_h5_object *child, retune_error *error) {
    *child = *parent;
    child->id = H5I_INVALID_HID;
    for (const char *c = name; *c; c++)
        if ((unsigned char)*c < ' ' || *c == 0x7f)
            return keras_h5_fail(parent, error, RETUNE_CORRUPT, "a name with control characters");
    if (!name[0] || !strcmp(name, ".") || !strcmp(name, ".."))
        return keras_h5_fail(parent, error, RETUNE_UNSUPPORTED, "'%s' is no name below here", name);
    int length = snprintf(child->path, sizeof child->path, "%s/%s",
                          parent->depth > 1 ? parent->path : "", name);
    if (length < 0 || (size_t)length >= sizeof child->path)
        return keras_h5_fail(parent, error, RETUNE_UNSUPPORTED, "a path of %d characters", length);
    if (parent->is_dataset)
        return keras_h5_fail(child, error, RETUNE_CORRUPT, "lies below a dataset");
    return RETUNE_OK;
}

static retune_status check_link(const keras_h5_object *parent, const char *name,
                                const keras_h5_object *child, retune_error *error) {
    H5L_info_t link;
    htri_t exists = H5Lexists(parent->id, name, H5P_DEFAULT);
    if (exists == 0)
        return keras_h5_fail(child, error, RETUNE_CORRUPT, "missing");
    if (exists < 0 || H5Lget_info(parent->id, name, &link, H5P_DEFAULT) < 0)
        return keras_h5_fail_library(child, error, RETUNE_CORRUPT, "cannot be looked up");
    if (link.type == H5L_TYPE_HARD)
        return RETUNE_OK;
    return keras_h5_fail(child, error, RETUNE_UNSUPPORTED, "%s link, which is not followed",
                         link.type == H5L_TYPE_SOFT       ? "a soft"
                         : link.type == H5L_TYPE_EXTERNAL ? "an external"
                                                          : "a user-defined");
}

/* Adds the group at `address` to the way from the root. */
static retune_status enter_group(keras_h5_object *group, haddr_t address, retune_error *error) {
    for (unsigned i = 0; i < group->depth; i++)
        if (group->ancestors[i] == address)
            return keras_h5_fail(group, error, RETUNE_UNSUPPORTED, "a group that contains itself");
    if (group->depth == KERAS_H5_DEPTH_MAX)
        return keras_h5_fail(group, error, RETUNE_UNSUPPORTED, "more than %d groups deep",
                             KERAS_H5_DEPTH_MAX);
    group->ancestors[group->depth++] = address;
    return RETUNE_OK;
}

static retune_status open_step(const keras_h5_object *parent, const char *name,
                               keras_h5_object *out_child, retune_error *error) {
    H5O_info_t info;
    retune_status status = name_child(parent, name, out_child, error);
    if (status == RETUNE_OK)
        status = check_link(parent, name, out_child, error);
    if (status != RETUNE_OK)
        return status;
    if (H5Oget_info_by_name2(parent->id, name, &info, H5O_INFO_BASIC, H5P_DEFAULT) < 0)
        return keras_h5_fail_library(out_child, error, RETUNE_CORRUPT, "cannot be looked at");
    switch (info.type) {
    case H5O_TYPE_GROUP:
        status = enter_group(out_child, info.addr, error);
        if (status != RETUNE_OK)
            return status;
        out_child->id = H5Gopen2(parent->id, name, H5P_DEFAULT);
        break;
    case H5O_TYPE_DATASET:
        out_child->is_dataset = true;
        out_child->id = H5Dopen2(parent->id, name, H5P_DEFAULT);
        break;
    default:
        return keras_h5_fail(out_child, error, RETUNE_UNSUPPORTED, "neither a group nor a dataset");
    }
    if (out_child->id < 0)
        return keras_h5_fail_library(out_child, error, RETUNE_CORRUPT, "cannot be opened");
    return RETUNE_OK;
}

/* ---- Paths --------------------------------------------------------------------------------- */

retune_status keras_h5_object_open_root(hid_t id, const keras_h5_file *file,
                                        keras_h5_object *out_root, retune_error *error) {
    H5O_info_t info;
    *out_root = (keras_h5_object){.id = H5I_INVALID_HID, .file = file, .path = "/"};
    hid_t root = H5Gopen2(id, "/", H5P_DEFAULT);
    if (root < 0)
        return keras_h5_fail_library(out_root, error, RETUNE_CORRUPT, "cannot be opened");
    out_root->id = root;
    retune_status status = RETUNE_OK;
    if (H5Oget_info2(root, &info, H5O_INFO_BASIC) < 0)
        status = keras_h5_fail_library(out_root, error, RETUNE_CORRUPT, "cannot be looked at");
    else
        status = enter_group(out_root, info.addr, error);
    if (status != RETUNE_OK)
        keras_h5_object_close(out_root);
    return status;
}

retune_status keras_h5_object_open(const keras_h5_object *from, const char *path,
                                   keras_h5_object *out_object, retune_error *error) {
    keras_h5_object here = *from, next = {.id = H5I_INVALID_HID};
    char name[KERAS_H5_PATH_MAX];
    out_object->id = H5I_INVALID_HID;
    for (;;) {
        size_t length = strcspn(path, "/");
        int written = snprintf(name, sizeof name, "%.*s", (int)(length % sizeof name), path);
        retune_status status = length < sizeof name && written >= 0
                                   ? open_step(&here, name, &next, error)
                                   : keras_h5_fail(&here, error, RETUNE_UNSUPPORTED,
                                                   "a name of %zu characters", length);
        if (here.id != from->id)
            keras_h5_object_close(&here);
        if (status != RETUNE_OK)
            return status;
        here = next;
        if (path[length] == '\0')
            break;
        path += length + 1;
    }
    *out_object = here;
    return RETUNE_OK;
}

void keras_h5_object_close(keras_h5_object *object) {
    if (object->id < 0)
        return;
    if (object->is_dataset)
        H5Dclose(object->id);
    else
        H5Gclose(object->id);
    object->id = H5I_INVALID_HID;
}

bool keras_h5_object_has(const keras_h5_object *group, const char *name) {
    return H5Lexists(group->id, name, H5P_DEFAULT) > 0;
}
