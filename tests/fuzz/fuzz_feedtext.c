/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A list from anywhere. First octet: its format; second: what the owner says (1 below, 2 wide); third: octets a piece. Promised: names are well
 * formed and of the octets of hosts, prefixes have no bits behind their length, lines count up, what is told is printable, and
 * however the text is cut the same comes out.
 */
#include "fuzz.h"

#include "base/err.h"
#include "conf/feedtext.h"
#include "conf/hostsfile.h"
#include "policy/nametree.h"

struct seen {
    uint64_t hash;
    uint32_t names, prefixes, line;
};

static const struct wr_hash_key key = {{1, 2}};

static int on_name(void *user, const uint8_t *name, uint8_t flags, uint32_t line)
{
    struct seen *s = user;
    struct wr_name again;
    char text[WR_NAME_TEXT_SIZE];
    size_t n = wr_name_to_text(name, text, sizeof(text));
    promise(wr_name_size(name) > 1 && wr_hostsfile_name(text, n, &again) == WR_OK);
    promise(wr_name_equal(again.wire, name));
    promise((flags & (WR_NAMETREE_SELF | WR_NAMETREE_BELOW)) != 0 && flags < 16);
    promise(line > 0 && line >= s->line);
    s->line = line;
    s->names++;
    s->hash = wr_hash_mix(s->hash ^ wr_name_hash(&key, name) ^ line ^ flags);
    return WR_OK;
}

static int on_prefix(void *user, const struct wr_prefix *prefix, uint32_t line)
{
    struct seen *s = user;
    struct wr_addr masked = wr_addr_mask(&prefix->addr, prefix->len);
    promise(wr_addr_equal(&masked, &prefix->addr) && line >= s->line);
    s->line = line;
    s->prefixes++;
    s->hash = wr_hash_mix(s->hash ^ wr_hash_sip13(&key, prefix->addr.ip, 16) ^ prefix->len);
    return WR_OK;
}

static int read_in(const uint8_t *data, size_t size, size_t piece, struct wr_feedtext *t,
                   struct seen *seen)
{
    const struct wr_feedline_rules rules = {
        .format = data[0] % (WR_FEED_TABLE + 1), .below = data[1] & 1, .wide = data[1] & 2};
    const struct wr_feedtext_hooks hooks = {on_name, on_prefix, seen};
    wr_feedtext_init(t, &rules, &hooks);
    for (size_t at = 3; at < size; at += piece) {
        (void)wr_feedtext_feed(t, data + at, piece < size - at ? piece : size - at);
    }
    return wr_feedtext_end(t);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct wr_feedtext a, b;
    struct seen one = {0}, other = {0};
    if (size < 3) {
        return 0;
    }
    int err = read_in(data, size, size, &a, &one);
    promise(read_in(data, size, (size_t)data[2] + 1, &b, &other) == err);
    promise(memcmp(&one, &other, sizeof(one)) == 0);
    promise(a.counts.names == one.names && a.counts.prefixes == one.prefixes);
    promise(a.counts.bad == b.counts.bad && a.counts.other == b.counts.other);
    promise(err == WR_OK || (err == WR_E_FORMAT && a.refused != NULL));
    for (uint32_t i = 0; i < a.counts.tolds; i++) {
        promise(a.counts.told[i].line > 0 && a.counts.told[i].line <= a.counts.lines);
        for (const char *c = a.counts.told[i].text; *c; c++) {
            promise((unsigned char)*c >= 0x20 && *c != 0x7f);
        }
    }
    return 0;
}
