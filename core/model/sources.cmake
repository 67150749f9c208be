set(sources
    architecture.c delta.c import.c model.c model_file.c safetensors.c safetensors_write.c)
