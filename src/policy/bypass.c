/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/bypass.h"

#include <string.h>

#include "base/hash.h"
#include "policy/rulesetbypass.h"

static const char *const names[WR_BYPASS_KINDS] = {"dns", "encrypted", "doh", "unleased", "router"};

const char *wr_bypass_what_name(unsigned what)
{
    return what < WR_BYPASS_KINDS ? names[what] : "";
}

/* Who could aim at it would only mix two tries of his own, and they are compared. */
static uint64_t hash_of(const struct wr_bypass_try *tried)
{
    static const struct wr_hash_key key = {{0, 0}};
    uint8_t octets[32] = {0};
    memcpy(octets, tried->mac, 6);
    octets[6] = tried->what;
    octets[7] = tried->protocol;
    memcpy(octets + 8, &tried->port, 2);
    memcpy(octets + 10, &tried->ifindex, 4);
    octets[14] = tried->to.family;
    memcpy(octets + 16, tried->to.ip, 16);
    return wr_hash_sip13(&key, octets, sizeof(octets));
}

static bool is_same(const struct wr_bypass_row *row, const struct wr_bypass_try *tried)
{
    const struct wr_bypass_try *t = &row->tried;
    return t->what == tried->what && t->protocol == tried->protocol && t->port == tried->port &&
           t->ifindex == tried->ifindex && memcmp(t->mac, tried->mac, 6) == 0 &&
           wr_addr_same_ip(&t->to, &tried->to);
}

/* A place for another row, or NULL. */
static struct wr_bypass_row *make_room(struct wr_bypass *b, const struct wr_bypass_try *tried,
                                       bool known)
{
    struct wr_bypass_row *worst = NULL;
    size_t own = 0;
    for (size_t i = 0; i < b->rows; i++) {
        struct wr_bypass_row *r = &b->row[i];
        own += r->tried.ifindex == tried->ifindex && memcmp(r->tried.mac, tried->mac, 6) == 0;
        if (worst == NULL || r->known < worst->known ||
            (r->known == worst->known && r->last_s < worst->last_s)) {
            worst = r;
        }
    }
    if (own >= WR_BYPASS_OWN_MAX) {
        return NULL;
    }
    if (b->rows < WR_BYPASS_ROWS_MAX) {
        return &b->row[b->rows++];
    }
    return worst->known && !known ? NULL : worst;
}

static enum wr_bypass_news find(struct wr_bypass *b, const struct wr_bypass_try *tried, bool known,
                                int64_t now_s, struct wr_bypass_row **ret_row)
{
    uint64_t hash = hash_of(tried);
    for (size_t i = 0; i < b->rows; i++) {
        if (b->row[i].hash == hash && is_same(&b->row[i], tried)) {
            *ret_row = &b->row[i];
            (*ret_row)->known = known;
            return WR_BYPASS_OLD;
        }
    }
    struct wr_bypass_row *r = make_room(b, tried, known);
    if (r == NULL) {
        return WR_BYPASS_LEFT;
    }
    *r = (struct wr_bypass_row){.tried = *tried, .known = known, .first_s = now_s, .hash = hash};
    *ret_row = r;
    return WR_BYPASS_NEW;
}

void wr_bypass_round(struct wr_bypass *b)
{
    b->round++;
    b->left = 0;
}

enum wr_bypass_news wr_bypass_add(struct wr_bypass *b, const struct wr_bypass_try *tried,
                                  bool known, int64_t now_s)
{
    struct wr_bypass_row *r = NULL;
    enum wr_bypass_news news = find(b, tried, known, now_s, &r);
    b->total[tried->what]++;
    if (news == WR_BYPASS_LEFT) {
        b->left++;
        return news;
    }
    r->count++;
    r->last_s = now_s;
    return news;
}

enum wr_bypass_news wr_bypass_take(struct wr_bypass *b, const struct wr_bypass_try *tried,
                                   uint64_t packets, bool known, int64_t now_s)
{
    struct wr_bypass_row *r = NULL;
    enum wr_bypass_news news = find(b, tried, known, now_s, &r);
    if (news == WR_BYPASS_LEFT) {
        b->left++;
        return news;
    }
    /* Of an element that was there at the last look, what has come since; the kernel may show one twice while it makes room. */
    bool again = news == WR_BYPASS_OLD && r->round == b->round;
    bool goes_on = news == WR_BYPASS_OLD && r->round + 1 == b->round && packets >= r->packets;
    uint64_t more = again ? 0 : goes_on ? packets - r->packets : packets;
    r->packets = again ? r->packets : packets;
    r->round = b->round;
    r->count += more;
    b->total[tried->what] += more;
    r->last_s = more > 0 ? now_s : r->last_s;
    return news;
}

/* As `iif . ether saddr . daddr . meta l4proto . th dport` is: each part begins at a word of 32 bits. */
bool wr_bypass_key(unsigned set, const uint8_t *key, size_t size, struct wr_bypass_try *ret_try)
{
    enum { MAC = 4, TO = 12 };
    bool v6 = set % 2 == 1;
    size_t octets = v6 ? 16 : 4;
    if (set >= WR_RULESETBYPASS_SETS || size != TO + octets + 8) {
        return false;
    }
    const uint8_t *behind = key + TO + octets;
    struct wr_bypass_try t = {.protocol = behind[0],
                              .port = (uint16_t)(behind[4] << 8 | behind[5]),
                              .to = {.family = v6 ? WR_AF_V6 : WR_AF_V4}};
    memcpy(&t.ifindex, key, sizeof(t.ifindex));
    memcpy(t.mac, key + MAC, sizeof(t.mac));
    memcpy(t.to.ip, key + TO, octets);
    t.what = set / 2 == 1   ? WR_BYPASS_DOH
             : set / 2 == 2 ? WR_BYPASS_UNLEASED
             : t.port == 53 ? WR_BYPASS_DNS
                            : WR_BYPASS_ENCRYPTED;
    *ret_try = t;
    return true;
}
