/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a learned profile refuses: bench/learn.py's other half, on policy/learn itself.
 *
 * Reads lines from standard input and writes one for each "profile":
 *
 *     own NAME WHEN MISSING      a query of the device (WHEN in seconds, MISSING 0 or 1)
 *     other NAME                 a query of another device that is known when it is learned
 *     profile                    the end of what is learned
 *     ask NAME                   is it approved? prints 0 or 1
 *     rows                       prints the lines of the profile: "NAME WHY", and an empty one
 *     new                        all is forgotten
 *
 * `other` stands behind all `own`.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/suffixes.h"
#include "policy/learn.h"

struct work {
    struct wr_suffixes *suffixes;
    void *block;
    struct wr_learn *learn;
    struct wr_learn_row *row;
    uint32_t rows;
    bool summed;
};

static bool shared(void *user, const uint8_t *name)
{
    return wr_suffixes_shared(user, name);
}

static void begin(struct work *w)
{
    w->learn = wr_learn_init(w->block, WR_LEARN_NAMES_MAX, shared, w->suffixes);
    w->rows = 0;
    w->summed = false;
}

static void sum(struct work *w)
{
    if (!w->summed)
        wr_learn_sum(w->learn);
    w->summed = true;
}

static void tell_rows(const struct work *w)
{
    char text[WR_NAME_TEXT_SIZE];

    for (uint32_t i = 0; i < w->rows; i++) {
        (void)wr_name_to_text(w->row[i].name, text, sizeof(text));
        printf("%s%s %s\n", w->row[i].below ? "*." : "", text, wr_learn_why_text(w->row[i].why));
    }
    puts("");
}

static void line(struct work *w, char *text)
{
    char word[16], name[1024];
    long long when = 0;
    int missing = 0;
    struct wr_name n = {.size = 0};
    int words = sscanf(text, "%15s %1023s %lld %d", word, name, &when, &missing);

    if (words > 1 && wr_name_from_text(name, strlen(name), &n) != 0) {
        fprintf(stderr, "bench/learn: no name: %s\n", name);
        exit(1);
    }
    if (words == 4 && !strcmp(word, "own")) {
        (void)wr_learn_take(w->learn, n.wire, when, missing != 0);
    } else if (words == 2 && !strcmp(word, "other")) {
        sum(w);
        wr_learn_other(w->learn, n.wire);
    } else if (words == 2 && !strcmp(word, "ask")) {
        puts(wr_learn_permits(w->row, w->rows, n.wire) ? "1" : "0");
    } else if (words == 1 && !strcmp(word, "profile")) {
        sum(w);
        w->rows = wr_learn_rows(w->learn, w->row);
    } else if (words == 1 && !strcmp(word, "rows")) {
        tell_rows(w);
    } else if (words == 1 && !strcmp(word, "new")) {
        begin(w);
    } else {
        fprintf(stderr, "bench/learn: not understood: %s", text);
        exit(1);
    }
}

int main(void)
{
    struct work w = {.suffixes = wr_suffixes_open(),
                     .block = malloc(wr_learn_size(WR_LEARN_NAMES_MAX)),
                     .row = calloc((size_t)2 * WR_LEARN_NAMES_MAX, sizeof(*w.row))};
    static char text[2048];

    if (!w.suffixes || !w.block || !w.row)
        return 1;
    setvbuf(stdout, NULL, _IOLBF, 0);
    begin(&w);
    while (fgets(text, sizeof(text), stdin))
        line(&w, text);
    free(w.row);
    free(w.block);
    wr_suffixes_close(w.suffixes);
    return 0;
}
