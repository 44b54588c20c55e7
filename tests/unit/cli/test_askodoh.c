/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <string.h>

#include "base/err.h"
#include "base/time.h"
#include "cli/askodoh.h"

#define CONFIG "ACwAAQAoACAAAQABACCx8bhA3noyQbAnSM+bBbdNyMXoRRKYc4gXvXaqjr6MKw=="
#define NOW_US (9 * WR_S)

static struct wr_askodoh odoh;
static struct wr_upconn_secure secure;

static struct wr_uri uri_of(const char *text)
{
    struct wr_uri uri;

    assert_int_equal(wr_uri_from_text(text, strlen(text), &uri, NULL), WR_OK);
    return uri;
}

/* What a connection learns: a configuration made of that octet. */
static void learn(uint8_t octet)
{
    struct wr_odohkept *kept = secure.target.kept;

    kept->config.aead = WR_AEAD_AES128GCM;
    memset(kept->config.public, octet, sizeof(kept->config.public));
    kept->until_us = NOW_US + WR_S;
}

static void test_set(void **state)
{
    struct wr_uri uri = uri_of("odoh://t.example:444/q#proxy=p.example/carry");

    wr_askodoh_begin(&odoh, &uri, false, NOW_US, &secure);
    assert_string_equal(secure.path, "/carry");
    assert_string_equal(secure.target.host, "t.example:444");
    assert_string_equal(secure.target.path, "/q");
    assert_int_equal(secure.target.pinned_size, 0);
    wr_askodoh_end(&odoh);
    assert_string_equal(odoh.from, "");
    assert_string_equal(odoh.config, "");
    uri = uri_of("odoh://t.example/q#proxy=p.example/carry");
    wr_askodoh_begin(&odoh, &uri, false, NOW_US, &secure);
    assert_string_equal(secure.target.host, "t.example");
}

static void test_kept(void **state)
{
    struct wr_uri uri = uri_of("odoh://t.example/q#proxy=p.example/carry");
    char first[sizeof(odoh.config)];

    wr_askodoh_begin(&odoh, &uri, false, NOW_US, &secure);
    learn(1);
    wr_askodoh_end(&odoh);
    assert_string_equal(odoh.from, "fetched");
    strcpy(first, odoh.config);
    wr_askodoh_begin(&odoh, &uri, true, NOW_US, &secure);
    assert_int_equal(secure.target.kept->until_us, NOW_US + WR_S);
    wr_askodoh_end(&odoh);
    assert_string_equal(odoh.from, "kept");
    assert_string_equal(odoh.config, first);
    wr_askodoh_begin(&odoh, &uri, true, NOW_US, &secure);
    learn(2);
    wr_askodoh_end(&odoh);
    assert_string_equal(odoh.from, "fetched anew");
    assert_string_not_equal(odoh.config, first);
    wr_askodoh_begin(&odoh, &uri, true, NOW_US + 2 * WR_S, &secure); /* too old */
    learn(2);
    wr_askodoh_end(&odoh);
    assert_string_equal(odoh.from, "fetched");
    wr_askodoh_begin(&odoh, &uri, false, NOW_US, &secure); /* another target, or other terms */
    assert_int_equal(secure.target.kept->until_us, 0);
}

/* What is printed is what is read. */
static void test_pinned(void **state)
{
    struct wr_uri uri = uri_of("odoh://t.example/q#proxy=p.example/p&config=" CONFIG);

    wr_askodoh_begin(&odoh, &uri, false, NOW_US, &secure);
    assert_int_equal(secure.target.pinned_size, uri.config_size);
    wr_askodoh_end(&odoh);
    assert_string_equal(odoh.from, "pinned");
    assert_string_equal(odoh.config, CONFIG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_set),
        cmocka_unit_test(test_kept),
        cmocka_unit_test(test_pinned),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
