/* A config as a list of settings: the rows of the table, then the options of the backends. */
#include "config/details.h"

#include "base/memory.h"

#include <string.h>

size_t retune_config_setting_count(const retune_config *config) {
    size_t count = retune_key_count();
    if (config) {
        const retune_sections *backends = &config->details->backends;
        for (size_t i = 0; i < backends->count; i++)
            count += backends->items[i].count;
    }
    return count;
}

static retune_setting describe_key(const retune_config *config, size_t index) {
    const retune_key *key = retune_key_at(index);
    const retune_written *written = config ? &config->details->written[index] : NULL;
    return (retune_setting){.section = key->section,
                            .key = key->key,
                            .allowed = key->allowed,
                            .default_value = key->default_value,
                            .description = key->description,
                            .value = written ? written->text : NULL,
                            .origin = written ? written->origin : NULL};
}

/* Option `index` of the backends, counted through their sections. */
static retune_setting describe_option(const retune_config *config, size_t index) {
    const retune_section *section = config->details->backends.items;
    for (; index >= section->count; section++)
        index -= section->count;
    return (retune_setting){.section = section->title,
                            .key = section->options[index].key,
                            .allowed = "what the backend knows",
                            .default_value = "",
                            .description = "Passed on to the backend.",
                            .value = section->options[index].value,
                            .origin = section->origins[index]};
}

retune_status retune_config_setting(const retune_config *config, size_t index,
                                    retune_setting *out_setting, retune_error *error) {
    uint32_t size = out_setting->struct_size;
    if (size < sizeof size)
        return retune_fail(error, RETUNE_INVALID, "retune_setting: struct_size is not set");
    size_t count = retune_config_setting_count(config);
    memset((char *)out_setting + sizeof size, 0,
           (size < sizeof *out_setting ? size : sizeof *out_setting) - sizeof size);
    if (index >= count)
        return retune_fail(error, RETUNE_INVALID, "there is no setting %zu: there are %zu", index,
                           count);
    retune_setting setting = index < retune_key_count()
                                 ? describe_key(config, index)
                                 : describe_option(config, index - retune_key_count());
    setting.struct_size = size;
    memcpy(out_setting, &setting, size < sizeof setting ? size : sizeof setting);
    return RETUNE_OK;
}
