/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Scenarios: plays story files and prints one line of TAP for each.
 *
 *     scenarios [-v] FILE.rpl...
 *     scenarios [-v] DIR
 *
 * -v tells each move. Exit 0: every story went as written.
 */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "story.h"

#define FILES_MAX 256

static int play(const char *path, bool verbose)
{
    struct story *s = calloc(1, sizeof *s);
    if (!s) {
        return -1;
    }
    int bad = story_read(s, path) || story_play(s, verbose);
    const char *name = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
    if (bad) {
        printf("not ok - %s%s\n#   %s: %s\n", name, s->title, path, s->error);
    } else {
        printf("ok - %s%s\n", name, s->title);
    }
    story_free(s);
    free(s);
    return bad;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int is_story(const struct dirent *d)
{
    size_t n = strlen(d->d_name);
    return n > 4 && strcmp(d->d_name + n - 4, ".rpl") == 0;
}

static int play_folder(const char *folder, bool verbose)
{
    struct dirent **list = NULL;
    int bad = 0, n = scandir(folder, &list, is_story, by_name);
    for (int i = 0; i < n; i++) {
        char path[1024];
        snprintf(path, sizeof path, "%s/%s", folder, list[i]->d_name);
        bad |= play(path, verbose);
        free(list[i]);
    }
    free(list);
    if (n <= 0) {
        printf("not ok - no story in %s\n", folder);
    }
    return n <= 0 ? -1 : bad;
}

int main(int argc, char **argv)
{
    bool verbose = argc > 1 && strcmp(argv[1], "-v") == 0;
    int bad = 0;
    setvbuf(stdout, NULL, _IOLBF, 1 << 16);
    if (argc < 2 + verbose) {
        fprintf(stderr, "usage: scenarios [-v] FILE.rpl... | DIR\n");
        return 2;
    }
    for (int i = 1 + verbose; i < argc; i++) {
        struct stat st;
        bad |= stat(argv[i], &st) == 0 && S_ISDIR(st.st_mode) ? play_folder(argv[i], verbose)
                                                              : play(argv[i], verbose);
    }
    return bad != 0;
}
