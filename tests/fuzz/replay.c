/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Feeds every file of a corpus directory through one fuzzer's entry point, each from a heap block of
 * exactly its size, so that the address sanitizer sees a read of one byte too many. Beside the
 * file as it is, each is also replayed cut short at a few places: most parser mistakes are about
 * where the input ends. An empty or missing corpus is a failure, not a pass.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { FILE_MAX_BYTES = 1 << 20, CUTS = 16 };

static void replay_copy(const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size ? size : 1);

    if (!copy)
        abort();
    memcpy(copy, data, size);
    LLVMFuzzerTestOneInput(copy, size);
    free(copy);
}

static int replay_file(const char *path)
{
    static uint8_t data[FILE_MAX_BYTES];
    FILE *f = fopen(path, "rb");
    size_t size;

    if (!f)
        return -1;
    size = fread(data, 1, sizeof(data), f);
    fclose(f);
    replay_copy(data, size);
    for (size_t i = 1; i < CUTS; i++)
        replay_copy(data, size * i / CUTS);
    return 0;
}

int main(int argc, char **argv)
{
    struct dirent *entry;
    char path[4096];
    unsigned long files = 0;
    DIR *dir = argc == 2 ? opendir(argv[1]) : NULL;

    if (!dir) {
        fprintf(stderr, "replay: no corpus directory %s\n", argc == 2 ? argv[1] : "given");
        return 1;
    }
    while ((entry = readdir(dir))) {
        if (entry->d_name[0] == '.')
            continue;
        snprintf(path, sizeof(path), "%s/%s", argv[1], entry->d_name);
        if (replay_file(path)) {
            perror(path);
            return 1;
        }
        files++;
    }
    closedir(dir);
    printf("# %lu corpus files\n", files);
    return files ? 0 : 1;
}
