/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/firelook.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "base/check.h"
#include "base/err.h"
#include "net/nftdump.h"

struct wr_fireboard *wr_firelook_share(void)
{
    void *board = mmap(NULL, sizeof(struct wr_fireboard), PROT_READ | PROT_WRITE,
                       MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return board == MAP_FAILED ? NULL : board;
}

void wr_firelook_unshare(struct wr_fireboard *board)
{
    if (board != NULL) {
        munmap(board, sizeof(*board));
    }
}

void wr_firelook_count(const char *name, size_t size, uint64_t packets,
                       struct wr_firecounts *counts)
{
    char text[48];
    unsigned segment;
    int end = 0;
    if (size >= sizeof(text)) {
        return;
    }
    memcpy(text, name, size);
    text[size] = 0;
    if (strcmp(text, "quarantine") == 0) {
        counts->quarantine = packets;
        return;
    }
    if (sscanf(text, "segment_%3u_%n", &segment, &end) != 1 || end == 0 ||
        segment >= WR_SEGMENTS_MAX) {
        return;
    }
    for (unsigned c = 0; c < WR_RULESET_COUNTERS; c++) {
        if (strcmp(text + end, wr_ruleset_counter_name(c)) == 0) {
            counts->counter[segment][c] = packets;
        }
    }
}

struct reading {
    struct wr_firecounts *counts;
    bool any;
    struct wr_fireboard *board;
    unsigned set;
};

static void on_counter(void *user, const struct wr_nftdump *one)
{
    struct reading *r = user;
    r->any = true;
    wr_firelook_count((const char *)one->key, one->size, one->packets, r->counts);
}

static void on_element(void *user, const struct wr_nftdump *one)
{
    struct reading *r = user;
    struct wr_fireboard_item *item = &r->board->item[r->board->count];
    if (r->board->count < WR_ARRAY_LEN(r->board->item) &&
        wr_bypass_key(r->set, one->key, one->size, &item->tried)) {
        item->packets = one->packets;
        r->board->count++;
    }
}

int wr_firelook(int fd, struct wr_firecounts *ret_counts, struct wr_fireboard *ret_board)
{
    struct reading r = {.counts = ret_counts, .board = ret_board};
    memset(ret_counts, 0, sizeof(*ret_counts));
    ret_board->count = 0;
    int err = fd < 0 ? WR_E_IO : wr_nftdump_counters(fd, on_counter, &r);
    if (err != WR_OK || !r.any) {
        return err != WR_OK ? err : WR_E_NOTFOUND;
    }
    for (r.set = 0; r.set < WR_RULESETBYPASS_SETS && err == WR_OK; r.set++) {
        char room[32];
        struct wr_str name;
        wr_str_init(&name, room, sizeof(room));
        wr_rulesetbypass_set(r.set, &name);
        err = wr_nftdump_set(fd, room, on_element, &r);
    }
    return err;
}
