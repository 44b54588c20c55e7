/* SPDX-License-Identifier: Apache-2.0 */
/* Replies that another implementation made and signed (make_roughtime.py): roughtime.txt says what each is. */
#include "unit/unit.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/enc.h"
#include "base/err.h"
#include "transport/roughtime.h"

#define LINES_MAX 128
#define BYTES_MAX 2048

struct line {
    char name[40], verdict[16];
    int64_t midpoint_s;
    uint32_t radius_s;
    uint8_t bytes[BYTES_MAX];
    size_t size;
};

static struct line line[LINES_MAX];
static unsigned lines;
static uint8_t key[WR_ROUGHTIME_KEY_SIZE], nonce[WR_ROUGHTIME_NONCE_SIZE];

static const struct line *get(const char *name)
{
    for (unsigned i = 0; i < lines; i++) {
        if (strcmp(line[i].name, name) == 0) {
            return &line[i];
        }
    }
    fail_msg("no line %s", name);
    return NULL;
}

static int load(void **state)
{
    static char text[2 * BYTES_MAX + 128];
    char path[512];
    const char *source = getenv("WEIR_SOURCE");

    snprintf(path, sizeof(path), "%s/tests/unit/transport/roughtime.txt", source ? source : ".");
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    while (fgets(text, sizeof(text), f)) {
        struct line *l = &line[lines++];
        int at = 0;
        assert_true(lines < LINES_MAX);
        assert_int_equal(sscanf(text, "%39s %15s %" SCNd64 " %" SCNu32 " %n", l->name, l->verdict,
                                &l->midpoint_s, &l->radius_s, &at),
                         4);
        size_t n = strcspn(text + at, "\n");
        assert_int_equal(wr_enc_from_hex(text + at, n, l->bytes, sizeof(l->bytes), &l->size),
                         WR_OK);
    }
    fclose(f);
    memcpy(key, get("key")->bytes, sizeof(key));
    for (unsigned i = 0; i < sizeof(nonce); i++) {
        nonce[i] = (uint8_t)i;
    }
    return 0;
}

static void test_the_question(void **state)
{
    uint8_t m[WR_ROUGHTIME_ASK_SIZE];
    const struct line *want = get("question");

    assert_int_equal(want->size, sizeof(m));
    assert_int_equal(wr_roughtime_ask(key, nonce, m), WR_OK);
    assert_memory_equal(m, want->bytes, sizeof(m));
}

static void test_the_link(void **state)
{
    uint8_t next[WR_ROUGHTIME_NONCE_SIZE];

    assert_int_equal(wr_roughtime_link(get("question")->bytes, get("question")->size, nonce, next),
                     WR_OK);
    assert_memory_equal(next, get("link")->bytes, sizeof(next));
}

static void test_replies(void **state)
{
    static const char *const verdicts[] = {"time", "foreign", "forged"};
    unsigned seen[3] = {0};

    for (unsigned i = 0; i < lines; i++) {
        const struct line *l = &line[i];
        struct wr_roughtime_reply r = {.radius_s = 4711};
        if (l->verdict[0] == '-') {
            continue;
        }
        enum wr_roughtime_verdict v = wr_roughtime_read(l->bytes, l->size, key, nonce, &r);
        if (strcmp(verdicts[v], l->verdict) != 0) {
            fail_msg("%s is %s", l->name, verdicts[v]);
        }
        seen[v]++;
        if (v == WR_ROUGHTIME_TIME) {
            assert_int_equal(r.midpoint_s, l->midpoint_s);
            assert_int_equal(r.radius_s, l->radius_s);
        } else {
            assert_int_equal(r.radius_s, 4711);
        }
    }
    assert_true(seen[0] > 30 && seen[1] > 10 && seen[2] > 10);
}

/* One bit anywhere, and it is no reply any more: but for TYPE, all of it is signed, hashed or compared. */
static void test_every_bit_counts(void **state)
{
    const struct line *l = get("tree-6-3");
    struct wr_roughtime_reply r;
    uint8_t m[BYTES_MAX];
    unsigned passed = 0;

    for (size_t i = 0; i < l->size; i++) {
        memcpy(m, l->bytes, l->size);
        m[i] ^= (uint8_t)(1u << i % 8);
        passed += wr_roughtime_read(m, l->size, key, nonce, &r) == WR_ROUGHTIME_TIME;
    }
    assert_true(passed <=
                4); /* the four octets of the tag TYPE: then it is a tag that nobody knows */
    for (size_t n = 0; n < l->size; n++) {
        assert_int_equal(wr_roughtime_read(l->bytes, n, key, nonce, &r), WR_ROUGHTIME_FOREIGN);
    }
}

static void test_whose_and_to_what(void **state)
{
    const struct line *l = get("plain");
    struct wr_roughtime_reply r;
    uint8_t other[32];

    memcpy(other, key, sizeof(other));
    other[0] ^= 1;
    assert_int_equal(wr_roughtime_read(l->bytes, l->size, other, nonce, &r), WR_ROUGHTIME_FORGED);
    memcpy(other, nonce, sizeof(other));
    other[31] ^= 1;
    assert_int_equal(wr_roughtime_read(l->bytes, l->size, key, other, &r), WR_ROUGHTIME_FOREIGN);
    assert_int_equal(
        wr_roughtime_read(get("question")->bytes, get("question")->size, key, nonce, &r),
        WR_ROUGHTIME_FOREIGN);
}

static void put32(uint8_t *at, uint32_t v)
{
    for (unsigned i = 0; i < 4; i++) {
        at[i] = (uint8_t)(v >> (8 * i));
    }
}

static void test_messages(void **state)
{
    static const struct {
        uint32_t word[7];
        unsigned words;
        int err;
    } rows[] = {
        {{1, 5}, 2, WR_OK},
        {{1, 5, 7}, 3, WR_OK},
        {{2, 0, 5, 6}, 4, WR_OK},
        {{2, 4, 5, 6, 7}, 5, WR_OK},
        {{0}, 1, WR_E_FORMAT},
        {{1}, 1, WR_E_FORMAT},
        {{2, 4, 5}, 3, WR_E_FORMAT},
        {{2, 4, 5, 6}, 4, WR_E_FORMAT},          /* begins behind the end */
        {{2, 2, 5, 6, 7}, 5, WR_E_FORMAT},       /* no multiple of four */
        {{2, 0, 6, 5}, 4, WR_E_FORMAT},          /* does not ascend */
        {{2, 0, 5, 5}, 4, WR_E_FORMAT},          /* twice */
        {{3, 4, 0, 5, 6, 7, 8}, 7, WR_E_FORMAT}, /* backwards */
        {{WR_ROUGHTIME_TAGS_MAX + 1}, 1, WR_E_LIMIT},
        {{0xffffffff, 5}, 2, WR_E_LIMIT},
    };
    struct wr_roughtime_map map;
    uint8_t m[28];

    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        for (unsigned w = 0; w < rows[i].words; w++) {
            put32(m + (size_t)4 * w, rows[i].word[w]);
        }
        assert_int_equal(wr_roughtime_map_read(m, (size_t)4 * rows[i].words, &map), rows[i].err);
    }
    put32(m, 1);
    put32(m + 4, 5);
    assert_int_equal(wr_roughtime_map_read(m, 10, &map), WR_E_FORMAT);
    assert_int_equal(wr_roughtime_map_read(m, 0, &map), WR_E_FORMAT);
    assert_int_equal(wr_roughtime_map_read(m, 12, &map), WR_OK);
    assert_ptr_equal(wr_roughtime_map_find(&map, 5, 4), m + 8);
    assert_null(wr_roughtime_map_find(&map, 5, 8));
    assert_null(wr_roughtime_map_find(&map, 6, 4));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_question),      cmocka_unit_test(test_the_link),
        cmocka_unit_test(test_replies),           cmocka_unit_test(test_every_bit_counts),
        cmocka_unit_test(test_whose_and_to_what), cmocka_unit_test(test_messages),
    };
    return cmocka_run_group_tests_name("roughtime", tests, load, NULL);
}
