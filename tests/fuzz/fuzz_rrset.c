/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Flat RRsets behind one another, as a kept cache or a checkpoint has them: what is taken is written again to the
 * same octets, and a message built of it parses and has all its records.
 */
#include "fuzz.h"

#include "base/err.h"
#include "dns/rrset.h"

static uint8_t room[WR_MSG_MAX];
static uint8_t flat[WR_RRSET_SIZE_MAX + 512];

static void check_set(const struct wr_rrset *set, const uint8_t *from, size_t n, uint32_t turn)
{
    struct wr_writer w;
    struct wr_build b;
    struct wr_msg m;

    promise(n == wr_rrset_flat_size(set));
    wr_buf_write_init(&w, flat, sizeof(flat));
    wr_rrset_put_flat(&w, set);
    promise(w.err == WR_OK && w.pos == n && !memcmp(flat, from, n));
    wr_build_start(&b, room, sizeof(room), 1, 0);
    if (wr_rrset_build(&b, WR_SECTION_ANSWER, set, set->ttl, true, turn) != WR_OK) {
        promise(b.w.pos == WR_MSG_HEADER_SIZE && b.counts[0] == 0);
        return;
    }
    promise(b.counts[0] == set->records + set->sigs);
    promise(wr_msg_parse(&m, room, wr_build_finish(&b, 0)) == WR_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct wr_reader r;
    struct wr_rrset set;

    if (size < 1) {
        return 0;
    }
    wr_buf_read_init(&r, data + 1, size - 1);
    for (size_t start = 0; wr_rrset_get_flat(&r, &set) == WR_OK; start = r.pos) {
        check_set(&set, r.base + start, r.pos - start, data[0]);
    }
    promise(r.err != WR_OK);
    return 0;
}
