/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "policy/cookie.h"

static void unhex(const char *text, uint8_t *ret)
{
    for (size_t i = 0; i < strlen(text) / 2; i++) {
        char two[3] = {text[2 * i], text[2 * i + 1], 0};
        ret[i] = (uint8_t)strtoul(two, NULL, 16);
    }
}

static struct wr_addr addr(const char *text)
{
    struct wr_addr a;
    memset(&a, 0, sizeof(a));
    assert_int_equal(wr_addr_from_text(text, &a), 0);
    return a;
}

#define SECRET     "e5e973e5a6b2a43f48e7dc849e37bfcf"
#define OLD_SECRET "dd3bdf9344b678b185a6f5cb60fca715"
#define NEW_SECRET "445536bcd2513298075a5d379663c962"

/* RFC 9018 appendix A: the replies of A.1 to A.4. */
static void test_rfc_replies(void **state)
{
    static const struct {
        const char *secret, *client, *ip, *server;
        uint32_t at;
    } rows[] = {
        {SECRET, "2464c4abcf10c957", "198.51.100.100", "010000005cf79f111f8130c3eee29480",
         1559731985},
        {SECRET, "2464c4abcf10c957", "198.51.100.100", "010000005cf7a871d4a564a1442aca77",
         1559734385},
        {SECRET, "fc93fc62807ddb86", "203.0.113.203", "010000005cf7a9acf73a7810aca2381e",
         1559734700},
        {NEW_SECRET, "22681ab97d52c298", "2001:db8:220:1:59de:d0f4:8769:82b8",
         "010000005cf7c609a6bb79d16625507a", 1559741961},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint8_t secret[16], client[8], want[16], got[16];
        unhex(rows[i].secret, secret);
        unhex(rows[i].client, client);
        unhex(rows[i].server, want);
        struct wr_addr from = addr(rows[i].ip);
        wr_cookie_make(secret, client, &from, rows[i].at, got);
        assert_memory_equal(got, want, 16);
        assert_int_equal(wr_cookie_check(secret, secret, client, got, 16, &from, rows[i].at),
                         WR_COOKIE_GOOD);
    }
}

/* A.3: reserved octets that are not zero are part of the hash and no reason to refuse. */
static void test_rfc_reserved(void **state)
{
    uint8_t secret[16], client[8], server[16];
    unhex(SECRET, secret);
    unhex("fc93fc62807ddb86", client);
    unhex("01abcdef5cf78f71a314227b6679ebf5", server);
    struct wr_addr from = addr("203.0.113.203");
    assert_int_equal(wr_cookie_check(secret, secret, client, server, 16, &from, 1559727985),
                     WR_COOKIE_GOOD);
    server[1] ^= 1;
    assert_int_equal(wr_cookie_check(secret, secret, client, server, 16, &from, 1559727985),
                     WR_COOKIE_BAD);
}

/* A.4: made with the secret before; accepted, and a new one is due. */
static void test_rfc_rolled(void **state)
{
    uint8_t secret[16], old[16], other[16], client[8], server[16];
    unhex(NEW_SECRET, secret);
    unhex(OLD_SECRET, old);
    unhex(SECRET, other);
    unhex("22681ab97d52c298", client);
    unhex("010000005cf7c57926556bd0934c72f8", server);
    struct wr_addr from = addr("2001:db8:220:1:59de:d0f4:8769:82b8");
    assert_int_equal(wr_cookie_check(secret, old, client, server, 16, &from, 1559741961),
                     WR_COOKIE_RENEW);
    assert_int_equal(wr_cookie_check(secret, other, client, server, 16, &from, 1559741961),
                     WR_COOKIE_BAD);
}

static void test_age(void **state)
{
    static const struct {
        int32_t age_s;
        enum wr_cookie_verdict verdict;
    } rows[] = {
        {0, WR_COOKIE_GOOD},     {1800, WR_COOKIE_GOOD}, {1801, WR_COOKIE_RENEW},
        {3600, WR_COOKIE_RENEW}, {3601, WR_COOKIE_BAD},  {-300, WR_COOKIE_GOOD},
        {-301, WR_COOKIE_BAD},   {86400, WR_COOKIE_BAD},
    };
    /* Also across the end of 32 bits of seconds. */
    static const uint32_t bases[] = {1559731985, 0xffffff00u, 100};
    uint8_t secret[16], client[8] = {1, 2, 3, 4, 5, 6, 7, 8}, server[16];
    unhex(SECRET, secret);
    struct wr_addr from = addr("192.0.2.7");
    for (size_t b = 0; b < 3; b++) {
        wr_cookie_make(secret, client, &from, bases[b], server);
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
            assert_int_equal(wr_cookie_check(secret, secret, client, server, 16, &from,
                                             bases[b] + (uint32_t)rows[i].age_s),
                             rows[i].verdict);
        }
    }
}

static void test_not_ours(void **state)
{
    uint8_t secret[16], client[8] = {1, 2, 3, 4, 5, 6, 7, 8}, server[17] = {0}, broken[16];
    unhex(SECRET, secret);
    struct wr_addr from = addr("192.0.2.7"), elsewhere = addr("192.0.2.8");
    wr_cookie_make(secret, client, &from, 1000000, server);
    for (size_t bit = 0; bit < 128; bit++) {
        memcpy(broken, server, 16);
        broken[bit / 8] ^= (uint8_t)(1u << (bit % 8));
        assert_int_equal(wr_cookie_check(secret, secret, client, broken, 16, &from, 1000000),
                         WR_COOKIE_BAD);
    }
    assert_int_equal(wr_cookie_check(secret, secret, client, server, 16, &elsewhere, 1000000),
                     WR_COOKIE_BAD);
    for (size_t size = 0; size < 18; size++) {
        assert_int_equal(wr_cookie_check(secret, secret, client, server, size, &from, 1000000),
                         size == 16 ? WR_COOKIE_GOOD : WR_COOKIE_BAD);
    }
    client[0] ^= 1;
    assert_int_equal(wr_cookie_check(secret, secret, client, server, 16, &from, 1000000),
                     WR_COOKIE_BAD);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rfc_replies), cmocka_unit_test(test_rfc_reserved),
        cmocka_unit_test(test_rfc_rolled),  cmocka_unit_test(test_age),
        cmocka_unit_test(test_not_ours),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
