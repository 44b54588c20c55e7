/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include "unit/resolve/localtest.h"

#include "dns/present.h"
#include "resolve/designated.h"

/* A gateway with one certificate for names and a public address, listening on a LAN address, loopback, and IPv6. */
static struct wr_designated_door doors[16];
static struct wr_addr addrs[4];
static struct wr_name names[4], other_names[1];
static struct wr_designated_proof proofs[2];
static struct wr_designated d;

static struct localtest t;
static struct wr_arena arena;
static uint8_t block[65536];
static struct wr_answer answer;

static struct wr_addr addr(const char *text)
{
    struct wr_addr a;
    assert_int_equal(wr_addr_from_text(text, &a), WR_OK);
    return a;
}

static void add_door(uint8_t kind, const char *where)
{
    doors[d.doors++] = (struct wr_designated_door){.addr = addr(where), .kind = kind};
}

static int setup(void **state)
{
    memset(&t, 0, sizeof(t));
    memset(&d, 0, sizeof(d));
    wr_arena_init(&arena, block, sizeof(block));
    names[0] = wire_name("gate.example.");
    names[1] = wire_name("dns.example.");
    addrs[0] = addr("198.51.100.7");
    addrs[1] = addr("2001:db8::7");
    proofs[0] = (struct wr_designated_proof){.name = names, .names = 2, .addr = addrs, .addrs = 2};
    d.door = doors;
    d.proof = proofs;
    d.proofs = 1;
    d.path = "/dns-query";
    add_door(WR_SERVICE_DOT, "192.168.7.1:853");
    add_door(WR_SERVICE_DOQ, "192.168.7.1:853");
    add_door(WR_SERVICE_DOH, "192.168.7.1:443");
    add_door(WR_SERVICE_DOT, "[2001:db8::7]:853");
    localtest_zone(&t, "resolver.arpa.", WR_LOCAL_NODATA); /* as resolve/special has it */
    return 0;
}

static int teardown(void **state)
{
    localtest_free(&t);
    return 0;
}

/* The records as zone text, each on a line. */
static const char *ask_type(const char *name, uint16_t type, const char *asked)
{
    static char text[4096];
    free(t.block); /* of the question before */
    const struct wr_local *local = localtest_build(&t);
    struct wr_question q = {.name = wire_name(name), .type = type};
    struct wr_addr to = {0};
    struct wr_str s;
    const uint8_t *rdata;
    uint16_t size;
    if (asked) {
        to = addr(asked);
    }
    wr_arena_reset(&arena);
    memset(&answer, 0, sizeof(answer));
    if (!wr_designated_find(&d, local, &q, &to, &arena, &answer)) {
        return "nothing";
    }
    assert_int_equal(answer.answers, 1);
    assert_int_equal(wr_rrset_check(&answer.answer[0]), WR_OK);
    assert_true(answer.authoritative && answer.local);
    assert_int_equal(answer.ttl, WR_DESIGNATED_TTL_S);
    wr_str_init(&s, text, sizeof(text));
    struct wr_rrset_walk walk = wr_rrset_walk(&answer.answer[0]);
    while (wr_rrset_next(&walk, &rdata, &size)) {
        wr_present_rdata(&s, WR_TYPE_SVCB, rdata, size);
        wr_str_char(&s, '\n');
    }
    return text;
}

static const char *ask(const char *name, const char *asked)
{
    return ask_type(name, WR_TYPE_SVCB, asked);
}

/* Opportunistic (RFC 9462 section 4.3): a private address, and only what is at the same one. */
static void test_private(void **state)
{
    assert_string_equal(ask("_dns.resolver.arpa.", "192.168.7.1"),
                        "2 gate.example. alpn=dot ipv4hint=192.168.7.1\n"
                        "1 gate.example. alpn=doq ipv4hint=192.168.7.1\n"
                        "3 gate.example. alpn=h2 ipv4hint=192.168.7.1 "
                        "dohpath=\"/dns-query{?dns}\"\n");
    assert_string_equal(ask("_DNS.Resolver.ARPA.", "192.168.7.1:53"),
                        ask("_dns.resolver.arpa.", "192.168.7.1"));
    assert_string_equal(ask("_dns.resolver.arpa.", "192.168.8.1"), "nothing");
    assert_string_equal(ask("_dns.resolver.arpa.", "127.0.0.1"), "nothing");
    add_door(WR_SERVICE_DOT, "127.0.0.1:8853");
    assert_string_equal(ask("_dns.resolver.arpa.", "127.0.0.1"),
                        "2 gate.example. alpn=dot port=8853 ipv4hint=127.0.0.1\n");
    add_door(WR_SERVICE_DOT, "0.0.0.0:853");
    assert_string_equal(ask("_dns.resolver.arpa.", "100.64.3.4"),
                        "2 gate.example. alpn=dot ipv4hint=100.64.3.4\n");
}

/* Verified (section 4.2): the certificate carries the address, the service may be elsewhere. */
static void test_verified(void **state)
{
    assert_string_equal(ask("_dns.resolver.arpa.", "2001:db8::7"),
                        "2 gate.example. alpn=dot ipv6hint=2001:db8::7\n"
                        "1 gate.example. alpn=doq ipv4hint=192.168.7.1\n"
                        "3 gate.example. alpn=h2 ipv4hint=192.168.7.1 "
                        "dohpath=\"/dns-query{?dns}\"\n");
    /* Loopback of this machine is of no use to others. */
    d.doors = 0;
    add_door(WR_SERVICE_DOT, "127.0.0.1:853");
    assert_string_equal(ask("_dns.resolver.arpa.", "198.51.100.7"), "nothing");
}

/* A public address that no certificate carries: nothing, or an attacker's redirection would look the same. */
static void test_unproven(void **state)
{
    add_door(WR_SERVICE_DOT, "198.51.100.8:853");
    assert_string_equal(ask("_dns.resolver.arpa.", "198.51.100.8"), "nothing");
    assert_string_equal(ask("_dns.resolver.arpa.", "192.0.2.1"), "nothing");
    assert_string_equal(ask("_dns.resolver.arpa.", NULL), "nothing");
    proofs[0].names = 0; /* and none to ask for */
    assert_string_equal(ask("_dns.resolver.arpa.", "198.51.100.7"), "nothing");
    assert_string_equal(ask("_dns.resolver.arpa.", "192.168.7.1"), "nothing");
    d.proofs = 0;
    assert_string_equal(ask("_dns.resolver.arpa.", "192.168.7.1"), "nothing");
}

/* Of two certificates the one that carries the address; no other type, and no name that looks alike. */
static void test_which(void **state)
{
    other_names[0] = wire_name("out.example.");
    proofs[1] =
        (struct wr_designated_proof){.name = other_names, .names = 1, .addr = addrs, .addrs = 1};
    proofs[0].addr = addrs + 1;
    proofs[0].addrs = 1;
    d.proofs = 2;
    assert_non_null(strstr(ask("_dns.resolver.arpa.", "198.51.100.7"), " out.example. alpn=dot"));
    assert_non_null(strstr(ask("_dns.resolver.arpa.", "2001:db8::7"), " gate.example. alpn=dot"));
    assert_string_equal(ask_type("_dns.resolver.arpa.", WR_TYPE_A, "192.168.7.1"), "nothing");
    assert_string_equal(ask_type("_dns.resolver.arpa.", WR_TYPE_HTTPS, "192.168.7.1"), "nothing");
    assert_string_equal(ask("_dnt.resolver.arpa.", "192.168.7.1"), "nothing");
    assert_string_equal(ask("resolver.arpa.", "192.168.7.1"), "nothing");
    assert_string_equal(ask("x._dns.resolver.arpa.", "192.168.7.1"), "nothing");
    assert_string_equal(ask("_dns.", "192.168.7.1"), "nothing");
}

/* Section 5: the names of the certificate, whoever asks from wherever. */
static void test_names(void **state)
{
    assert_string_equal(ask("_dns.DNS.example.", "198.51.100.8"),
                        "2 dns.example. alpn=dot ipv4hint=192.168.7.1 ipv6hint=2001:db8::7\n"
                        "1 dns.example. alpn=doq ipv4hint=192.168.7.1\n"
                        "3 dns.example. alpn=h2 ipv4hint=192.168.7.1 "
                        "dohpath=\"/dns-query{?dns}\"\n");
    assert_string_equal(ask("_dns.other.example.", "192.168.7.1"), "nothing");
}

/* What the owner says goes before. */
static void test_owner(void **state)
{
    localtest_add(&t, "_dns.resolver.arpa.", WR_TYPE_SVCB, "1 mine.example. alpn=dot");
    assert_string_equal(ask("_dns.resolver.arpa.", "192.168.7.1"), "nothing");
    localtest_free(&t);
    memset(&t, 0, sizeof(t)); /* resolver.arpa is switched off: not ours */
    assert_string_equal(ask("_dns.resolver.arpa.", "192.168.7.1"), "nothing");
}

/* Addresses of the target that are local names go along. */
static void test_extras(void **state)
{
    localtest_add(&t, "gate.example.", WR_TYPE_A, "192.168.7.1");
    localtest_add(&t, "gate.example.", WR_TYPE_AAAA, "fd00::1");
    assert_string_not_equal(ask("_dns.resolver.arpa.", "192.168.7.1"), "nothing");
    assert_int_equal(answer.extras, 2);
    assert_int_equal(answer.extra[0].type, WR_TYPE_A);
}

/* Ports without end: what fits is told. */
static void test_many(void **state)
{
    static struct wr_designated_door many[2000];
    for (unsigned i = 0; i < 2000; i++) {
        many[i] = (struct wr_designated_door){.addr = addr("192.168.7.1"), .kind = WR_SERVICE_DOT};
        many[i].addr.port = (uint16_t)(10000 + i);
    }
    d.door = many;
    d.doors = 2000;
    assert_string_not_equal(ask("_dns.resolver.arpa.", "192.168.7.1"), "nothing");
    assert_in_range(answer.answer[0].records, 50, WR_DESIGNATED_OCTETS_MAX / 40);
    wr_arena_init(&arena, block, 100);
    assert_string_equal(ask("_dns.resolver.arpa.", "192.168.7.1"), "nothing");
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_private), TEST(test_verified), TEST(test_unproven), TEST(test_which),
        TEST(test_names),   TEST(test_owner),    TEST(test_extras),   TEST(test_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
