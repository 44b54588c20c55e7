/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "resolve/ticketbox.h"

#define T0 (70 * WR_S)

static struct wr_ticketbox b;
static uint8_t *octets;
static uint64_t proven_us;

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
    wr_ticketbox_put(&b, 7, 1, T0, (const uint8_t *)"old", 3);
    wr_ticketbox_put(&b, 7, 1, T0, (const uint8_t *)"newer", 5);
    assert_null(wr_ticketbox_take(&b, 8, 1, T0, &proven_us, &size));
    const uint8_t *t = wr_ticketbox_take(&b, 7, 1, T0, &proven_us, &size);
    assert_non_null(t);
    assert_int_equal(size, 5);
    assert_memory_equal(t, "newer", 5);
    assert_null(wr_ticketbox_take(&b, 7, 1, T0, &proven_us, &size));
}

/* A slot that another server has now, or other settings: what was proven then is not proven now. */
static void test_other_proof(void **state)
{
    size_t size;
    wr_ticketbox_put(&b, 7, 1, T0, (const uint8_t *)"one", 3);
    assert_null(wr_ticketbox_take(&b, 7, 2, T0, &proven_us, &size));
    wr_ticketbox_put(&b, 3, 1, T0, (const uint8_t *)"two", 3);
    wr_ticketbox_clear(&b);
    assert_null(wr_ticketbox_take(&b, 3, 1, T0, &proven_us, &size));
    for (size_t i = 0; i < WR_TICKETBOX_SIZE; i++) {
        assert_true(octets[i] == 0xee || octets[i] == 0);
    }
}

static void test_bounded(void **state)
{
    static const uint8_t large[WR_TICKET_OCTETS_MAX + 1];
    size_t size;
    wr_ticketbox_put(&b, 1, 1, T0, large, sizeof(large));
    assert_null(wr_ticketbox_take(&b, 1, 1, T0, &proven_us, &size));
    wr_ticketbox_put(&b, 1, 1, T0, large, 0);
    assert_null(wr_ticketbox_take(&b, 1, 1, T0, &proven_us, &size));
    for (uint16_t slot = 0; slot <= WR_TICKETS_MAX; slot++) {
        wr_ticketbox_put(&b, slot, 1, T0, large, sizeof(large) - 1);
    }
    assert_null(wr_ticketbox_take(&b, 0, 1, T0, &proven_us, &size)); /* the oldest left */
    for (uint16_t slot = 1; slot <= WR_TICKETS_MAX; slot++) {
        assert_non_null(wr_ticketbox_take(&b, slot, 1, T0, &proven_us, &size));
    }
}

/* However new the ticket: what stands behind it was proven once, and that grows old. */
static void test_proof_grows_old(void **state)
{
    const uint64_t end_us = T0 + WR_TICKET_PROOF_S * WR_S;
    size_t size;
    wr_ticketbox_put(&b, 7, 1, T0, (const uint8_t *)"one", 3);
    assert_non_null(wr_ticketbox_take(&b, 7, 1, end_us - 1, &proven_us, &size));
    assert_int_equal(proven_us, T0);
    wr_ticketbox_put(&b, 7, 1, T0, (const uint8_t *)"two", 3);
    assert_null(wr_ticketbox_take(&b, 7, 1, end_us, &proven_us, &size));
    assert_null(wr_ticketbox_take(&b, 7, 1, T0, &proven_us, &size)); /* it is gone */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_used_once, setup, teardown),
        cmocka_unit_test_setup_teardown(test_other_proof, setup, teardown),
        cmocka_unit_test_setup_teardown(test_bounded, setup, teardown),
        cmocka_unit_test_setup_teardown(test_proof_grows_old, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
