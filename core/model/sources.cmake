set(sources safetensors.c safetensors_write.c)
