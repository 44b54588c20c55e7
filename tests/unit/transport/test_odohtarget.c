/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <string.h>

#include "base/err.h"
#include "base/time.h"
#include "transport/odohtarget.h"

#define START (7 * WR_S)
#define SLOTS 4

static const uint8_t secret[32] = {1, 2, 3};

struct box {
    struct wr_odohtarget target;
    struct wr_odohtarget_slot slot[SLOTS];
    struct wr_rng rng;
    struct wr_odoh_asked asked;
    uint8_t body[1024];
    size_t size;
};

static void start(struct box *b)
{
    wr_rng_seed_u64(&b->rng, 1);
    assert_int_equal(wr_odohtarget_start(&b->target, secret, START, b->slot, SLOTS), WR_OK);
}

/* A query by the configurations that are published at `now_us`. */
static void ask(struct box *b, uint64_t now_us, const char *text)
{
    struct wr_odoh_config config;
    uint8_t random[WR_ODOH_RANDOM];
    const uint8_t *configs;
    struct wr_writer w;
    size_t n;

    assert_int_equal(wr_odohtarget_configs(&b->target, now_us, &configs, &n), WR_OK);
    assert_int_equal(wr_odoh_configs_read(configs, n, &config), WR_OK);
    wr_rng_bytes(&b->rng, random, sizeof(random));
    wr_buf_write_init(&w, b->body, sizeof(b->body));
    assert_int_equal(
        wr_odoh_ask(&b->asked, &config, random, (const uint8_t *)text, strlen(text), &w), WR_OK);
    b->size = w.pos;
}

static uint16_t open_it(struct box *b, uint64_t now_us, const char *want, uint32_t *ret_handle)
{
    uint8_t room[1024];
    size_t n = 0;
    uint16_t status = wr_odohtarget_open(&b->target, b->body, b->size, &b->rng, now_us, room,
                                         sizeof(room), &n, ret_handle);

    if (status == 0) {
        assert_int_equal(n, strlen(want));
        assert_memory_equal(room, want, n);
    }
    return status;
}

static void seal_it(struct box *b, uint32_t handle, const char *text)
{
    uint8_t out[2048], room[2048];
    struct wr_writer w;
    size_t n = 0;

    wr_buf_write_init(&w, out, sizeof(out));
    assert_int_equal(
        wr_odohtarget_seal(&b->target, handle, (const uint8_t *)text, strlen(text), &w), WR_OK);
    assert_int_equal(wr_odoh_answer(&b->asked, out, w.pos, room, sizeof(room), &n), WR_OK);
    assert_int_equal(n, strlen(text));
    assert_memory_equal(room, text, n);
}

static void test_round(void **state)
{
    static struct box b;
    uint32_t handle = 0;
    struct wr_writer w;
    uint8_t out[100];

    start(&b);
    for (unsigned i = 0; i < 100; i++) {
        ask(&b, START, "question");
        assert_int_equal(open_it(&b, START, "question", &handle), 0);
        seal_it(&b, handle, "answer");
    }
    wr_buf_write_init(&w, out, sizeof(out));
    assert_int_equal(wr_odohtarget_seal(&b.target, handle, out, 10, &w), WR_E_NOTFOUND);
    wr_odohtarget_drop(&b.target, handle); /* late, and of no consequence */
    wr_odohtarget_drop(&b.target, 0);
    wr_odohtarget_drop(&b.target, UINT32_MAX);
}

/* The key changes while a query is on its way, and again while it is being answered: no query fails. After that: 401. */
static void test_rotation(void **state)
{
    static struct box b;
    uint64_t last = START + WR_ODOH_PERIOD_US - 1;
    uint32_t handle = 0, other = 0;

    start(&b);
    ask(&b, last, "question");
    assert_int_equal(open_it(&b, last + 2, "question", &handle), 0);
    assert_int_equal(open_it(&b, last + WR_ODOH_PERIOD_US, "question", &other), 0);
    seal_it(&b, handle, "answer");
    seal_it(&b, other, "another");
    assert_int_equal(open_it(&b, last + 1 + WR_ODOH_PERIOD_US, "", &handle), 401);
    ask(&b, last + 1 + WR_ODOH_PERIOD_US, "again");
    assert_int_equal(open_it(&b, last + 1 + WR_ODOH_PERIOD_US, "again", &handle), 0);
    seal_it(&b, handle, "answer");
}

static void test_broken(void **state)
{
    static struct box b;
    uint32_t handle = 0;

    start(&b);
    ask(&b, START, "question");
    b.body[b.size - 1] ^= 1;
    assert_int_equal(open_it(&b, START, "", &handle), 400);
    b.body[b.size - 1] ^= 1;
    b.body[3] ^= 1; /* the key id */
    assert_int_equal(open_it(&b, START, "", &handle), 401);
    b.body[3] ^= 1;
    b.size -= 1;
    assert_int_equal(open_it(&b, START, "", &handle), 400);
    b.size = 0;
    assert_int_equal(open_it(&b, START, "", &handle), 400);
    for (unsigned i = 0; i < 10 * SLOTS; i++) { /* none of them took a place */
        assert_int_equal(open_it(&b, START, "", &handle), 400);
    }
    ask(&b, START, "question");
    assert_int_equal(open_it(&b, START, "question", &handle), 0);
}

/* All places taken: later; dropped ones come back; those that nobody waits for are given up, the oldest first. */
static void test_full(void **state)
{
    static struct box b;
    uint32_t handle[SLOTS], more = 0;
    struct wr_writer w;
    uint8_t out[1024];

    start(&b);
    ask(&b, START, "question");
    for (unsigned i = 0; i < SLOTS; i++) {
        assert_int_equal(open_it(&b, START + i, "question", &handle[i]), 0);
    }
    assert_int_equal(open_it(&b, START + SLOTS, "question", &more), 503);
    wr_odohtarget_drop(&b.target, handle[2]);
    assert_int_equal(open_it(&b, START + SLOTS, "question", &more), 0);
    assert_int_equal(open_it(&b, START + WR_ODOH_ANSWER_MAX_US - 1, "question", &more), 503);
    assert_int_equal(open_it(&b, START + WR_ODOH_ANSWER_MAX_US, "question", &more), 0);
    wr_buf_write_init(&w, out, sizeof(out));
    assert_int_equal(wr_odohtarget_seal(&b.target, handle[0], out, 9, &w), WR_E_NOTFOUND);
    assert_int_equal(wr_odohtarget_seal(&b.target, handle[1], out, 9, &w), WR_OK);
    seal_it(&b, more, "answer");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round),
        cmocka_unit_test(test_rotation),
        cmocka_unit_test(test_broken),
        cmocka_unit_test(test_full),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
