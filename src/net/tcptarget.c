/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/err.h"
#include "crypto/wipe.h"
#include "net/tcpstate.h"

/* The keys are those of the daemon's start, however often the terms change. */
bool wr_tcp_be_target(struct wr_tcp *t)
{
    uint8_t seed[32];

    if (t->oblivious != NULL) {
        return true;
    }
    t->oblivious = malloc(sizeof(*t->oblivious));
    if (t->oblivious == NULL || getrandom(seed, sizeof(seed), 0) != (ssize_t)sizeof(seed) ||
        wr_oblivious_start(t->oblivious, t->terms.odoh_secret, t->terms.odoh_since_us, seed) !=
            WR_OK) {
        wr_tcp_end_target(t);
    }
    wr_wipe(seed, sizeof(seed));
    return t->oblivious != NULL;
}

void wr_tcp_end_target(struct wr_tcp *t)
{
    if (t->oblivious != NULL) {
        wr_wipe(t->oblivious, sizeof(*t->oblivious));
    }
    free(t->oblivious);
    t->oblivious = NULL;
}

void wr_tcp_end_oblivious(struct wr_tcp *t)
{
    wr_tcp_end_target(t);
    wr_creds_drop(t->terms.anchors);
    wr_carrier_destroy(t->carrier);
}

static void tcp_say(struct wr_tcp *t, wr_id conn, uint64_t stream, uint16_t status)
{
    const struct wr_http_reply reply = {.status = status, .no_store = true, .max_age_s = -1};

    wr_tcp_carried(t, conn, stream, &reply);
}

/* What the client wants carried goes to its target, if that is one of the owner's list. */
void wr_tcp_carry(struct wr_tcp *t, const struct wr_client *client,
                  const struct wr_conn_query *query)
{
    struct wr_carrier_load load = {.conn = client->conn,
                                   .from = client->from,
                                   .stream = query->stream,
                                   .body = query->bytes,
                                   .size = query->size,
                                   .post = query->post};
    uint16_t status = wr_odohproxy_judge(&t->proxy, query->parameters.at, query->parameters.n,
                                         query->post, &load.target, &load.path);

    if (status == 0 && query->size > WR_ODOH_CARRY_MAX) {
        status = 413;
    }
    if (status == 0) {
        status = wr_carrier_take(t->carrier, &load);
    }
    if (status != 0) {
        tcp_say(t, client->conn, query->stream, status);
    }
}

static void tcp_told(void *user, wr_id conn, uint64_t stream, const struct wr_http_reply *reply)
{
    wr_tcp_carried(user, conn, stream, reply);
}

static bool be_proxy(struct wr_tcp *t)
{
    wr_odohproxy_init(&t->proxy);
    for (unsigned i = 0; i < t->terms.odoh_targets; i++) {
        const struct wr_uri *uri = &t->terms.odoh_target_uri[i];

        (void)wr_odohproxy_allow(&t->proxy, uri->name, uri->addr.port, uri->path);
    }
    if (t->carrier == NULL && wr_carrier_create(t->loop, &t->feed, &t->shared->budget, tcp_told, t,
                                                &t->carrier) != WR_OK) {
        return false;
    }
    return true;
}

/* The same targets, each proven by the same. */
static bool is_same_proxy(const struct wr_terms *a, const struct wr_terms *b)
{
    bool same = a->anchors == b->anchors && a->odoh_targets == b->odoh_targets;
    char text[2][WR_URI_TEXT_SIZE];

    for (unsigned i = 0; same && i < a->odoh_targets; i++) {
        wr_uri_to_text(&a->odoh_target_uri[i], text[0], sizeof(text[0]));
        wr_uri_to_text(&b->odoh_target_uri[i], text[1], sizeof(text[1]));
        same = strcmp(text[0], text[1]) == 0;
    }
    return same;
}

/* The links of the carrier stay where nothing changes for them: what they know of the terms stands where it stood. */
void wr_tcp_set_terms(struct wr_tcp *t, const struct wr_terms *terms)
{
    bool stays = is_same_proxy(&t->terms, terms);
    struct wr_creds *old = t->terms.creds, *old_anchors = t->terms.anchors;

    t->terms = *terms;
    if (terms->creds != NULL) {
        wr_creds_keep(terms->creds);
    }
    if (terms->anchors != NULL) {
        wr_creds_keep(terms->anchors);
    }
    wr_creds_drop(old);
    wr_creds_drop(old_anchors);
    t->site = (struct wr_doh_site){
        .resource = {{.path = t->terms.doh_path,
                      .kind = WR_DOH_DNS,
                      .type = WR_HTTP_TYPE_DNS,
                      .methods = WR_DOH_GET | WR_DOH_POST,
                      .below = true}},
        .count = 1,
        .message_max = WR_NET_QUERY_MAX,
    };
    if (terms->odoh_target && wr_tcp_be_target(t)) {
        wr_oblivious_serve(&t->site, t->terms.doh_path);
    }
    bool had_carrier = t->carrier != NULL;
    if (terms->anchors != NULL && be_proxy(t)) {
        wr_oblivious_carry(&t->site);
    }
    if (t->carrier != NULL && !(stays && had_carrier)) {
        wr_carrier_set(t->carrier, &t->terms);
    }
    wr_wipe(t->terms.odoh_secret, sizeof(t->terms.odoh_secret)); /* the target has stepped on */
}
