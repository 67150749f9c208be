#include "image/exif.h"

#include <stdbool.h>
#include <string.h>

enum { TAG_ORIENTATION = 0x0112, TYPE_SHORT = 3, HEADER_SIZE = 8, ENTRY_SIZE = 12 };

static uint32_t read_u16(const unsigned char *at, bool big_endian) {
    return big_endian ? (uint32_t)(at[0] << 8 | at[1]) : (uint32_t)(at[1] << 8 | at[0]);
}

static uint32_t read_u32(const unsigned char *at, bool big_endian) {
    uint32_t first = read_u16(at, big_endian), second = read_u16(at + 2, big_endian);
    return big_endian ? first << 16 | second : second << 16 | first;
}

uint32_t retune_exif_orientation(const unsigned char *data, size_t size) {
    if (size < HEADER_SIZE || (memcmp(data, "II", 2) != 0 && memcmp(data, "MM", 2) != 0))
        return 1;
    bool big_endian = data[0] == 'M';
    size_t directory = read_u32(data + 4, big_endian);
    if (read_u16(data + 2, big_endian) != 42 || directory > size || size - directory < 2)
        return 1;

    size_t entries = read_u16(data + directory, big_endian);
    size_t room = (size - directory - 2) / ENTRY_SIZE;
    if (entries > room)
        entries = room;
    for (size_t i = 0; i < entries; i++) {
        const unsigned char *entry = data + directory + 2 + i * ENTRY_SIZE;
        if (read_u16(entry, big_endian) != TAG_ORIENTATION)
            continue;
        uint32_t orientation = read_u16(entry + 8, big_endian);
        bool valid = read_u16(entry + 2, big_endian) == TYPE_SHORT &&
                     read_u32(entry + 4, big_endian) == 1 && orientation >= 1 && orientation <= 8;
        return valid ? orientation : 1;
    }
    return 1;
}
