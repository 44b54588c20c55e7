/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/resolve/zonetest.h"

#include "base/limits.h"
#include "dns/rdata.h"
#include "dnssec/denial.h"
#include "resolve/authority.h"
#include "resolve/classify.h"

/* What proves an answer, by who checks it in the validator. */
enum proof { NOTHING = 0, NODATA, NXDOMAIN, EXPANSION, NO_DS };

static const struct zonetest_row zone[] = {
    {"z.", "SOA", "ns.z. h.z. 1 2 3 4 60"},
    {"z.", "NS", "ns.z."},
    {"z.", "NS", "ns.sub.z."},
    {"z.", "DNSKEY", "257 3 13 AAAA"},
    {"ns.z.", "A", "192.0.2.1"},
    {"www.z.", "A", "192.0.2.2"},
    {"www.z.", "AAAA", "2001:db8::2"},
    {"alias.z.", "CNAME", "www.z."},
    {"alias2.z.", "CNAME", "alias.z."},
    {"loop1.z.", "CNAME", "loop2.z."},
    {"loop2.z.", "CNAME", "loop1.z."},
    {"out.z.", "CNAME", "www.y."},
    {"tosub.z.", "CNAME", "a.sub.z."},
    {"gone.z.", "CNAME", "nothing.z."},
    {"a.ent.z.", "TXT", "x"},
    {"*.wild.z.", "A", "192.0.2.3"},
    {"there.wild.z.", "TXT", "x"},
    {"*.wildc.z.", "CNAME", "x.wild.z."},
    {"b.*.estar.z.", "TXT", "x"},
    {"sub.z.", "NS", "ns.sub.z."},
    {"sub.z.", "NS", "ns.z."},
    {"sub.z.", "NS", "ns.y."},
    {"ns.sub.z.", "A", "192.0.2.9"},
    {"ns.sub.z.", "AAAA", "2001:db8::9"},
    {"deep.opt.z.", "NS", "ns.y."},
    {"sec.z.", "NS", "ns.y."},
    {"sec.z.", "DS", "1 13 2 00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"},
    {"d.z.", "DNAME", "w.z."},
    {"x.w.z.", "A", "192.0.2.5"},
    {"e.z.", "DNAME", "y."},
};

struct row {
    const char *name, *type;
    int rcode;
    const char *answer;    /* "owner TYPE" without signatures, one after another */
    const char *authority; /* without NSEC, NSEC3 */
    const char *extra;
    enum proof proof;
    const char *proven; /* of which name; labels of the wildcard's parent behind it for EXPANSION */
    unsigned labels;
};

static const struct row rows[] = {
    {"www.z.", "A", 0, "www.z. A", "", "", NOTHING, NULL, 0},
    {"z.", "SOA", 0, "z. SOA", "", "", NOTHING, NULL, 0},
    {"z.", "NS", 0, "z. NS, z. NS", "", "ns.z. A, ns.sub.z. A, ns.sub.z. AAAA", NOTHING, NULL, 0},
    {"z.", "DNSKEY", 0, "z. DNSKEY", "", "", NOTHING, NULL, 0},
    {"www.z.", "TXT", 0, "", "z. SOA", "", NODATA, "www.z.", 0},
    {"z.", "TXT", 0, "", "z. SOA", "", NODATA, "z.", 0},
    {"ent.z.", "A", 0, "", "z. SOA", "", NODATA, "ent.z.", 0},
    {"wild.z.", "A", 0, "", "z. SOA", "", NODATA, "wild.z.", 0},
    {"nothing.z.", "A", 3, "", "z. SOA", "", NXDOMAIN, "nothing.z.", 0},
    {"a.b.nothing.z.", "A", 3, "", "z. SOA", "", NXDOMAIN, "a.b.nothing.z.", 0},
    {"b.ent.z.", "A", 3, "", "z. SOA", "", NXDOMAIN, "b.ent.z.", 0},
    {"0.z.", "A", 3, "", "z. SOA", "", NXDOMAIN, "0.z.", 0},
    {"zzz.z.", "A", 3, "", "z. SOA", "", NXDOMAIN, "zzz.z.", 0},
    {"a.www.z.", "A", 3, "", "z. SOA", "", NXDOMAIN, "a.www.z.", 0},
    {"a.there.wild.z.", "A", 3, "", "z. SOA", "", NXDOMAIN, "a.there.wild.z.", 0},
    {"x.wild.z.", "A", 0, "x.wild.z. A", "", "", EXPANSION, "x.wild.z.", 2},
    {"x.y.wild.z.", "A", 0, "x.y.wild.z. A", "", "", EXPANSION, "x.y.wild.z.", 2},
    {"*.wild.z.", "A", 0, "*.wild.z. A", "", "", NOTHING, NULL, 0},
    {"x.wild.z.", "TXT", 0, "", "z. SOA", "", NODATA, "x.wild.z.", 0},
    {"there.wild.z.", "A", 0, "", "z. SOA", "", NODATA, "there.wild.z.", 0},
    {"a.estar.z.", "TXT", 0, "", "z. SOA", "", NODATA, "a.estar.z.", 0},
    {"alias.z.", "A", 0, "alias.z. CNAME, www.z. A", "", "", NOTHING, NULL, 0},
    {"alias2.z.", "AAAA", 0, "alias2.z. CNAME, alias.z. CNAME, www.z. AAAA", "", "", NOTHING, NULL,
     0},
    {"alias.z.", "CNAME", 0, "alias.z. CNAME", "", "", NOTHING, NULL, 0},
    {"alias.z.", "TXT", 0, "alias.z. CNAME", "z. SOA", "", NODATA, "www.z.", 0},
    {"gone.z.", "A", 3, "gone.z. CNAME", "z. SOA", "", NXDOMAIN, "nothing.z.", 0},
    {"out.z.", "A", 0, "out.z. CNAME", "", "", NOTHING, NULL, 0},
    {"tosub.z.", "A", 0, "tosub.z. CNAME", "", "", NOTHING, NULL, 0},
    {"q.wildc.z.", "A", 0, "q.wildc.z. CNAME, x.wild.z. A", "", "", EXPANSION, "x.wild.z.", 2},
    {"q.wildc.z.", "TXT", 0, "q.wildc.z. CNAME", "z. SOA", "", NODATA, "x.wild.z.", 0},
    {"sub.z.", "A", 0, "", "sub.z. NS, sub.z. NS, sub.z. NS",
     "ns.sub.z. A, ns.sub.z. AAAA, ns.z. A", NO_DS, "sub.z.", 0},
    {"a.sub.z.", "DS", 0, "", "sub.z. NS, sub.z. NS, sub.z. NS",
     "ns.sub.z. A, ns.sub.z. AAAA, ns.z. A", NO_DS, "sub.z.", 0},
    {"ns.sub.z.", "A", 0, "", "sub.z. NS, sub.z. NS, sub.z. NS",
     "ns.sub.z. A, ns.sub.z. AAAA, ns.z. A", NO_DS, "sub.z.", 0},
    {"www.deep.opt.z.", "A", 0, "", "deep.opt.z. NS", "", NO_DS, "deep.opt.z.", 0},
    {"sec.z.", "A", 0, "", "sec.z. NS", "", NOTHING, NULL, 0},
    {"sec.z.", "DS", 0, "sec.z. DS", "", "", NOTHING, NULL, 0},
    {"sub.z.", "DS", 0, "", "z. SOA", "", NO_DS, "sub.z.", 0},
    {"www.z.", "DS", 0, "", "z. SOA", "", NO_DS, "www.z.", 0},
    {"d.z.", "DNAME", 0, "d.z. DNAME", "", "", NOTHING, NULL, 0},
    {"d.z.", "A", 0, "", "z. SOA", "", NODATA, "d.z.", 0},
    {"x.d.z.", "A", 0, "d.z. DNAME, x.d.z. CNAME, x.w.z. A", "", "", NOTHING, NULL, 0},
    {"q.d.z.", "A", 3, "d.z. DNAME, q.d.z. CNAME", "z. SOA", "", NXDOMAIN, "q.w.z.", 0},
    {"www.e.z.", "A", 0, "e.z. DNAME, www.e.z. CNAME", "", "", NOTHING, NULL, 0},
    {"www.e.z.", "CNAME", 0, "e.z. DNAME, www.e.z. CNAME", "", "", NOTHING, NULL, 0},
    {"loop1.z.", "A", 0,
     "loop1.z. CNAME, loop2.z. CNAME, loop1.z. CNAME, loop2.z. CNAME, loop1.z. CNAME, loop2.z. "
     "CNAME, loop1.z. CNAME, loop2.z. CNAME",
     "", "", NOTHING, NULL, 0},
};

static struct zonetest t;
static uint8_t room[WR_MSG_MAX];

/* The section's records but for proofs, as text; `ret_sigs`: how many RRSIG. */
static void tell(const struct wr_msg *msg, enum wr_section section, char *text, size_t cap,
                 unsigned *ret_sigs)
{
    struct wr_msg_walk walk = wr_msg_walk(msg, section);
    struct wr_msg_rr rr;
    text[0] = 0;
    *ret_sigs = 0;
    while (wr_msg_next(&walk, &rr)) {
        char owner[WR_NAME_TEXT_SIZE], type[WR_CODE_TEXT_SIZE];
        *ret_sigs += rr.type == WR_TYPE_RRSIG;
        if (rr.type == WR_TYPE_RRSIG || rr.type == WR_TYPE_NSEC || rr.type == WR_TYPE_NSEC3) {
            continue;
        }
        wr_name_to_text(rr.owner.wire, owner, sizeof(owner));
        wr_codes_type_text(rr.type, type, sizeof(type));
        snprintf(text + strlen(text), cap - strlen(text), "%s%s %s", text[0] ? ", " : "", owner,
                 type);
    }
}

static struct {
    struct wr_name owner[16];
    uint8_t data[16][512];
    struct wr_rrset set[16];
    unsigned count;
} proofs;

static void gather_proofs(const struct wr_msg *msg)
{
    struct wr_msg_walk walk = wr_msg_walk(msg, WR_SECTION_AUTHORITY);
    struct wr_msg_rr rr;
    proofs.count = 0;
    while (wr_msg_next(&walk, &rr)) {
        struct wr_writer w;
        struct wr_reader r = wr_msg_reader(msg, rr.rdata);
        unsigned i = proofs.count;
        if (rr.type != WR_TYPE_NSEC && rr.type != WR_TYPE_NSEC3) {
            continue;
        }
        assert_true(i < 16);
        proofs.owner[i] = rr.owner;
        wr_buf_write_init(&w, proofs.data[i], sizeof(proofs.data[i]));
        wr_buf_put_u16(&w, 0);
        assert_int_equal(wr_rdata_expand(&r, rr.type, rr.rdlength, &w), WR_OK);
        proofs.data[i][0] = (uint8_t)((w.pos - 2) >> 8);
        proofs.data[i][1] = (uint8_t)(w.pos - 2);
        proofs.set[i] = (struct wr_rrset){.owner = proofs.owner[i].wire,
                                          .data = proofs.data[i],
                                          .size = (uint32_t)w.pos,
                                          .type = rr.type,
                                          .class_ = WR_CLASS_IN,
                                          .records = 1};
        proofs.count++;
    }
}

/* Does the validator's own reading of the proofs agree? */
static bool is_proven(const struct row *row, enum zonetest_chain chain)
{
    static struct wr_denial d;
    struct wr_dnssec_policy policy = wr_algo_default_policy();
    struct wr_dnssec_work work = {0};
    struct wr_name apex = wire_name("z."), name = wire_name(row->proven);
    enum wr_proof got = WR_PROOF_NONE;
    uint16_t type;
    assert_int_equal(wr_codes_type_from_text(row->type, strlen(row->type), &type), WR_OK);
    wr_denial_start(&d, apex.wire, name.wire, &policy);
    for (unsigned i = 0; i < proofs.count; i++) {
        wr_denial_add(&d, &proofs.set[i]);
    }
    switch (row->proof) {
    case NODATA: got = wr_denial_nodata(&d, type, &work); break;
    case NXDOMAIN: got = wr_denial_nxdomain(&d, &work); break;
    case EXPANSION: got = wr_denial_expansion(&d, row->labels, &work); break;
    case NO_DS:
        got = wr_denial_no_ds(&d, &work);
        return got == WR_PROOF_DELEGATION || got == WR_PROOF_NO_CUT ||
               (chain == ZONETEST_OPTOUT && got == WR_PROOF_INSECURE);
    case NOTHING: break;
    }
    return got == WR_PROOF_SECURE || (chain == ZONETEST_OPTOUT && got == WR_PROOF_INSECURE);
}

static void ask(const struct wr_zoneindex *z, const char *qname, const char *qtype, bool dnssec_ok,
                struct wr_msg *ret_msg)
{
    struct wr_name name = wire_name(qname);
    uint16_t type;
    size_t size = 0;
    assert_int_equal(wr_codes_type_from_text(qtype, strlen(qtype), &type), WR_OK);
    assert_int_equal(wr_authority_answer(z, name.wire, type, dnssec_ok, room, sizeof(room), &size),
                     WR_OK);
    assert_int_equal(wr_msg_parse(ret_msg, room, size), WR_OK);
    assert_true(wr_name_equal(ret_msg->qname.wire, name.wire));
}

static void check_row(const struct wr_zoneindex *z, const struct row *row, bool dnssec_ok,
                      enum zonetest_chain chain)
{
    struct wr_msg msg;
    char answer[1024], authority[1024], extra[1024];
    unsigned sigs[3];
    const char *wanted = row->authority;
    char with_ds[64];
    ask(z, row->name, row->type, dnssec_ok, &msg);
    tell(&msg, WR_SECTION_ANSWER, answer, sizeof(answer), &sigs[0]);
    tell(&msg, WR_SECTION_AUTHORITY, authority, sizeof(authority), &sigs[1]);
    tell(&msg, WR_SECTION_ADDITIONAL, extra, sizeof(extra), &sigs[2]);
    if (dnssec_ok && strcmp(wanted, "sec.z. NS") == 0) {
        snprintf(with_ds, sizeof(with_ds), "%s, sec.z. DS", wanted);
        wanted = with_ds;
    }
    gather_proofs(&msg);
    bool signed_now = dnssec_ok && chain != ZONETEST_UNSIGNED;
    bool referral = strstr(row->authority, "NS") != NULL && row->answer[0] == 0;
    bool good = wr_msg_rcode(&msg) == row->rcode && strcmp(answer, row->answer) == 0 &&
                strcmp(authority, wanted) == 0 && strcmp(extra, row->extra) == 0 &&
                ((msg.flags & WR_FLAG_AA) != 0) == !referral &&
                (sigs[0] > 0) == (signed_now && row->answer[0] != 0) && sigs[2] == 0 &&
                (proofs.count > 0) == (signed_now && (row->proof != NOTHING));
    if (!good) {
        fail_msg("chain %d do %d, %s %s: rcode %u, \"%s\", \"%s\", \"%s\", flags %x, %u proofs, "
                 "sigs %u %u %u",
                 chain, dnssec_ok, row->name, row->type, wr_msg_rcode(&msg), answer, authority,
                 extra, msg.flags, proofs.count, sigs[0], sigs[1], sigs[2]);
    }
    if (signed_now && row->proof != NOTHING && !is_proven(row, chain)) {
        fail_msg("chain %d, %s %s: not proven", chain, row->name, row->type);
    }
}

static void test_answers(void **state)
{
    for (int chain = ZONETEST_UNSIGNED; chain <= ZONETEST_OPTOUT; chain++) {
        zonetest_rows(&t, zone, sizeof(zone) / sizeof(zone[0]));
        zonetest_sign(&t, "z.", (enum zonetest_chain)chain);
        const struct wr_zoneindex *z = zonetest_build(&t, "z.");
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
            check_row(z, &rows[i], false, (enum zonetest_chain)chain);
            check_row(z, &rows[i], true, (enum zonetest_chain)chain);
        }
        zonetest_free(&t);
    }
}

/* A zone is asked by resolve/iter: what it says is of the class that a server's answer would be. */
static void test_classes(void **state)
{
    static const struct {
        const char *name, *type;
        enum wr_response kind;
    } classes[] = {
        {"www.z.", "A", WR_RESPONSE_ANSWER},  {"www.z.", "TXT", WR_RESPONSE_NODATA},
        {"no.z.", "A", WR_RESPONSE_NXDOMAIN}, {"a.sub.z.", "A", WR_RESPONSE_REFERRAL},
        {"out.z.", "A", WR_RESPONSE_CNAME},   {"alias.z.", "A", WR_RESPONSE_ANSWER},
        {"www.e.z.", "A", WR_RESPONSE_CNAME}, {"sub.z.", "DS", WR_RESPONSE_NODATA},
    };
    zonetest_rows(&t, zone, sizeof(zone) / sizeof(zone[0]));
    const struct wr_zoneindex *z = zonetest_build(&t, "z.");
    for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++) {
        struct wr_msg msg;
        ask(z, classes[i].name, classes[i].type, true, &msg);
        assert_int_equal(wr_classify(&msg, msg.qname.wire, msg.qtype), classes[i].kind);
    }
    zonetest_free(&t);
}

static void test_denials_live_as_the_soa_says(void **state)
{
    struct wr_msg msg;
    struct wr_msg_rr rr;
    zonetest_rows(&t, zone, sizeof(zone) / sizeof(zone[0]));
    const struct wr_zoneindex *z = zonetest_build(&t, "z.");
    ask(z, "no.z.", "A", false, &msg);
    struct wr_msg_walk walk = wr_msg_walk(&msg, WR_SECTION_AUTHORITY);
    assert_true(wr_msg_next(&walk, &rr));
    assert_int_equal(rr.ttl, 60);
    ask(z, "z.", "SOA", false, &msg);
    walk = wr_msg_walk(&msg, WR_SECTION_ANSWER);
    assert_true(wr_msg_next(&walk, &rr));
    assert_int_equal(rr.ttl, 300);
    zonetest_free(&t);
}

static void test_any(void **state)
{
    struct wr_msg msg;
    char text[256];
    unsigned sigs;
    zonetest_rows(&t, zone, sizeof(zone) / sizeof(zone[0]));
    zonetest_sign(&t, "z.", ZONETEST_NSEC);
    const struct wr_zoneindex *z = zonetest_build(&t, "z.");
    ask(z, "www.z.", "ANY", false, &msg);
    tell(&msg, WR_SECTION_ANSWER, text, sizeof(text), &sigs);
    assert_string_equal(text, "www.z. A, www.z. AAAA");
    assert_int_equal(sigs, 0);
    ask(z, "alias.z.", "ANY", true, &msg);
    tell(&msg, WR_SECTION_ANSWER, text, sizeof(text), &sigs);
    assert_string_equal(text, "alias.z. CNAME");
    assert_int_equal(sigs, 2);
    zonetest_free(&t);
}

/* A chain of wildcards with a proof each, and no more hashes than are allowed: what does not fit is left out. */
static void test_hashes_are_bounded(void **state)
{
    struct wr_msg msg;
    char owner[600] = "z.", text[64];
    zonetest_add(&t, "z.", "SOA", "ns.z. h.z. 1 2 3 4 60");
    zonetest_add(&t, "z.", "NS", "ns.z.");
    zonetest_add(&t, "z.", "NSEC3PARAM", "1 0 150 -");
    zonetest_add(&t, "0123456789abcdefghijklmnopqrstuv.z.", "NSEC3",
                 "1 1 150 - 0123456789abcdefghijklmnopqrstuv A");
    for (unsigned i = 0; i < 60; i++) {
        memmove(owner + 2, owner, strlen(owner) + 1);
        memcpy(owner, "a.", 2);
    }
    zonetest_add(&t, owner, "A", "192.0.2.1");
    for (unsigned i = 0; i < 20; i++) {
        snprintf(owner, sizeof(owner), "*.w%u.z.", i);
        snprintf(text, sizeof(text), "x.w%u.z.", i + 1);
        zonetest_add(&t, owner, "CNAME", text);
    }
    const struct wr_zoneindex *z = zonetest_build(&t, "z.");
    ask(z, "x.w0.z.", "A", true, &msg);
    assert_int_equal(msg.counts[WR_SECTION_ANSWER], WR_AUTHORITY_CHAIN_MAX);
    owner[0] = 0;
    for (unsigned i = 0; i < 60; i++) {
        strcat(owner, i == 0 ? "b." : "a.");
    }
    strcat(owner, "z.");
    ask(z, owner, "A", true, &msg); /* no name on the way up has a record */
    assert_int_equal(wr_msg_rcode(&msg), WR_RCODE_NXDOMAIN);
    assert_int_equal(msg.counts[WR_SECTION_AUTHORITY], 1);
    zonetest_free(&t);
}

static void test_what_does_not_fit(void **state)
{
    struct wr_name name = wire_name("big.z.");
    size_t size = 7;
    char text[32];
    zonetest_add(&t, "z.", "SOA", "ns.z. h.z. 1 2 3 4 60");
    zonetest_add(&t, "z.", "NS", "ns.z.");
    zonetest_add(&t, "d.z.", "DNAME", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.y.");
    for (unsigned i = 0; i < 100; i++) {
        snprintf(text, sizeof(text), "192.0.2.%u", i);
        zonetest_add(&t, "big.z.", "A", text);
    }
    const struct wr_zoneindex *z = zonetest_build(&t, "z.");
    assert_int_equal(wr_authority_answer(z, name.wire, WR_TYPE_A, true, room, 512, &size),
                     WR_E_FULL);
    assert_int_equal(size, 7);
    name = wire_name("www.y.");
    assert_int_equal(wr_authority_answer(z, name.wire, WR_TYPE_A, true, room, 512, &size),
                     WR_E_NOTFOUND);
    struct wr_msg msg;
    char longest[WR_NAME_TEXT_SIZE] = "";
    for (unsigned i = 0; i < 5; i++) {
        strcat(longest, "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb.");
    }
    strcat(longest, "d.z.");
    ask(z, longest, "A", true, &msg);
    assert_int_equal(wr_msg_rcode(&msg), WR_RCODE_YXDOMAIN);
    zonetest_free(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answers),
        cmocka_unit_test(test_classes),
        cmocka_unit_test(test_denials_live_as_the_soa_says),
        cmocka_unit_test(test_any),
        cmocka_unit_test(test_hashes_are_bounded),
        cmocka_unit_test(test_what_does_not_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
