/* SPDX-License-Identifier: Apache-2.0 */
/* QUIC's memory: each octet is counted, both bounds hold, and what the library forgets is freed. */
#include "unit/unit.h"

#include <ngtcp2/ngtcp2.h>
#include <string.h>

#include "transport/quicmem.h"

static void test_account(void **state)
{
    struct wr_quic_env env = {.memory_max = 1000, .each_max = 600};
    struct wr_quic a = {.env = &env}, b = {.env = &env};
    ngtcp2_mem *ma = (ngtcp2_mem *)(void *)a.mem, *mb = (ngtcp2_mem *)(void *)b.mem;
    uint8_t *p, *q;

    wr_quic_mem_init(&a);
    wr_quic_mem_init(&b);
    p = ma->malloc(100, ma->user_data);
    assert_non_null(p);
    memset(p, 7, 100);
    assert_int_equal(env.memory, a.memory);
    assert_in_range(a.memory, 100, 140);
    p = ma->realloc(p, 200, ma->user_data);
    assert_int_equal(p[99], 7);
    assert_in_range(a.memory, 200, 240);
    assert_null(ma->malloc(500, ma->user_data)); /* over the connection's */
    assert_null(ma->realloc(p, 5000, ma->user_data));
    assert_int_equal(p[99], 7); /* as it was */
    q = mb->calloc(25, 20, mb->user_data);
    assert_int_equal(q[499], 0);
    assert_null(ma->malloc(250, ma->user_data)); /* over the owner's */
    assert_null(ma->calloc(SIZE_MAX / 2, 4, ma->user_data));
    assert_null(ma->malloc(SIZE_MAX - 8, ma->user_data));
    mb->free(q, mb->user_data);
    mb->free(NULL, mb->user_data);
    assert_int_equal(b.memory, 0);
    wr_quic_mem_end(&a); /* p is forgotten */
    wr_quic_mem_end(&b);
    assert_int_equal(env.memory, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_account)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
