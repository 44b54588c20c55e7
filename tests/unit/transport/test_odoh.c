/* SPDX-License-Identifier: Apache-2.0 */
/* Envelopes that another implementation made (make_odoh.py): odoh.txt says what each is. */
#include "unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/enc.h"
#include "base/err.h"
#include "transport/odoh.h"

#define LINES_MAX 32
#define BYTES_MAX 6000

enum { SEED, CONFIGS, QUERY, RESPONSE, ASK, ANSWER, FIELDS };

struct line {
    char name[40];
    unsigned aead;
    uint8_t bytes[FIELDS][BYTES_MAX];
    size_t size[FIELDS];
};

static struct line line[LINES_MAX];
static unsigned lines;
static const uint8_t seed[WR_ODOH_RANDOM] = {1, 2, 3}, fresh[WR_ODOH_RANDOM] = {9, 8, 7};

static int load(void **state)
{
    static char text[8 * BYTES_MAX];
    char path[512];
    const char *source = getenv("WEIR_SOURCE");
    FILE *f;

    snprintf(path, sizeof(path), "%s/tests/unit/transport/odoh.txt", source ? source : ".");
    f = fopen(path, "r");
    assert_non_null(f);
    while (fgets(text, sizeof(text), f)) {
        struct line *l = &line[lines++];
        int at = 0;
        char *word;

        assert_true(lines <= LINES_MAX);
        assert_int_equal(sscanf(text, "%39s %u %n", l->name, &l->aead, &at), 2);
        word = strtok(text + at, " \n");
        for (unsigned i = 0; i < FIELDS; i++, word = strtok(NULL, " \n")) {
            assert_non_null(word);
            assert_int_equal(
                wr_enc_from_hex(word, strlen(word), l->bytes[i], BYTES_MAX, &l->size[i]), WR_OK);
        }
    }
    fclose(f);
    assert_true(lines > 10);
    return 0;
}

/* The target's side: the same configurations, the same plain query, and with the nonce of the line the same response. */
static void test_target(void **state)
{
    for (unsigned i = 0; i < lines; i++) {
        const struct line *l = &line[i];
        uint8_t room[BYTES_MAX], out[BYTES_MAX], nonce[WR_ODOH_RANDOM] = {0};
        size_t n = 0, nonce_size = l->bytes[RESPONSE][2];
        struct wr_odoh_heard heard;
        struct wr_odoh_key key;
        struct wr_writer w;

        assert_int_equal(wr_odoh_key_make(&key, l->aead, l->bytes[SEED]), WR_OK);
        wr_buf_write_init(&w, out, sizeof(out));
        assert_int_equal(wr_odoh_configs_write(&key.config, 1, &w), WR_OK);
        assert_int_equal(w.pos, l->size[CONFIGS]);
        assert_memory_equal(out, l->bytes[CONFIGS], w.pos);
        memcpy(nonce, l->bytes[RESPONSE] + 3, nonce_size);
        assert_int_equal(wr_odoh_query(&key, 1, l->bytes[QUERY], l->size[QUERY], nonce, room,
                                       sizeof(room), &n, &heard),
                         WR_OK);
        assert_int_equal(n, l->size[ASK]);
        assert_memory_equal(room, l->bytes[ASK], n);
        if (strncmp(l->name, "made", 4) == 0) { /* published ones have paddings of their own */
            wr_buf_write_init(&w, out, sizeof(out));
            assert_int_equal(wr_odoh_reply(&heard, l->bytes[ANSWER], l->size[ANSWER], &w), WR_OK);
            assert_int_equal(w.pos, l->size[RESPONSE]);
            assert_memory_equal(out, l->bytes[RESPONSE], w.pos);
        }
    }
}

/* The client's side: the query with the line's ephemeral key is the line's; its response opens. */
static void test_client(void **state)
{
    for (unsigned i = 0; i < lines; i++) {
        const struct line *l = &line[i];
        uint8_t out[BYTES_MAX], room[BYTES_MAX], random[WR_ODOH_RANDOM];
        struct wr_odoh_config config;
        struct wr_odoh_asked asked;
        struct wr_writer w;
        size_t n = 0;

        if (strncmp(l->name, "made", 4) != 0) {
            continue;
        }
        memset(random, (int)(l->size[ASK] % 251), sizeof(random));
        assert_int_equal(wr_odoh_configs_read(l->bytes[CONFIGS], l->size[CONFIGS], &config), WR_OK);
        wr_buf_write_init(&w, out, sizeof(out));
        assert_int_equal(wr_odoh_ask(&asked, &config, random, l->bytes[ASK], l->size[ASK], &w),
                         WR_OK);
        assert_int_equal(w.pos, l->size[QUERY]);
        assert_memory_equal(out, l->bytes[QUERY], w.pos);
        assert_int_equal(
            wr_odoh_answer(&asked, l->bytes[RESPONSE], l->size[RESPONSE], room, sizeof(room), &n),
            WR_OK);
        assert_int_equal(n, l->size[ANSWER]);
        assert_memory_equal(room, l->bytes[ANSWER], n);
    }
}

struct pair {
    struct wr_odoh_key key;
    struct wr_odoh_asked asked;
    struct wr_odoh_heard heard;
    uint8_t query[1024], response[4096];
    size_t query_size, response_size;
};

static void exchange(struct pair *p, enum wr_aead_alg aead, size_t ask, size_t answer)
{
    static const uint8_t octets[3000] = {1, 2, 3};
    uint8_t room[1024];
    struct wr_writer w;
    size_t n = 0;

    assert_int_equal(wr_odoh_key_make(&p->key, aead, seed), WR_OK);
    wr_buf_write_init(&w, p->query, sizeof(p->query));
    assert_int_equal(wr_odoh_ask(&p->asked, &p->key.config, fresh, octets, ask, &w), WR_OK);
    p->query_size = w.pos;
    assert_int_equal(wr_odoh_query(&p->key, 1, p->query, p->query_size, fresh, room, sizeof(room),
                                   &n, &p->heard),
                     WR_OK);
    assert_int_equal(n, ask);
    wr_buf_write_init(&w, p->response, sizeof(p->response));
    assert_int_equal(wr_odoh_reply(&p->heard, octets, answer, &w), WR_OK);
    p->response_size = w.pos;
}

/* Whatever is asked and answered, only so many sizes are seen. */
static void test_padding(void **state)
{
    static struct pair p;

    for (size_t n = 1; n <= WR_ODOH_QUERY_MAX; n++) {
        exchange(&p, WR_AEAD_AES128GCM, n, n * 3);
        assert_int_equal(p.query_size, WR_ODOH_OVERHEAD + (n + 127) / 128 * 128);
        assert_int_equal(p.response_size, 1 + 2 + 16 + 2 + 4 + 16 + (n * 3 + 467) / 468 * 468);
    }
}

/* Who did not pad is answered without padding; a length that is padded already counts as such. (Queries of others:
 * tests/e2e/odoh.py.) */
static void test_unpadded(void **state)
{
    static struct pair p;
    struct wr_writer w;

    exchange(&p, WR_AEAD_AES128GCM, 128, 30);
    assert_true(p.heard.padded);
    p.heard.padded = false;
    wr_buf_write_init(&w, p.response, sizeof(p.response));
    assert_int_equal(wr_odoh_reply(&p.heard, p.query, 30, &w), WR_OK);
    assert_int_equal(w.pos, 1 + 2 + 16 + 2 + 4 + 16 + 30);
}

/* One octet changed anywhere, or missing: refused by both, and never opened as something else. */
static void test_altered(void **state)
{
    static struct pair p;
    uint8_t room[4096];
    struct wr_odoh_heard heard;
    size_t n = 0;

    exchange(&p, WR_AEAD_CHACHA20POLY1305, 40, 60);
    for (size_t i = 0; i < p.query_size; i++) {
        p.query[i] ^= 0x10;
        assert_int_not_equal(
            wr_odoh_query(&p.key, 1, p.query, p.query_size, fresh, room, sizeof(room), &n, &heard),
            WR_OK);
        p.query[i] ^= 0x10;
        assert_int_not_equal(
            wr_odoh_query(&p.key, 1, p.query, i, fresh, room, sizeof(room), &n, &heard), WR_OK);
    }
    for (size_t i = 0; i < p.response_size; i++) {
        p.response[i] ^= 0x10;
        assert_int_not_equal(
            wr_odoh_answer(&p.asked, p.response, p.response_size, room, sizeof(room), &n), WR_OK);
        p.response[i] ^= 0x10;
        assert_int_not_equal(wr_odoh_answer(&p.asked, p.response, i, room, sizeof(room), &n),
                             WR_OK);
    }
    assert_int_equal(wr_odoh_answer(&p.asked, p.response, p.response_size, room, sizeof(room), &n),
                     WR_OK);
    assert_int_equal(wr_odoh_answer(&p.asked, p.response, p.response_size, room, 100, &n),
                     WR_E_FULL);
    assert_int_equal(wr_odoh_query(&p.key, 1, p.query, p.query_size, fresh, room, 100, &n, &heard),
                     WR_E_FULL);
    assert_int_equal(wr_odoh_answer(&p.asked, p.query, p.query_size, room, sizeof(room), &n),
                     WR_E_FORMAT);
}

/* A query finds its key among several; one that is gone is said to be (HTTP 401). The response to another query does not open. */
static void test_keys(void **state)
{
    static struct pair p, q;
    struct wr_odoh_key keys[2], other;
    struct wr_odoh_heard heard;
    uint8_t room[1024];
    size_t n = 0;

    exchange(&p, WR_AEAD_AES128GCM, 30, 30);
    exchange(&q, WR_AEAD_AES128GCM, 31, 30);
    assert_int_equal(wr_odoh_key_make(&other, WR_AEAD_AES128GCM, fresh), WR_OK);
    keys[0] = other;
    keys[1] = p.key;
    assert_int_equal(
        wr_odoh_query(keys, 2, p.query, p.query_size, fresh, room, sizeof(room), &n, &heard),
        WR_OK);
    assert_int_equal(
        wr_odoh_query(keys, 1, p.query, p.query_size, fresh, room, sizeof(room), &n, &heard),
        WR_E_NOTFOUND);
    assert_int_equal(
        wr_odoh_query(keys, 0, p.query, p.query_size, fresh, room, sizeof(room), &n, &heard),
        WR_E_NOTFOUND);
    assert_int_equal(wr_odoh_answer(&q.asked, p.response, p.response_size, room, sizeof(room), &n),
                     WR_E_CHECKSUM);
}

/* `head` octets of a configuration, then a key of `size` octets. */
static int read_one(unsigned version, unsigned kem, unsigned kdf, unsigned aead, size_t size,
                    int more)
{
    uint8_t room[200];
    struct wr_odoh_config config;
    struct wr_writer w;

    wr_buf_write_init(&w, room, sizeof(room));
    wr_buf_put_u16(&w, (uint16_t)(12 + size));
    wr_buf_put_u16(&w, (uint16_t)version);
    wr_buf_put_u16(&w, (uint16_t)((int)(8 + size) + more));
    wr_buf_put_u16(&w, (uint16_t)kem);
    wr_buf_put_u16(&w, (uint16_t)kdf);
    wr_buf_put_u16(&w, (uint16_t)aead);
    wr_buf_put_u16(&w, (uint16_t)size);
    memset(wr_buf_take(&w, size), 7, size);
    return wr_odoh_configs_read(room, w.pos, &config);
}

static void test_configs(void **state)
{
    uint8_t room[WR_ODOH_CONFIGS_SIZE_MAX];
    struct wr_odoh_config config, many[3];
    struct wr_odoh_key key;
    struct wr_writer w;

    assert_int_equal(read_one(1, 0x20, 1, 1, 32, 0), WR_OK);
    assert_int_equal(read_one(1, 0x20, 1, 3, 32, 0), WR_OK);
    assert_int_equal(read_one(0xff06, 0x20, 1, 1, 32, 0), WR_E_UNSUPPORTED);
    assert_int_equal(read_one(1, 0x10, 1, 1, 65, 0), WR_E_UNSUPPORTED);
    assert_int_equal(read_one(1, 0x20, 2, 1, 32, 0), WR_E_UNSUPPORTED);
    assert_int_equal(read_one(1, 0x20, 1, 0xffff, 32, 0), WR_E_UNSUPPORTED);
    assert_int_equal(read_one(1, 0x20, 1, 1, 31, 0), WR_E_FORMAT);
    assert_int_equal(read_one(1, 0x20, 1, 1, 32, -1), WR_E_FORMAT);
    assert_int_equal(read_one(1, 0x20, 1, 1, 32, 1), WR_E_FORMAT);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(wr_odoh_key_make(&key, 3 - i, seed), WR_OK);
        many[i] = key.config;
    }
    wr_buf_write_init(&w, room, sizeof(room));
    assert_int_equal(wr_odoh_configs_write(many, 3, &w), WR_OK);
    assert_int_equal(wr_odoh_configs_read(room, w.pos, &config), WR_OK);
    assert_int_equal(config.aead, 3); /* the server's order */
    assert_memory_equal(config.key_id, many[0].key_id, WR_ODOH_KEY_ID);
    assert_int_equal(wr_odoh_configs_read(room, w.pos - 1, &config), WR_E_FORMAT);
    assert_int_equal(wr_odoh_configs_read(room, 1, &config), WR_E_FORMAT);
    assert_int_equal(wr_odoh_configs_read((const uint8_t *)"\0", 2, &config), WR_E_UNSUPPORTED);
}

/* A page of small configurations is not walked to its end. */
static void test_many_configs(void **state)
{
    uint8_t room[2 + 4 * (WR_ODOH_CONFIGS_MAX + 1)];
    struct wr_odoh_config config;
    struct wr_writer w;

    for (unsigned n = WR_ODOH_CONFIGS_MAX; n <= WR_ODOH_CONFIGS_MAX + 1; n++) {
        wr_buf_write_init(&w, room, sizeof(room));
        wr_buf_put_u16(&w, (uint16_t)(4 * n));
        for (unsigned i = 0; i < n; i++) {
            wr_buf_put_u32(&w, 0xff000000);
        }
        assert_int_equal(wr_odoh_configs_read(room, w.pos, &config),
                         n <= WR_ODOH_CONFIGS_MAX ? WR_E_UNSUPPORTED : WR_E_LIMIT);
    }
}

/* Sizes that cannot be: nothing is appended. The longest response has no padding. */
static void test_bounds(void **state)
{
    static uint8_t big[70000], room[70000];
    static struct pair p;
    struct wr_odoh_asked asked;
    struct wr_writer w;
    size_t n = 0;

    exchange(&p, WR_AEAD_AES256GCM, 512, 468);
    big[0] = 1;
    wr_buf_write_init(&w, room, sizeof(room));
    assert_int_equal(wr_odoh_ask(&asked, &p.key.config, fresh, big, 0, &w), WR_E_LIMIT);
    assert_int_equal(wr_odoh_ask(&asked, &p.key.config, fresh, big, 513, &w), WR_E_LIMIT);
    assert_int_equal(wr_odoh_reply(&p.heard, big, 65516, &w), WR_E_LIMIT);
    assert_int_equal(w.pos, 0);
    assert_int_equal(wr_odoh_reply(&p.heard, big, 65515, &w), WR_OK);
    memset(big, 2, sizeof(big));
    assert_int_equal(wr_odoh_answer(&p.asked, room, w.pos, big, sizeof(big), &n), WR_OK);
    assert_int_equal(n, 65515);
    assert_int_equal(big[0], 1);
    wr_buf_write_init(&w, room, 100);
    assert_int_equal(wr_odoh_ask(&asked, &p.key.config, fresh, big, 40, &w), WR_E_FULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_target),       cmocka_unit_test(test_client),
        cmocka_unit_test(test_padding),      cmocka_unit_test(test_unpadded),
        cmocka_unit_test(test_altered),      cmocka_unit_test(test_keys),
        cmocka_unit_test(test_configs),      cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_many_configs),
    };

    return cmocka_run_group_tests(tests, load, NULL);
}
