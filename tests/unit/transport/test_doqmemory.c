/* SPDX-License-Identifier: Apache-2.0 */
/* A server whose memory ends at any moment of a handshake: the connection ends, the program does not. */
#include "unit/unit.h"

#include "transport/doqserver_state.h"
#include "unit/transport/doqrogue.h"

enum { STEP = 512, STEPS = 220 };

static struct rogue rogue;

static void test_memory_ends_in_a_handshake(void **state)
{
    struct dw *w = dw_new(28);
    unsigned ready = 0;

    dw_start(w);
    for (unsigned i = 0; i < STEPS; i++) {
        struct rogue *r = &rogue;

        w->s[0]->env.memory_max = w->s[0]->env.memory + (size_t)i * STEP;
        rogue_start(r, w, 0, 60);
        rogue_run(r);
        ready += r->ready;
        rogue_end(r);
        w->now_us += WR_S / 10;
    }
    assert_true(ready > 0 && ready < STEPS);
    dw_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_memory_ends_in_a_handshake)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
