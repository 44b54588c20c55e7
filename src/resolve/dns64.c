/* SPDX-License-Identifier: Apache-2.0 */
#include "resolve/dns64.h"

#include <string.h>

#include "policy/prefix.h"

/* Of what is made in place of a denial without a SOA (RFC 6147 section 5.1.7). */
#define NO_SOA_TTL_S 600
/* Of ipv4only.arpa: a changed prefix is known within the hour. */
#define IPV4ONLY_TTL_S 3600
/* Two octets of length before each record (dns/rrset.h). */
#define A_STEP    6
#define AAAA_STEP 18

const uint8_t wr_dns64_ipv4only_name[15] = "\10ipv4only\4arpa";

/* Addresses of ipv4only.arpa (RFC 7050 section 2.2). */
static const uint8_t well_known[2][4] = {{192, 0, 0, 170}, {192, 0, 0, 171}};
static const uint8_t lengths[] = {96, 64, 56, 48, 40, 32};

/* --- forms of addresses ----------------------------------------------------------------------- */

bool wr_dns64_is_prefix(const struct wr_prefix *prefix)
{
    struct wr_addr masked = wr_addr_mask(&prefix->addr, prefix->len);
    if (prefix->addr.family != WR_AF_V6 || prefix->addr.ip[8] != 0 ||
        !wr_addr_same_ip(&masked, &prefix->addr)) {
        return false;
    }
    return memchr(lengths, prefix->len, sizeof(lengths)) != NULL;
}

/* Where octet `i` of the IPv4 address stands: behind the prefix, octet 8 is passed over. */
static unsigned place_of(unsigned len, unsigned i)
{
    unsigned at = len / 8 + i;
    return len < 96 && at >= 8 ? at + 1 : at;
}

void wr_dns64_embed(const struct wr_prefix *prefix, const uint8_t ip4[4], uint8_t ret_ip6[16])
{
    memcpy(ret_ip6, prefix->addr.ip, 16);
    for (unsigned i = 0; i < 4; i++) {
        ret_ip6[place_of(prefix->len, i)] = ip4[i];
    }
}

bool wr_dns64_extract(const struct wr_prefix *prefix, const uint8_t ip6[16], uint8_t ret_ip4[4])
{
    uint8_t ip4[4], made[16];
    for (unsigned i = 0; i < 4; i++) {
        ip4[i] = ip6[place_of(prefix->len, i)];
    }
    wr_dns64_embed(prefix, ip4, made);
    if (memcmp(made, ip6, 16) != 0) {
        return false;
    }
    memcpy(ret_ip4, ip4, 4);
    return true;
}

/* --- whom and what it is for ------------------------------------------------------------------ */

bool wr_dns64_serves(const struct wr_dns64 *d, const struct wr_question *q,
                     const struct wr_addr *client)
{
    if (!wr_dns64_is_on(d) || (q->dnssec_ok && q->checking_disabled)) {
        return false;
    }
    return d->only_fors == 0 || wr_prefix_has(d->only_for, d->only_fors, client);
}

static bool is_excluded(const struct wr_dns64 *d, const uint8_t *rdata, uint16_t size)
{
    struct wr_addr addr = {.family = WR_AF_V6};
    if (size != 16) {
        return true;
    }
    memcpy(addr.ip, rdata, 16);
    for (uint32_t i = 0; i < d->excludes; i++) { /* not as v4: ::ffff:0:0/96 is meant as written */
        if (wr_addr_in_prefix(&addr, &d->exclude[i])) {
            return true;
        }
    }
    return false;
}

static unsigned counting_records(const struct wr_dns64 *d, const struct wr_rrset *set)
{
    struct wr_rrset_walk walk = wr_rrset_walk(set);
    const uint8_t *rdata;
    uint16_t size;
    unsigned count = 0;
    for (unsigned i = 0; i < set->records && wr_rrset_next(&walk, &rdata, &size); i++) {
        count += !is_excluded(d, rdata, size);
    }
    return count;
}

/* What weir itself refuses to believe, by its extended error (RFC 8914): section 5.5 wants a denial that is valid. */
static bool is_unproven(const struct wr_answer *a)
{
    static const uint8_t of_dnssec[] = {WR_EDE_INDETERMINATE,     WR_EDE_BOGUS,
                                        WR_EDE_SIGNATURE_EXPIRED, WR_EDE_SIGNATURE_NOT_YET,
                                        WR_EDE_DNSKEY_MISSING,    WR_EDE_RRSIGS_MISSING,
                                        WR_EDE_NO_ZONE_KEY_BIT,   WR_EDE_NSEC_MISSING};
    return a->security == WR_SECURITY_BOGUS ||
           (a->ede >= 0 && a->ede < 256 && memchr(of_dnssec, a->ede, sizeof(of_dnssec)) != NULL);
}

bool wr_dns64_lacks(const struct wr_dns64 *d, const struct wr_answer *aaaa)
{
    if (aaaa->rcode == WR_RCODE_NXDOMAIN || aaaa->rcode == WR_RCODE_YXDOMAIN) {
        return false;
    }
    if (aaaa->rcode != WR_RCODE_NOERROR) {
        return !is_unproven(aaaa);
    }
    for (unsigned i = 0; i < aaaa->answers; i++) {
        if (aaaa->answer[i].type == WR_TYPE_AAAA && counting_records(d, &aaaa->answer[i]) > 0) {
            return false;
        }
    }
    return true;
}

uint32_t wr_dns64_denial_ttl(const struct wr_answer *aaaa)
{
    for (unsigned i = 0; i < aaaa->authorities; i++) {
        if (aaaa->authority[i].type == WR_TYPE_SOA) {
            return aaaa->authority[i].ttl;
        }
    }
    return NO_SOA_TTL_S;
}

/* --- what is made ----------------------------------------------------------------------------- */

static void not_secure(struct wr_answer *a)
{
    a->security = a->security < WR_SECURITY_INSECURE ? a->security : WR_SECURITY_INSECURE;
}

static void put_record(struct wr_rrset *set, uint8_t *data, const uint8_t ip6[16])
{
    uint8_t *at = data + set->size;
    at[0] = 0;
    at[1] = 16;
    memcpy(at + 2, ip6, 16);
    set->size += AAAA_STEP;
    set->records++;
}

/* The AAAA set for an A set; records beyond the room are left out. */
static void map_set(const struct wr_dns64 *d, uint32_t denial_ttl, struct wr_rrset *set,
                    uint8_t *data)
{
    struct wr_rrset_walk walk = wr_rrset_walk(set);
    struct wr_rrset made = *set;
    const uint8_t *rdata;
    uint16_t size;
    made.type = WR_TYPE_AAAA;
    made.data = data;
    made.size = 0;
    made.records = made.sigs = 0;
    made.ttl = set->ttl < denial_ttl ? set->ttl : denial_ttl;
    made.security =
        set->security < WR_SECURITY_INSECURE ? set->security : (uint8_t)WR_SECURITY_INSECURE;
    for (unsigned i = 0; i < set->records && made.records < WR_DNS64_RECORDS_MAX &&
                         wr_rrset_next(&walk, &rdata, &size);
         i++) {
        if (size == 4) {
            uint8_t ip6[16];
            wr_dns64_embed(&d->prefix, rdata, ip6);
            put_record(&made, data, ip6);
        }
    }
    *set = made;
}

const struct wr_answer *wr_dns64_map(const struct wr_dns64 *d, const struct wr_answer *a,
                                     uint32_t denial_ttl, uint8_t denial_security,
                                     struct wr_dns64_room *room)
{
    struct wr_answer *made = &room->answer;
    *made = *a;
    made->security = denial_security < a->security ? denial_security : a->security;
    for (unsigned i = 0; a->rcode == WR_RCODE_NOERROR && i < a->answers; i++) {
        if (a->answer[i].type == WR_TYPE_A) {
            map_set(d, denial_ttl, &made->answer[i], room->data);
            made->ttl = made->answer[i].ttl < made->ttl ? made->answer[i].ttl : made->ttl;
            made->authorities = 0; /* what proved a wildcard proves nothing of what was made */
            not_secure(made);
            return made;
        }
    }
    return made;
}

const struct wr_answer *wr_dns64_strip(const struct wr_dns64 *d, const struct wr_answer *aaaa,
                                       struct wr_dns64_room *room)
{
    struct wr_rrset_walk walk;
    const uint8_t *rdata;
    uint16_t size;
    unsigned at = 0;
    while (at < aaaa->answers && aaaa->answer[at].type != WR_TYPE_AAAA) {
        at++;
    }
    if (at == aaaa->answers || counting_records(d, &aaaa->answer[at]) == aaaa->answer[at].records) {
        return aaaa;
    }
    room->answer = *aaaa;
    struct wr_rrset *set = &room->answer.answer[at];
    walk = wr_rrset_walk(&aaaa->answer[at]);
    set->data = room->data;
    set->size = 0;
    set->records = set->sigs = 0;
    for (unsigned i = 0; i < aaaa->answer[at].records && set->records < WR_DNS64_RECORDS_MAX &&
                         wr_rrset_next(&walk, &rdata, &size);
         i++) {
        if (!is_excluded(d, rdata, size)) {
            put_record(set, room->data, rdata);
        }
    }
    not_secure(&room->answer);
    return &room->answer;
}

/* --- the way back ----------------------------------------------------------------------------- */

static const uint8_t ip6_arpa[] = "\3ip6\4arpa";
static const uint8_t in_addr_arpa[] = "\7in-addr\4arpa";

static bool nibble(uint8_t c, uint8_t *ret)
{
    c = wr_name_fold(c);
    if (c >= '0' && c <= '9') {
        *ret = (uint8_t)(c - '0');
        return true;
    }
    *ret = (uint8_t)(c - 'a' + 10);
    return c >= 'a' && c <= 'f';
}

/* The address of 32 labels of one digit each, the last digit first (RFC 3596 section 2.5). */
static bool address_of(const uint8_t *name, uint8_t ret_ip6[16])
{
    if (wr_name_size(name) != WR_DNS64_REVERSE_SIZE) {
        return false;
    }
    memset(ret_ip6, 0, 16);
    for (unsigned i = 0; i < 32; i++) {
        uint8_t digit;
        if (name[2 * i] != 1 || !nibble(name[2 * i + 1], &digit)) {
            return false;
        }
        ret_ip6[15 - i / 2] |= (uint8_t)(i % 2 ? digit << 4 : digit);
    }
    return wr_name_equal(name + 64, ip6_arpa); /* only now it is sure that a label begins there */
}

static void put_decimal(struct wr_name *name, uint8_t value)
{
    uint8_t *at = name->wire + name->size;
    uint8_t n = value >= 100 ? 3 : value >= 10 ? 2 : 1;
    at[0] = n;
    for (unsigned i = n; i > 0; i--) {
        at[i] = (uint8_t)('0' + value % 10);
        value /= 10;
    }
    name->size = (uint8_t)(name->size + n + 1);
}

bool wr_dns64_reverse(const struct wr_dns64 *d, const uint8_t *name, struct wr_name *ret_name)
{
    uint8_t ip6[16], ip4[4];
    if (!address_of(name, ip6) || !wr_dns64_extract(&d->prefix, ip6, ip4)) {
        return false;
    }
    ret_name->size = 0;
    for (unsigned i = 4; i > 0; i--) {
        put_decimal(ret_name, ip4[i - 1]);
    }
    memcpy(ret_name->wire + ret_name->size, in_addr_arpa, sizeof(in_addr_arpa));
    ret_name->size = (uint8_t)(ret_name->size + sizeof(in_addr_arpa));
    return true;
}

const struct wr_answer *wr_dns64_link(const uint8_t *reverse, const struct wr_name *name,
                                      const struct wr_answer *ptr, struct wr_dns64_room *room)
{
    struct wr_answer *made = &room->answer;
    uint8_t *data = room->data;
    *made = *ptr;
    not_secure(made);
    if (ptr->answers == WR_ANSWER_SETS_MAX || ptr->rcode == WR_RCODE_SERVFAIL) {
        return made;
    }
    memcpy(room->name, reverse, WR_DNS64_REVERSE_SIZE);
    data[0] = 0;
    data[1] = name->size;
    memcpy(data + 2, name->wire, name->size);
    made->answers++;
    memcpy(made->answer + 1, ptr->answer, ptr->answers * sizeof(*ptr->answer));
    made->answer[0] = (struct wr_rrset){.owner = room->name,
                                        .data = data,
                                        .size = 2u + name->size,
                                        .ttl = ptr->ttl < NO_SOA_TTL_S ? ptr->ttl : NO_SOA_TTL_S,
                                        .type = WR_TYPE_CNAME,
                                        .class_ = WR_CLASS_IN,
                                        .records = 1,
                                        .security = WR_SECURITY_INSECURE};
    return made;
}

/* --- ipv4only.arpa ---------------------------------------------------------------------------- */

const struct wr_answer *wr_dns64_ipv4only(const struct wr_dns64 *d, const struct wr_question *q,
                                          struct wr_dns64_room *room)
{
    struct wr_answer *made = &room->answer;
    if (!wr_name_equal(q->name.wire, wr_dns64_ipv4only_name)) {
        return NULL;
    }
    wr_answer_clear(made);
    made->security = WR_SECURITY_INSECURE;
    if (q->type != WR_TYPE_A && q->type != WR_TYPE_AAAA) {
        return made;
    }
    for (unsigned i = 0; i < 2; i++) {
        uint8_t *at = room->data + i * A_STEP;
        at[0] = 0;
        at[1] = 4;
        memcpy(at + 2, well_known[i], 4);
    }
    made->answers = 1;
    made->ttl = IPV4ONLY_TTL_S;
    made->answer[0] = (struct wr_rrset){.owner = wr_dns64_ipv4only_name,
                                        .data = room->data,
                                        .size = 2 * A_STEP,
                                        .ttl = IPV4ONLY_TTL_S,
                                        .type = WR_TYPE_A,
                                        .class_ = WR_CLASS_IN,
                                        .records = 2,
                                        .security = WR_SECURITY_INSECURE};
    if (q->type == WR_TYPE_AAAA) {
        map_set(d, IPV4ONLY_TTL_S, &made->answer[0], room->data + 2 * A_STEP);
    }
    return made;
}

/* The prefix under which one of the well-known addresses stands in this one, and nowhere else in it. */
static bool prefix_of(const uint8_t ip6[16], struct wr_prefix *ret_prefix)
{
    unsigned found = 0;
    for (unsigned i = 0; i < sizeof(lengths); i++) {
        struct wr_addr addr = {.family = WR_AF_V6};
        uint8_t ip4[4];
        memcpy(addr.ip, ip6, 16);
        struct wr_prefix p = {.addr = wr_addr_mask(&addr, lengths[i]), .len = lengths[i]};
        if (wr_dns64_is_prefix(&p) && wr_dns64_extract(&p, ip6, ip4) &&
            (!memcmp(ip4, well_known[0], 4) || !memcmp(ip4, well_known[1], 4))) {
            *ret_prefix = p;
            found++;
        }
    }
    return found == 1;
}

bool wr_dns64_discover(const struct wr_answer *aaaa, struct wr_prefix *ret_prefix)
{
    for (unsigned s = 0; s < aaaa->answers; s++) {
        const struct wr_rrset *set = &aaaa->answer[s];
        struct wr_rrset_walk walk = wr_rrset_walk(set);
        const uint8_t *rdata;
        uint16_t size;
        for (unsigned i = 0; set->type == WR_TYPE_AAAA && i < set->records &&
                             i < WR_DNS64_RECORDS_MAX && wr_rrset_next(&walk, &rdata, &size);
             i++) {
            if (size == 16 && prefix_of(rdata, ret_prefix)) {
                return true;
            }
        }
    }
    return false;
}
