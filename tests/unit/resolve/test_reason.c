/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "resolve/conninfo.h"
#include "resolve/request_state.h"
#include "transport/uri.h"

static struct wr_requests *rs;
static struct wr_request r;
static struct wr_iter *it;
static struct wr_upstreams upstreams;
static struct wr_peers peers;
static struct wr_answer answer;
static void *block;

static int setup(void **state)
{
    size_t size = wr_pool_size(sizeof(struct wr_iter), 1);
    rs = calloc(1, sizeof(*rs));
    block = calloc(1, size);
    memset(&r, 0, sizeof(r));
    memset(&upstreams, 0, sizeof(upstreams));
    upstreams.default_group = WR_GROUP_RECURSE;
    rs->env.select.upstreams = &upstreams;
    wr_pool_init(&rs->iters, block, sizeof(struct wr_iter), 1);
    it = wr_pool_take(&rs->iters, &r.iter);
    memset(it, 0, sizeof(*it));
    it->peers = &peers;
    it->state = WR_ITER_FAILED;
    wr_name_from_text("example.", 8, &it->zone);
    wr_name_from_text("www.example.", 12, &r.asked.name);
    r.forward.ede = WR_EDE_NONE;
    return 0;
}

static int teardown(void **state)
{
    free(rs);
    free(block);
    return 0;
}

static void expect(int ede, const char *zone, const char *words)
{
    struct wr_name name;
    wr_answer_clear(&answer);
    bool silence = false;
    assert_false(wr_request_explain(rs, &r, &answer, &silence));
    assert_int_equal(answer.rcode, WR_RCODE_SERVFAIL);
    assert_int_equal(answer.ede, ede);
    assert_int_equal(wr_name_from_text(zone, strlen(zone), &name), WR_OK);
    assert_true(wr_name_equal(answer.ede_zone, name.wire));
    assert_string_equal(answer.ede_text, words);
}

static void add_server(const char *text)
{
    struct wr_name name;
    wr_name_from_text(text, strlen(text), &name);
    it->server[it->servers++] = (struct wr_iter_server){.at = it->names_size};
    memcpy(it->names + it->names_size, name.wire, name.size);
    it->names_size = (uint16_t)(it->names_size + name.size);
}

static void test_servers_of_a_zone(void **state)
{
    it->failure = WR_ITER_NO_ANSWER;
    r.forward.failure = WR_FORWARD_SILENCE;
    expect(WR_EDE_NO_REACHABLE_AUTHORITY, "example.", "none of its servers answered in time");
    r.forward.failure = WR_FORWARD_UNREACHABLE;
    expect(WR_EDE_NETWORK_ERROR, "example.", "its servers cannot be reached");
    r.forward.failure = WR_FORWARD_ERROR;
    r.forward.rcode = WR_RCODE_REFUSED;
    expect(WR_EDE_NO_REACHABLE_AUTHORITY, "example.", "its servers answered REFUSED");
    r.forward.rcode = WR_RCODE_NOERROR;
    expect(WR_EDE_NO_REACHABLE_AUTHORITY, "example.", "its servers do not answer for it (lame)");
    r.forward.ede = WR_EDE_INVALID_DATA;
    expect(WR_EDE_INVALID_DATA, "example.", "its servers sent answers that cannot be used");
    r.forward.failure = WR_FORWARD_NO_ROOM;
    expect(WR_EDE_OTHER, "example.", "no port, descriptor or place for the question here");
}

static void test_addresses(void **state)
{
    it->failure = WR_ITER_NO_ADDRESS;
    expect(WR_EDE_NO_REACHABLE_AUTHORITY, "example.", "no address of its server could be found");
    add_server("ns1.other.");
    it->server[0].known = true;
    add_server("ns2.other.");
    expect(WR_EDE_NO_REACHABLE_AUTHORITY, "example.",
           "no address of its servers, such as ns2.other., could be found");
    it->servers = 1;
    it->server[0].known = false;
    it->state = WR_ITER_WAITING;
    expect(WR_EDE_NO_REACHABLE_AUTHORITY, "example.",
           "the address of its server ns1.other. was not found in time");
}

static void test_bounds(void **state)
{
    it->failure = WR_ITER_TOO_LONG;
    expect(WR_EDE_NO_REACHABLE_AUTHORITY, "example.", "too many referrals");
    r.why = "needs too many messages";
    expect(WR_EDE_OTHER, "example.", "needs too many messages");
    r.iter = 0;
    r.why = "the chain of aliases is too long";
    expect(WR_EDE_OTHER, "www.example.", "the chain of aliases is too long");
}

static void test_upstreams(void **state)
{
    struct wr_route route = {.group = 0};
    wr_name_from_text("example.", 8, &route.zone);
    r.iter = 0;
    upstreams.groups = upstreams.routes = 1;
    upstreams.route = &route;
    memcpy(upstreams.group[0].name, "inside", 7);
    r.forward.failure = WR_FORWARD_NO_SERVER;
    expect(WR_EDE_NO_REACHABLE_AUTHORITY, "example.",
           "none of the upstreams of group inside may be asked");
    r.forward.failure = WR_FORWARD_ERROR;
    r.forward.rcode = WR_RCODE_SERVFAIL;
    r.forward.ede = WR_EDE_BOGUS; /* an upstream's own code goes on */
    expect(WR_EDE_BOGUS, "example.", "the upstreams of group inside answered SERVFAIL");
}

/* All of them strangers: that is said, and whom was meant; not when one of them merely cannot be reached. */
static void test_strangers(void **state)
{
    static struct wr_conninfo conns[WR_UPSTREAMS_MAX];
    static const struct wr_whom *const somebody = (const void *)conns;
    static struct wr_uri uri;
    memset((void *)conns, 0, sizeof(conns));
    rs->env.streams.conns = conns;
    r.iter = 0;
    upstreams.groups = 1;
    upstreams.default_group = 0;
    upstreams.group[0].servers = 2;
    upstreams.group[0].server[1] = 1;
    for (uint8_t i = 0; i < 2; i++) {
        upstreams.upstream[i] = (struct wr_upstream){.slot = i, .generation = 7, .whom = somebody};
        wr_addr_from_text(i ? "192.0.2.2:853" : "192.0.2.1:853", &upstreams.upstream[i].addr);
    }
    r.forward.failure = WR_FORWARD_UNREACHABLE;
    wr_conninfo_failed(&conns[0], 7, WR_UPCONN_STRANGER, "expired", 5);
    expect(WR_EDE_NETWORK_ERROR, ".", "the upstreams cannot be reached");
    wr_conninfo_failed(&conns[1], 7, WR_UPCONN_STRANGER, "expired", 5);
    expect(WR_EDE_NETWORK_ERROR, ".", "the upstreams did not prove to be who they should be");
    /* The host is the owner's, and perhaps a secret: nobody else is told it. */
    static const char url[] = "tls://192.0.2.1#name=my-account.dns.example";
    assert_int_equal(wr_uri_from_text(url, strlen(url), &uri, NULL), 0);
    upstreams.upstream[0].uri = &uri;
    upstreams.group[0].servers = 1;
    expect(WR_EDE_NETWORK_ERROR, ".", "the upstreams did not prove to be who they should be");
    r.forward.failure = WR_FORWARD_SILENCE;
    expect(WR_EDE_NO_REACHABLE_AUTHORITY, ".", "none of the upstreams answered in time");
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {CASE(test_servers_of_a_zone), CASE(test_addresses),
                                       CASE(test_bounds), CASE(test_upstreams),
                                       CASE(test_strangers)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
