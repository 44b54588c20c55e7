/* SPDX-License-Identifier: Apache-2.0 */
/* Requests that wait for requests: the addresses of a server, the root, the keys of a zone. */
#include "resolve/request_state.h"

#include "base/limits.h"

static int child_place(const struct wr_request *r, wr_id child)
{
    for (int i = 0; i < WR_DEPEND_CHILDREN_MAX; i++) {
        if (r->child[i] == child) {
            return i;
        }
    }
    return -1;
}

/* Does `from` wait for `wanted`, itself or through others? A circle would wait for ever; one that is too wide to be
 * looked through is refused as well. */
static bool waits_for(const struct wr_requests *rs, wr_id from, wr_id wanted)
{
    wr_id open[WR_DEPEND_LOOKS_MAX] = {from};
    unsigned count = 1;
    for (unsigned at = 0; at < count; at++) {
        const struct wr_request *r = wr_pool_get(&rs->pool, open[at]);
        if (open[at] == wanted) {
            return true;
        }
        for (unsigned i = 0; r && i < WR_DEPEND_CHILDREN_MAX; i++) {
            if (r->child[i] == 0) {
                continue;
            }
            if (count == WR_DEPEND_LOOKS_MAX) {
                return true;
            }
            open[count++] = r->child[i];
        }
    }
    return false;
}

/* Half of the messages that are left: they are the child's until it says what it used, so that all requests that one
 * question leads to have the budget of one. */
static uint16_t share_of(const struct wr_request *r)
{
    unsigned sent = r->sends + r->forward.sends;
    return sent < r->sends_max ? (uint16_t)((r->sends_max - sent) / 2) : 0;
}

static bool link_up(struct wr_requests *rs, struct wr_request *r, wr_id id,
                    struct wr_request *child, wr_id child_id, uint8_t what, uint16_t share)
{
    wr_id depend_id;
    int place = child_place(r, 0);
    struct wr_depend *d = place >= 0 ? wr_pool_take(&rs->depends, &depend_id) : NULL;
    if (!d) {
        return false;
    }
    *d = (struct wr_depend){.id = depend_id, .parent = id, .what = what, .share = share};
    wr_list_init(&d->node);
    wr_list_append(&child->parents, &d->node);
    r->child[place] = child_id;
    r->sends = (uint16_t)(r->sends + share);
    return true;
}

/* Already known, as an answer or as a failure of a moment ago? */
static bool is_known(struct wr_requests *rs, const struct wr_question *q, uint32_t now_s,
                     enum wr_depend_result *ret)
{
    uint32_t stored_s;
    bool by_silence;
    if (wr_answer_find(rs->cache, rs->ttl, rs->local, q, now_s, false, &rs->room, &rs->sub) ==
        WR_FOUND_FRESH) {
        *ret = WR_DEPEND_READY;
        return true;
    }
    *ret = WR_DEPEND_FAILED;
    return wr_answer_find_failure(rs->cache, q, now_s, &rs->room, &rs->sub, &stored_s,
                                  &by_silence) == WR_FOUND_FAILURE &&
           !(by_silence && wr_requests_upstream_back(rs, q, (uint64_t)stored_s * WR_S));
}

enum wr_depend_result wr_depend_on(struct wr_requests *rs, struct wr_request *r, wr_id id,
                                   const struct wr_question *q, uint8_t what, wr_servers avoid,
                                   uint64_t now_us)
{
    enum wr_depend_result known;
    wr_id child_id;
    bool joined;
    if (is_known(rs, q, (uint32_t)(now_us / WR_S), &known)) {
        return known;
    }
    uint16_t share = share_of(r);
    if (r->depth >= WR_DEPEND_DEPTH_MAX || share == 0 || child_place(r, 0) < 0) {
        return WR_DEPEND_FAILED;
    }
    struct wr_request *child = wr_request_take(rs, q, r->end_us, &child_id, &joined);
    if (!child || child->state == WR_REQUEST_OVER || waits_for(rs, child_id, id) ||
        !link_up(rs, r, id, child, child_id, what, joined ? 0 : share)) {
        if (child && !joined) {
            wr_requests_release(rs, child_id, now_us);
        }
        return WR_DEPEND_FAILED;
    }
    if (!joined) {
        child->depth = (uint8_t)(r->depth + 1);
        rs->children++;
        child->sends_max = share;
        child->bogus = avoid;
        wr_request_ask_stage(rs, child, child_id, now_us);
    }
    return WR_DEPEND_WAITING;
}

/* A request that was joined is paid for by who began it. */
static void give_back(const struct wr_depend *d, struct wr_request *r,
                      const struct wr_request *child)
{
    if (d->share > 0) {
        r->sends = (uint16_t)(r->sends - d->share + child->sends + child->forward.sends);
    }
}

/* What the parent does with it is done later, when its turn comes: here the answer is taken while it is there. */
static void tell_one(struct wr_requests *rs, const struct wr_depend *d, struct wr_request *child,
                     wr_id child_id, const struct wr_answer *answer, uint64_t now_us)
{
    struct wr_request *r = wr_pool_get(&rs->pool, d->parent);
    int place = r ? child_place(r, child_id) : -1;
    struct wr_iter *it = place >= 0 ? wr_stage_iter(rs, r) : NULL;
    if (r) {
        give_back(d, r, child);
    }
    if (place < 0) {
        return; /* it went on without */
    }
    r->child[place] = 0;
    if (d->what == WR_DEPEND_KEYS) {
        wr_prove_fed(rs, r, child, answer);
        return;
    }
    if (it && d->what == WR_DEPEND_PRIME) {
        wr_iter_primed(it);
    } else if (it) {
        wr_iter_fetched(it, &rs->iter_env, answer, now_us);
    }
    r->woken = r->state != WR_REQUEST_OVER;
    wr_request_settle(rs, r, d->parent, now_us);
}

void wr_depend_tell(struct wr_requests *rs, struct wr_request *r, wr_id id,
                    const struct wr_answer *answer, uint64_t now_us)
{
    while (!wr_list_empty(&r->parents)) {
        struct wr_depend *d = WR_CONTAINER(r->parents.next, struct wr_depend, node);
        wr_list_remove(&d->node);
        tell_one(rs, d, r, id, answer, now_us);
        wr_pool_give(&rs->depends, d->id);
    }
}
