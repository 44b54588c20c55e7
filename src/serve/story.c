/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/story.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/err.h"
#include "conf/mistakes.h"
#include "engine/engine.h"
#include "net/clock.h"
#include "net/loop.h"
#include "serve/gate.h"
#include "serve/reload.h"
#include "serve/serve.h"
#include "serve/shared.h"

#define REQUESTS 256
#define STREAMS  16
#define PORTS    64
#define ZONES    64

/* Another worker's client: its reply comes by the hook, for there is no socket. */
#define OTHER_WORKER 1

struct teller {
    const struct wr_story *story;
    struct wr_conf *conf;
    struct wr_gate *gate;
    struct wr_gate_slots slots;
    struct wr_shared shared;
    struct wr_secrets secrets;
    struct wr_stats stats;
    struct wr_net_stats net_stats;
    struct wr_engine *engine;
    struct wr_loop *loop;
    void *block;
    uint8_t *reply;
    size_t reply_size; /* 0: none yet */
    bool asked;
};

static void put_why(char *ret_why, size_t size, const char *text)
{
    struct wr_str s;
    wr_str_init(&s, ret_why, size);
    wr_str_text(&s, text);
}

static int read_conf(struct teller *t, char *ret_why, size_t why_size)
{
    struct wr_gate_world nothing = {0};
    struct wr_gate_notes *notes = calloc(1, sizeof(*notes));
    struct wr_mistakes *mistakes = calloc(1, sizeof(*mistakes));
    int err = notes && mistakes ? WR_OK : WR_E_NOMEM;
    if (!err) {
        wr_mistakes_init(mistakes);
        err = wr_conf_read(t->story->conf, strlen(t->story->conf), mistakes, &t->conf);
        put_why(ret_why, why_size, err ? "the addresses or the anchor are not understood" : "");
    }
    if (!err) {
        err = wr_gate_make(t->conf, &nothing, &t->slots, 1, notes, &t->gate);
        put_why(ret_why, why_size, err && notes->count > 0 ? notes->note[0].text : "");
    }
    free(notes);
    free(mistakes);
    return err;
}

static int seed(struct wr_rng *ret_rng)
{
    uint8_t bytes[32];
    if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes)) {
        return WR_E_IO;
    }
    wr_rng_seed(ret_rng, bytes);
    return WR_OK;
}

static int make_engine(struct teller *t, const struct wr_now *now)
{
    struct wr_engine_setup setup = {.workers = 1,
                                    .requests = REQUESTS,
                                    .waiters = REQUESTS,
                                    .streams = STREAMS,
                                    .settings = &t->gate->settings,
                                    .secrets = &t->secrets,
                                    .cache = t->shared.cache,
                                    .upstream_state = t->shared.upstream_state,
                                    .conns = t->shared.conns,
                                    .infra_slots = t->conf->recursion.servers,
                                    .zones = ZONES,
                                    .quota = t->shared.quota,
                                    .stats = &t->stats,
                                    .trace = t->story->trace};
    int err = seed(&setup.rng);
    if (err || getrandom(&t->secrets, sizeof(t->secrets), 0) != (ssize_t)sizeof(t->secrets)) {
        return WR_E_IO;
    }
    size_t size = (wr_engine_size(&setup) + 63) & ~(size_t)63;
    t->block = aligned_alloc(64, size);
    if (t->block == NULL) {
        return WR_E_NOMEM;
    }
    t->engine = wr_engine_start(t->block, &setup, now);
    return WR_OK;
}

/* --- the world of this one worker ------------------------------------------------------------ */

static bool hand(void *user, enum wr_hand kind, uint16_t worker, const struct wr_client *client,
                 const uint8_t *bytes, size_t size)
{
    struct teller *t = user;
    if (kind == WR_HAND_REPLY && size <= WR_MSG_MAX) {
        memcpy(t->reply, bytes, size);
        t->reply_size = size;
    }
    wr_loop_stop(t->loop, 0);
    return true;
}

static void woken(void *user, struct wr_loop *loop)
{
    struct teller *t = user;
    struct wr_client client = {.worker = OTHER_WORKER,
                               .transport = WR_CLIENT_TCP, /* an answer of any size */
                               .handed = true};
    client.from.family = client.local.family = WR_AF_V4;
    if (!t->asked) {
        t->asked = true;
        wr_loop_take_query(loop, &client, t->story->query, t->story->query_size);
    }
}

static int make_loop(struct teller *t)
{
    struct wr_loop_setup setup = {.engine = t->engine,
                                  .shared = t->shared.net,
                                  .stats = &t->net_stats,
                                  .hooks = {.user = t, .hand = hand, .woken = woken}};
    static const struct wr_places places = {
        .ports = PORTS, .by_files = UINT32_MAX, .by_room = UINT32_MAX};
    char text[320];
    wr_places_limits(t->conf, &places, &setup.limits, text, sizeof(text));
    int err = seed(&setup.rng);
    return err ? err : wr_loop_create(&setup, &t->loop);
}

static void end(struct teller *t)
{
    struct wr_now now;
    wr_clock_now(true, &now);
    if (t->loop != NULL) {
        wr_loop_destroy(t->loop);
    }
    if (t->engine != NULL) {
        wr_engine_stop(t->engine, &now);
    }
    free(t->block);
    if (t->shared.cache != NULL) {
        wr_shared_destroy(&t->shared, &now);
    }
    wr_gate_free(t->gate);
    wr_conf_free(t->conf);
    free(t);
}

int wr_story_tell(const struct wr_story *story, uint8_t ret_reply[WR_MSG_MAX], size_t *ret_size,
                  char *ret_why, size_t why_size)
{
    struct teller *t = calloc(1, sizeof(*t));
    struct wr_now now;
    if (t == NULL) {
        return WR_E_NOMEM;
    }
    t->story = story;
    t->reply = ret_reply;
    wr_clock_now(true, &now);
    int err = read_conf(t, ret_why, why_size);
    if (!err) {
        err = wr_shared_create(t->conf, 0, &now, &t->shared);
    }
    if (!err) {
        err = make_engine(t, &now);
    }
    if (!err) {
        err = make_loop(t);
    }
    if (!err) {
        wr_loop_wake(t->loop);
        wr_loop_run(t->loop);
        err = t->reply_size > 0 ? WR_OK : WR_E_TIMEOUT;
        *ret_size = t->reply_size;
    }
    end(t);
    return err;
}
