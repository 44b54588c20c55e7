/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/resolve/zonetest.h"

#include "resolve/heldanswer.h"

static struct zonetest t;
static struct wr_heldzone_state state;
static struct wr_name name;
static struct wr_heldzone zone;
static const struct wr_heldzones zones = {.count = 1, .answers = true, .zone = &zone};
static struct wr_upstreams upstreams;
static struct wr_route route;
static uint8_t room[WR_MSG_MAX];
static _Alignas(8) uint8_t block[2 * WR_RRSET_SIZE_MAX + 16384];
static struct wr_arena arena;
static struct wr_answer got;

static const struct zonetest_row rows[] = {
    {"z.", "SOA", "ns.z. h.z. 1 2 3 4 60"}, {"z.", "NS", "ns.z."},
    {"www.z.", "A", "192.0.2.2"},           {"alias.z.", "CNAME", "www.z."},
    {"out.z.", "CNAME", "www.y."},          {"sub.z.", "NS", "ns.z."},
    {"*.w.z.", "A", "192.0.2.3"},
};

static int setup(void **unused)
{
    zonetest_rows(&t, rows, sizeof(rows) / sizeof(rows[0]));
    zonetest_sign(&t, "z.", ZONETEST_NSEC);
    name = wire_name("z.");
    zone = (struct wr_heldzone){.name = name.wire,
                                .index = zonetest_build(&t, "z."),
                                .answers = true,
                                .fallback = true,
                                .state = &state};
    route = (struct wr_route){.zone = name, .group = WR_GROUP_RECURSE};
    upstreams = (struct wr_upstreams){.route = &route, .routes = 1};
    return 0;
}

static int teardown(void **unused)
{
    zonetest_free(&t);
    return 0;
}

static enum wr_found ask(const char *qname, uint16_t type)
{
    struct wr_question q = {.name = wire_name(qname), .type = type};
    wr_arena_init(&arena, block, sizeof(block));
    enum wr_found found = wr_heldanswer_find(&zones, NULL, &upstreams, &q, 7, room, &arena, &got);
    memset(room, 0xee, sizeof(room)); /* nothing of the answer stands there */
    return found;
}

static void test_answers(void **unused)
{
    static const struct {
        const char *name;
        uint16_t type;
        enum wr_found found;
        uint16_t rcode;
        unsigned answers, proofs;
    } cases[] = {
        {"www.z.", WR_TYPE_A, WR_FOUND_FRESH, 0, 1, 0},
        {"alias.z.", WR_TYPE_A, WR_FOUND_FRESH, 0, 2, 0},
        {"alias.z.", WR_TYPE_TXT, WR_FOUND_FRESH, 0, 1, 2},
        {"x.w.z.", WR_TYPE_A, WR_FOUND_FRESH, 0, 1, 1},
        {"www.z.", WR_TYPE_TXT, WR_FOUND_FRESH, 0, 0, 2},
        {"no.z.", WR_TYPE_A, WR_FOUND_FRESH, WR_RCODE_NXDOMAIN, 0, 2},
        {"out.z.", WR_TYPE_A, WR_FOUND_NOTHING, 0, 0, 0},
        {"a.sub.z.", WR_TYPE_A, WR_FOUND_NOTHING, 0, 0, 0},
        {"z.", WR_TYPE_DS, WR_FOUND_NOTHING, 0, 0, 0},
        {"www.y.", WR_TYPE_A, WR_FOUND_NOTHING, 0, 0, 0},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        enum wr_found found = ask(cases[i].name, cases[i].type);
        bool good = found == cases[i].found;
        if (good && found == WR_FOUND_FRESH) {
            good = got.rcode == cases[i].rcode && got.answers == cases[i].answers &&
                   got.authorities >= cases[i].proofs && got.authoritative && got.local &&
                   got.security == WR_SECURITY_INSECURE;
            for (unsigned k = 0; k < got.answers; k++) {
                good =
                    good && got.answer[k].sigs == 1 && wr_name_in(got.answer[k].owner, name.wire);
            }
        }
        if (!good) {
            fail_msg("%s: found %d, rcode %u, %u answers, %u authorities", cases[i].name, found,
                     got.rcode, got.answers, got.authorities);
        }
    }
}

static void test_only_where_it_is_wanted(void **unused)
{
    zone.answers = false;
    assert_int_equal(ask("www.z.", WR_TYPE_A), WR_FOUND_NOTHING);
    zone.answers = true;
    zone.index = NULL;
    zone.fallback = false;
    assert_int_equal(ask("www.z.", WR_TYPE_A), WR_FOUND_NOTHING);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_answers, setup, teardown),
        cmocka_unit_test_setup_teardown(test_only_where_it_is_wanted, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
