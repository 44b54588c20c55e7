/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DNS64 over what servers and clients send: one octet chooses the prefix's length, sixteen are an address, the rest is a
 * question's name and then RRsets in their flat form.
 *
 * Promised: an address that is taken apart and put together again is the same; what is made of an answer is well formed,
 * has no more records than the room, lives no longer than what it is made of, and is never called secure; a prefix that is
 * discovered is one; a reverse name leads below in-addr.arpa.
 */
#include "fuzz.h"

#include "base/err.h"
#include "resolve/dns64.h"

static struct wr_dns64_room room;

static void check_addresses(const struct wr_dns64 *d, const uint8_t ip6[16])
{
    uint8_t ip4[4], again[16], back[4];
    wr_dns64_embed(&d->prefix, ip6, again);
    promise(wr_dns64_extract(&d->prefix, again, back) && !memcmp(back, ip6, 4));
    if (wr_dns64_extract(&d->prefix, ip6, ip4)) {
        wr_dns64_embed(&d->prefix, ip4, again);
        promise(!memcmp(again, ip6, 16));
    }
}

static void check_name(const struct wr_dns64 *d, struct wr_reader *r)
{
    static const uint8_t in_addr_arpa[] = "\7in-addr\4arpa";
    struct wr_name name, v4;
    struct wr_answer ptr;
    if (wr_name_read_plain(r, &name) != WR_OK || !wr_dns64_reverse(d, name.wire, &v4)) {
        return;
    }
    promise(name.size == WR_DNS64_REVERSE_SIZE && v4.size == wr_name_size(v4.wire));
    promise(wr_name_in(v4.wire, in_addr_arpa) && wr_name_labels(v4.wire) == 6);
    wr_answer_clear(&ptr);
    const struct wr_answer *made = wr_dns64_link(name.wire, &v4, &ptr, &room);
    promise(made->answers == 1 && wr_rrset_check(&made->answer[0]) == WR_OK);
}

static void check_made(const struct wr_answer *from, const struct wr_answer *made)
{
    promise(made->answers == from->answers);
    for (unsigned i = 0; i < made->answers; i++) {
        const struct wr_rrset *set = &made->answer[i];
        if (set->data == from->answer[i].data) {
            continue;
        }
        promise(set->type == WR_TYPE_AAAA && set->records <= WR_DNS64_RECORDS_MAX);
        promise(set->records == 0 || wr_rrset_check(set) == WR_OK);
        promise(set->sigs == 0 && set->ttl <= from->answer[i].ttl);
        promise(made->security < WR_SECURITY_SECURE);
    }
}

static void check_answer(const struct wr_dns64 *d, struct wr_reader *r)
{
    struct wr_answer a;
    struct wr_prefix found;
    wr_answer_clear(&a);
    a.security = WR_SECURITY_SECURE;
    while (a.answers < WR_ANSWER_SETS_MAX && wr_rrset_get_flat(r, &a.answer[a.answers]) == WR_OK) {
        a.answers++;
    }
    check_made(&a, wr_dns64_map(d, &a, 60, WR_SECURITY_SECURE, &room));
    if (!wr_dns64_lacks(d, &a)) {
        check_made(&a, wr_dns64_strip(d, &a, &room));
    }
    if (wr_dns64_discover(&a, &found)) {
        promise(wr_dns64_is_prefix(&found));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t lengths[] = {32, 40, 48, 56, 64, 96};
    struct wr_prefix exclude = {.addr = {.family = WR_AF_V6, .ip = {[10] = 0xff, [11] = 0xff}},
                                .len = 96};
    struct wr_dns64 d = {.exclude = &exclude, .excludes = 1};
    struct wr_addr addr = {.family = WR_AF_V6};
    struct wr_reader r;
    if (size < 17) {
        return 0;
    }
    memcpy(addr.ip, data + 1, 16);
    d.prefix.len = lengths[data[0] % sizeof(lengths)];
    addr.ip[8] = 0;
    d.prefix.addr = wr_addr_mask(&addr, d.prefix.len);
    promise(wr_dns64_is_prefix(&d.prefix));
    check_addresses(&d, data + 1);
    wr_buf_read_init(&r, data + 17, size - 17);
    check_name(&d, &r);
    check_answer(&d, &r);
    return 0;
}
