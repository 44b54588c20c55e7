/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "resolve/ticketbox.h"

static struct wr_ticketbox b;
static uint8_t *octets;

static int setup(void **state)
{
    octets = malloc(WR_TICKETBOX_SIZE);
    memset(octets, 0xee, WR_TICKETBOX_SIZE);
    wr_ticketbox_init(&b, octets);
    return 0;
}

static int teardown(void **state)
{
    free(octets);
    return 0;
}

static void test_used_once(void **state)
{
    size_t size = 0;
    wr_ticketbox_put(&b, 7, 1, (const uint8_t *)"old", 3);
    wr_ticketbox_put(&b, 7, 1, (const uint8_t *)"newer", 5);
    assert_null(wr_ticketbox_take(&b, 8, 1, &size));
    const uint8_t *t = wr_ticketbox_take(&b, 7, 1, &size);
    assert_non_null(t);
    assert_int_equal(size, 5);
    assert_memory_equal(t, "newer", 5);
    assert_null(wr_ticketbox_take(&b, 7, 1, &size));
}

/* A slot that another server has now, or other settings: what was proven then is not proven now. */
static void test_other_proof(void **state)
{
    size_t size;
    wr_ticketbox_put(&b, 7, 1, (const uint8_t *)"one", 3);
    assert_null(wr_ticketbox_take(&b, 7, 2, &size));
    wr_ticketbox_put(&b, 3, 1, (const uint8_t *)"two", 3);
    wr_ticketbox_clear(&b);
    assert_null(wr_ticketbox_take(&b, 3, 1, &size));
    for (size_t i = 0; i < WR_TICKETBOX_SIZE; i++) {
        assert_true(octets[i] == 0xee || octets[i] == 0);
    }
}

static void test_bounded(void **state)
{
    static const uint8_t large[WR_TICKET_OCTETS_MAX + 1];
    size_t size;
    wr_ticketbox_put(&b, 1, 1, large, sizeof(large));
    assert_null(wr_ticketbox_take(&b, 1, 1, &size));
    wr_ticketbox_put(&b, 1, 1, large, 0);
    assert_null(wr_ticketbox_take(&b, 1, 1, &size));
    for (uint16_t slot = 0; slot <= WR_TICKETS_MAX; slot++) {
        wr_ticketbox_put(&b, slot, 1, large, sizeof(large) - 1);
    }
    assert_null(wr_ticketbox_take(&b, 0, 1, &size)); /* the oldest left */
    for (uint16_t slot = 1; slot <= WR_TICKETS_MAX; slot++) {
        assert_non_null(wr_ticketbox_take(&b, slot, 1, &size));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_used_once, setup, teardown),
        cmocka_unit_test_setup_teardown(test_other_proof, setup, teardown),
        cmocka_unit_test_setup_teardown(test_bounded, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
