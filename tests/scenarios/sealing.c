/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sealing: encrypted upstreams of a story: who they are, what they show, and whether a name can be read on the way. What stands for TLS is
 * the simulator's (tests/sim/veil.h, line.h): the name below sealed.net, which the good certificate is for, is proven by its authority.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "line.h"
#include "network.h"
#include "story.h"
#include "transport/uri.h"
#include "transport/whom.h"

struct story_sealing {
    struct veil veil;
    struct wr_creds *trust;
    unsigned count;
    struct wr_uri uri[STORY_SERVERS_MAX];
    struct wr_whom whom[STORY_SERVERS_MAX];
    enum veil_who who[STORY_SERVERS_MAX]; /* by the story's number of the server */
};

static struct story_sealing *sealing_of(struct story *s)
{
    if (!s->sealing) {
        s->sealing = calloc(1, sizeof *s->sealing);
        assert(s->sealing);
        int err = veil_init(&s->sealing->veil, 4);
        assert(!err);
        s->sealing->trust = veil_authority(&s->sealing->veil);
        s->gate.standin = &s->sealing->veil.calls;
        s->gate.settings.upstreams.trust = s->sealing->trust;
    }
    return s->sealing;
}

bool story_sealing_reads(struct story *s, const char *url, struct wr_addr *ret_addr)
{
    struct wr_uri uri;
    if (wr_uri_from_text(url, strlen(url), &uri, NULL) ||
        (uri.scheme != WR_URI_TLS && uri.scheme != WR_URI_HTTPS) || uri.addrs != 1) {
        return false;
    }
    struct story_sealing *z = sealing_of(s);
    if (z->count == STORY_SERVERS_MAX) {
        return false;
    }
    z->uri[z->count] = uri;
    *ret_addr = uri.addr;
    return true;
}

void story_sealing_prove(struct story *s)
{
    struct story_sealing *z = s->sealing;
    struct wr_upstreams *u = &s->gate.settings.upstreams;
    z->whom[z->count] = wr_whom_of(&z->uri[z->count], z->trust);
    u->upstream[u->upstreams - 1].uri = &z->uri[z->count];
    u->upstream[u->upstreams - 1].whom = &z->whom[z->count];
    z->count++;
}

void story_sealing_free(struct story *s)
{
    if (s->sealing) {
        wr_creds_drop(s->sealing->trust);
        free(s->sealing);
        s->sealing = NULL;
    }
}

bool story_sealing_show(struct story *s, unsigned server, const char *what)
{
    static const char *const names[VEIL_WHOS] = {"good", "expired", "elsewhere", "portal", "thief"};
    for (unsigned i = 0; i < VEIL_WHOS && s->sealing && server < STORY_SERVERS_MAX; i++) {
        if (strcmp(what, names[i]) == 0) {
            s->sealing->who[server] = (enum veil_who)i;
            return true;
        }
    }
    return false;
}

static bool is_encrypted(const struct story *s, unsigned server)
{
    const struct story_sealing *z = s->sealing;
    for (unsigned i = 0; z && i < z->count; i++) {
        if (wr_addr_equal(&z->uri[i].addr, &s->server[server])) {
            return true;
        }
    }
    return false;
}

void story_sealing_up(struct story *s, unsigned server, struct net_stream *st)
{
    if (is_encrypted(s, server)) {
        enum veil_who who = s->sealing->who[server];
        st->line = line_new(&s->sealing->veil, who, 0, server * 16 + who);
        st->line_end = line_free;
    }
}

const char *story_sealing_readable(const struct story *s, const uint8_t *bytes, size_t size)
{
    static char text[4 * WIRE_NAME_SIZE];
    for (unsigned i = 0; i < s->steps; i++) {
        const struct story_step *step = &s->step[i];
        if (step->kind == STEP_QUERY && step->entry->has_question &&
            wire_name_in(bytes, size, step->entry->qname, true)) {
            wire_name_text(step->entry->qname, text, sizeof text);
            return text;
        }
    }
    return NULL;
}
