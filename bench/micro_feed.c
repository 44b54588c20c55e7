/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lists, alone: what a million names cost to read, to build, to open and to ask, in one thread.
 *
 *     build/main/bench/micro_feed [names] [FILE]
 *
 * Without a file the list is a hosts file of names that are made up (three labels, twenty octets on average), as public lists have them. Times
 * are of the processor. "asked" are names of three labels in random order, half of them in the list: any of them, and 200.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/err.h"
#include "base/rng.h"
#include "conf/feedtext.h"
#include "dns/name.h"
#include "policy/nametree.h"

static const struct wr_hash_key key = {{11, 12}};

struct list {
    struct wr_nametree_item *item;
    uint32_t count, room;
};

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static int on_name(void *user, const uint8_t *name, uint8_t flags, uint32_t line)
{
    struct list *list = user;
    if (list->count == list->room) {
        return WR_E_LIMIT;
    }
    return wr_nametree_item(&key, name, flags, line, &list->item[list->count++]);
}

static int on_prefix(void *user, const struct wr_prefix *prefix, uint32_t line)
{
    return WR_OK;
}

static int spell(char *text, size_t cap, uint32_t i)
{
    return snprintf(text, cap, "h%u.%s%u.example", (unsigned)i, i % 3 ? "ads" : "tracker",
                    (unsigned)(i % 977));
}

static char *make(uint32_t names, size_t *ret_n)
{
    char *text = malloc((size_t)names * 48), *at = text;
    for (uint32_t i = 0; i < names && at; i++) {
        at += sprintf(at, "0.0.0.0 ");
        at += spell(at, 40, i);
        *at++ = '\n';
    }
    *ret_n = at ? (size_t)(at - text) : 0;
    return text;
}

static char *load(const char *path, size_t *ret_n)
{
    FILE *in = fopen(path, "rb");
    char *text = NULL;
    if (in && fseek(in, 0, SEEK_END) == 0) {
        size_t n = (size_t)ftell(in);
        rewind(in);
        text = malloc(n + 1);
        *ret_n = text ? fread(text, 1, n, in) : 0;
    }
    if (in) {
        fclose(in);
    }
    return text;
}

/* `spread`: of so many names; few are hot in the processor's caches, as in a house. */
static void ask(const struct wr_nametree *tree, uint32_t names, uint32_t spread, const char *what)
{
    enum { ASKED = 1000000 };
    static uint8_t asked[4096][WR_NAME_MAX];
    struct wr_nametree_hit hit;
    struct wr_rng rng;
    uint32_t hits = 0;
    double spent = 0;
    wr_rng_seed_u64(&rng, 1);
    for (uint32_t done = 0; done < ASKED; done += 4096) {
        for (int i = 0; i < 4096; i++) {
            char text[64];
            struct wr_name name;
            int n = spell(text, sizeof(text),
                          (uint32_t)wr_rng_below(&rng, spread) * (names * 2 / spread));
            if (wr_name_from_text(text, (size_t)n, &name) == WR_OK) {
                memcpy(asked[i], name.wire, name.size);
            }
        }
        double from = now_ms();
        for (int i = 0; i < 4096; i++) {
            hits += wr_nametree_find(tree, asked[i], &hit);
        }
        spent += now_ms() - from;
    }
    printf("asked       %.0f ns a name (%s), %.1f %% listed\n", spent * 1e6 / ASKED, what,
           100.0 * hits / ASKED);
}

int main(int argc, char **argv)
{
    static struct wr_feedtext t;
    uint32_t names = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 1000000;
    size_t n = 0, size = 0;
    char *text = argc > 2 ? load(argv[2], &n) : make(names, &n);
    struct list list = {.room = WR_NAMETREE_NAMES_MAX};
    struct wr_suffixes *suffixes = wr_suffixes_open();
    const struct wr_feedline_rules rules = {.suffixes = suffixes};
    const struct wr_feedtext_hooks hooks = {on_name, on_prefix, &list};
    struct wr_nametree tree;
    list.item = malloc(sizeof(*list.item) * list.room);
    if (!text || !list.item) {
        return 1;
    }
    double from = now_ms();
    wr_feedtext_init(&t, &rules, &hooks);
    (void)wr_feedtext_feed(&t, text, n);
    int err = wr_feedtext_end(&t);
    double read = now_ms();
    size_t room = wr_nametree_room(list.count);
    void *block = aligned_alloc(64, (room + 63) / 64 * 64);
    if (!block || wr_nametree_build(&key, list.item, list.count, block, room, &size) != WR_OK) {
        return 1;
    }
    double built = now_ms();
    if (wr_nametree_open(&tree, block, size) != WR_OK) {
        return 1;
    }
    double opened = now_ms();
    printf("text        %.1f MB, %u lines, %u bad, %u not for DNS, %s\n", (double)n / 1e6,
           (unsigned)t.counts.lines, (unsigned)t.counts.bad, (unsigned)t.counts.other,
           err ? wr_err_name(err) : "taken");
    printf("names       %u\n", (unsigned)tree.count);
    printf("read        %.0f ms\nbuilt       %.0f ms\nopened      %.1f ms\n", read - from,
           built - read, opened - built);
    printf("memory      %.2f octets a name\n", tree.count ? (double)size / tree.count : 0.0);
    ask(&tree, names, names * 2, "any");
    ask(&tree, names, 200, "200 of them");
    wr_suffixes_close(suffixes);
    free(block);
    free(list.item);
    free(text);
    return 0;
}
