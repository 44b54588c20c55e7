/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/copyjob.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "conf/tsigkey.h"
#include "serve/say.h"

/* The file's time is written so often at most: flash wears out. A copy may seem that much older than it is. */
#define TOUCH_S 600
/* A wall clock that was set by more makes a copy be judged again. */
#define STEP_S 60

static void carry_out(struct wr_copyjob *j, const struct wr_now *now);

static const char *name_of(const struct wr_copyjob *j, char text[WR_NAME_TEXT_SIZE])
{
    wr_name_to_text(j->zone.wire, text, WR_NAME_TEXT_SIZE);
    return text;
}

static void feed(struct wr_copyjob *j, enum wr_xfer_event_kind kind, const char *reason,
                 const struct wr_now *now)
{
    const struct wr_xfer_event event = {.kind = kind, .conn = j->conn, .reason = reason};
    wr_xfer_feed(&j->x, &event, now);
}

/* --- the connection --- */

static void lost(struct wr_copyjob *j, const struct wr_now *now)
{
    const char *why = NULL;
    if (j->line.why[0] != 0) {
        memcpy(j->lost, j->line.why, sizeof(j->lost));
        why = j->lost;
    }
    wr_copyline_hang_up(&j->line);
    feed(j, WR_XFER_CLOSED, why, now);
}

static void dial(struct wr_copyjob *j, const struct wr_xfer_action *a, const struct wr_now *now)
{
    const struct wr_copies_primary *primary = &j->plan.primary[j->x.at];
    const struct wr_copyline_setup setup = {.uri = &primary->uri,
                                            .addr = a->addr,
                                            .creds = j->world->creds,
                                            .system_clock = j->world->trust.system_clock,
                                            .floor_s = j->world->trust.floor_s};
    j->conn = a->conn;
    if (wr_copyline_dial(&j->line, &setup) != WR_OK) {
        lost(j, now);
    }
}

static void queue(struct wr_copyjob *j, const struct wr_xfer_action *a, const struct wr_now *now)
{
    if (wr_copyline_send(&j->line, a->bytes, a->size) != WR_OK) {
        lost(j, now);
    }
}

static void take_octets(struct wr_copyjob *j, const uint8_t *bytes, size_t n,
                        const struct wr_now *now)
{
    const struct wr_xfer_event event = {
        .kind = WR_XFER_OCTETS, .conn = j->conn, .bytes = bytes, .size = n};
    wr_xfer_feed(&j->x, &event, now);
    carry_out(j, now);
}

short wr_copyjob_wants(const struct wr_copyjob *j)
{
    return wr_copyline_wants(&j->line);
}

/* All that came; the machine may hang up in the middle of it, and dial anew. */
void wr_copyjob_io(struct wr_copyjob *j, short ready, const struct wr_now *now)
{
    bool up = j->line.state == WR_COPYLINE_UP;
    uint32_t conn = j->conn;
    const uint8_t *bytes;
    size_t n;
    int err = wr_copyline_io(&j->line, ready, j->world->buffer, sizeof(j->world->buffer), now);
    while (err == WR_OK && j->conn == conn) {
        err = wr_copyline_read(&j->line, &bytes, &n);
        if (!up && j->line.state == WR_COPYLINE_UP) {
            up = true;
            feed(j, WR_XFER_CONNECTED, NULL, now);
            carry_out(j, now);
        }
        if (err == WR_OK && j->conn == conn) {
            take_octets(j, bytes, n, now);
        }
    }
    if (err != WR_OK && err != WR_E_AGAIN && j->conn == conn) {
        lost(j, now);
    }
    carry_out(j, now);
}

/* --- gathering --- */

static void drop(struct wr_copyjob *j)
{
    if (j->building) {
        wr_copybuild_drop(&j->build);
        j->building = false;
    }
}

static const char *why_spoilt(int err)
{
    switch (err) {
    case WR_E_NOTFOUND: return "the changes remove what we do not have";
    case WR_E_EXISTS: return "the changes add what we have already";
    case WR_E_LIMIT: return "the zone has more records than are taken";
    case WR_E_FORMAT: return "what came is no zone: it wants one SOA record, and NS records";
    case WR_E_DENIED: return "the zone's digest is not signed by who is trusted";
    case WR_E_CHECKSUM: return "the zone is not what its ZONEMD record demands";
    default: return "not enough memory";
    }
}

static void spoil(struct wr_copyjob *j, int err, const struct wr_now *now)
{
    drop(j);
    feed(j, WR_XFER_SPOILT, why_spoilt(err), now);
}

static void begin(struct wr_copyjob *j, bool incremental, const struct wr_now *now)
{
    drop(j);
    int err = wr_copybuild_start(&j->build, incremental && j->copy != NULL ? &j->copy->names : NULL,
                                 &j->world->key);
    j->building = err == WR_OK;
    if (err != WR_OK) {
        spoil(j, err, now);
    }
}

static void take_record(struct wr_copyjob *j, bool add, const struct wr_xfer_rr *rr,
                        const struct wr_now *now)
{
    if (!j->building) {
        return;
    }
    int err = add ? wr_copybuild_add(&j->build, rr) : wr_copybuild_remove(&j->build, rr);
    if (err != WR_OK) {
        spoil(j, err, now);
    }
}

/* --- the copy --- */

static void tell_digest(void *user, enum wr_names_said said, const char *file, uint32_t line,
                        const char *text)
{
    (void)said;
    char name[WR_NAME_TEXT_SIZE];
    (void)file;
    (void)line;
    wr_say(WR_LOG_WARN, "zone %s: %s", name_of(user, name), text);
}

static void keep(struct wr_copyjob *j, const struct wr_now *now)
{
    char name[WR_NAME_TEXT_SIZE];
    if (j->path[0] == 0) {
        return;
    }
    j->touched_us = now->mono_us;
    if (wr_copyfile_write(j->path, &j->copy->names, now->wall_proven ? now->wall_s : 0) != WR_OK) {
        wr_say(WR_LOG_WARN, "the copy of zone %s cannot be kept in %s: %s", name_of(j, name),
               j->path, strerror(errno));
    }
}

static int prove(struct wr_copyjob *j, const struct wr_names *names, uint64_t *ret_until_us,
                 const struct wr_now *now)
{
    const struct wr_names_hooks hooks = {.tell = tell_digest, .user = j};
    return wr_copyproof_check(names, j->zone.wire, j->plan.zonemd, &j->world->trust, now, &hooks,
                              ret_until_us);
}

static int64_t clock_s(const struct wr_now *now)
{
    return now->wall_s - (int64_t)(now->mono_us / WR_S);
}

/* From now on the machine knows how long the copy holds. */
static void judged(struct wr_copyjob *j, uint64_t until_us, const struct wr_now *now)
{
    wr_xfer_until(&j->x, until_us);
    j->unjudged = false;
    j->judged_proven = now->wall_proven;
    j->judged_clock_s = clock_s(now);
    j->judged_trusts = j->world->trusts;
    j->dropped = NULL;
}

/* What it says as a policy zone. An error lets go of the copy and gives the names back. */
static int make_policy(struct wr_copyjob *j, struct wr_copy *copy, struct wr_names *names)
{
    const struct wr_names_hooks hooks = {.tell = tell_digest, .user = j};
    int err =
        wr_policycompile(&copy->names, j->zone.wire, &j->world->policy_key, &hooks, &copy->policy);
    if (err != WR_OK) {
        *names = copy->names;
        wr_names_init(&copy->names, "");
        wr_copy_let_go(copy);
    }
    return err;
}

/* Proves it, and makes it the copy in use. An error leaves `names` the caller's. */
static int adopt(struct wr_copyjob *j, struct wr_names *names, const struct wr_now *now)
{
    struct wr_copy *copy;
    uint64_t until_us;
    int err = prove(j, names, &until_us, now);
    if (err == WR_OK) {
        err = wr_copy_make(names, j->zone.wire, j->plan.indexed, &copy);
    }
    if (err == WR_OK && j->plan.policy) {
        err = make_policy(j, copy, names);
    }
    if (err == WR_OK) {
        judged(j, until_us, now);
        wr_copy_let_go(j->copy);
        j->copy = copy;
    }
    return err;
}

static void commit(struct wr_copyjob *j, const struct wr_now *now)
{
    char name[WR_NAME_TEXT_SIZE], from[WR_ADDR_TEXT_SIZE];
    struct wr_names names;
    bool changes = j->building && j->build.changes;
    int err = j->building ? wr_copybuild_end(&j->build, j->zone.wire, &names) : WR_E_NOMEM;
    j->building = false;
    if (err == WR_OK) {
        err = adopt(j, &names, now);
        if (err != WR_OK) {
            wr_names_free(&names);
        }
    }
    if (err != WR_OK) {
        spoil(j, err, now);
        return;
    }
    wr_addr_to_text(&j->plan.primary[j->x.at].addr, from, sizeof(from));
    wr_say(WR_LOG_INFO, "zone %s: serial %u with %u records, %s from %s%s%s", name_of(j, name),
           (unsigned)j->copy->serial, (unsigned)j->copy->names.count,
           changes ? "by its changes" : "whole", from,
           j->plan.primary[j->x.at].uri.scheme == WR_URI_TLS ? " over TLS" : "",
           j->x.outside > 0 ? "; records of other names were left out" : "");
    j->transfers++;
    j->confirmed_s = 0;
    keep(j, now);
    feed(j, WR_XFER_TAKEN, NULL, now);
}

static void fresh(struct wr_copyjob *j, const struct wr_now *now)
{
    j->confirmed_s = 0;
    if (j->path[0] != 0 && now->mono_us - j->touched_us >= TOUCH_S * WR_S) {
        j->touched_us = now->mono_us;
        (void)wr_copyfile_touch(j->path, now->wall_proven ? now->wall_s : 0);
    }
}

static void expired(const struct wr_copyjob *j)
{
    char name[WR_NAME_TEXT_SIZE];
    if (j->x.expire_us == j->x.until_us) {
        wr_say(WR_LOG_WARN,
               "zone %s: the copy in use no longer holds: %s; it is not used until a primary gives "
               "one that does",
               name_of(j, name),
               j->dropped != NULL ? j->dropped : "the signature of its digest has expired");
        return;
    }
    wr_say(WR_LOG_WARN, "zone %s: no primary has confirmed the copy for its expire time; %s",
           name_of(j, name),
           j->plan.policy ? "as a policy zone it is used all the same"
                          : "it is not used until a primary gives the zone");
}

/* What the copy in use was judged by is no longer so. */
static bool is_stale(const struct wr_copyjob *j, const struct wr_now *now)
{
    int64_t step_s = clock_s(now) - j->judged_clock_s;
    bool clock_counts = now->wall_proven || j->world->trust.system_clock;
    return j->unjudged || j->judged_trusts != j->world->trusts ||
           (now->wall_proven && !j->judged_proven) ||
           (clock_counts && (step_s > STEP_S || step_s < -STEP_S));
}

/* The copy in use once more, by what is trusted now and the time that is known now. One that fails has lived until now. */
static void judge_again(struct wr_copyjob *j, const struct wr_now *now)
{
    uint64_t until_us;
    if (j->copy == NULL || j->x.data != WR_XFER_LIVE || !is_stale(j, now)) {
        return;
    }
    int err = prove(j, &j->copy->names, &until_us, now);
    if (err == WR_E_NOMEM) {
        return; /* the next turn tries again */
    }
    judged(j, err == WR_OK ? until_us : now->mono_us, now);
    j->dropped = err == WR_OK ? NULL : why_spoilt(err);
}

/* --- turning the machine --- */

static void carry_out(struct wr_copyjob *j, const struct wr_now *now)
{
    struct wr_xfer_action a;
    enum wr_xfer_what what;
    /* Ends: records come from octets that have arrived, and each look at a primary has an end of its own. */
    while ((what = wr_xfer_poll(&j->x, now, &a)) != WR_XFER_NOTHING) {
        switch (what) {
        case WR_XFER_OPEN: dial(j, &a, now); break;
        case WR_XFER_SEND: queue(j, &a, now); break;
        case WR_XFER_CLOSE:
            if (a.conn == j->conn) {
                wr_copyline_hang_up(&j->line);
            }
            break;
        case WR_XFER_BEGIN: begin(j, a.incremental, now); break;
        case WR_XFER_ADD: take_record(j, true, &a.rr, now); break;
        case WR_XFER_REMOVE: take_record(j, false, &a.rr, now); break;
        case WR_XFER_COMMIT: commit(j, now); break;
        case WR_XFER_DROP: drop(j); break;
        case WR_XFER_FRESH: fresh(j, now); break;
        case WR_XFER_EXPIRE: expired(j); break;
        case WR_XFER_NOTHING: break;
        }
    }
}

static void say_problem(struct wr_copyjob *j)
{
    char name[WR_NAME_TEXT_SIZE];
    const char *reason = j->x.reason != NULL ? j->x.reason : "";
    if (j->x.state != WR_XFER_WAIT || strcmp(reason, j->said) == 0) {
        return;
    }
    snprintf(j->said, sizeof(j->said), "%s", reason);
    if (j->said[0] != 0) {
        wr_say(WR_LOG_WARN, "zone %s: %s", name_of(j, name), j->said);
    }
}

void wr_copyjob_notified(struct wr_copyjob *j, uint32_t count, const struct wr_now *now)
{
    if (count != j->notified) {
        j->notified = count;
        feed(j, WR_XFER_NOTIFIED, NULL, now);
    }
}

void wr_copyjob_turn(struct wr_copyjob *j, bool look, const struct wr_now *now)
{
    if (j->confirmed_s != 0 && now->wall_proven) {
        wr_xfer_age(&j->x, now->wall_s - j->confirmed_s, now);
        j->confirmed_s = 0;
    }
    judge_again(j, now);
    if (look) {
        feed(j, WR_XFER_NOW, NULL, now);
    }
    feed(j, WR_XFER_TICK, NULL, now);
    carry_out(j, now);
    say_problem(j);
}

bool wr_copyjob_show(struct wr_copyjob *j)
{
    struct wr_copyjob_shown *s = &j->shown;
    bool news = s->copy != j->copy || s->data != j->x.data;
    if (s->copy != j->copy) {
        wr_copy_let_go(s->copy);
        s->copy = wr_copy_hold(j->copy);
    }
    s->data = j->x.data;
    s->state = j->x.state;
    s->confirmed_us = j->x.fresh_us;
    s->expire_us = j->x.expire_us;
    s->wake_us = j->x.wake_us;
    const struct wr_copies_primary *p = &j->plan.primary[j->x.at < j->plan.primaries ? j->x.at : 0];
    s->primary = p->addr;
    s->is_encrypted = p->uri.scheme == WR_URI_TLS;
    s->is_signed = j->plan.has_key || j->plan.mute;
    s->transfers = j->transfers;
    snprintf(s->problem, sizeof(s->problem), "%s", j->x.reason != NULL ? j->x.reason : "");
    return news;
}

/* --- its life --- */

static void settings_of(const struct wr_copyjob *j, struct wr_xfer_settings *ret)
{
    memset(ret, 0, sizeof(*ret));
    ret->zone = j->zone.wire;
    ret->primaries = j->plan.primaries;
    for (unsigned i = 0; i < j->plan.primaries; i++) {
        ret->primary[i].addr = j->plan.primary[i].addr;
        ret->primary[i].secure = j->plan.primary[i].uri.scheme == WR_URI_TLS;
        ret->primary[i].key = j->plan.has_key ? &j->plan.key : NULL;
        ret->primary[i].mute = j->plan.mute;
    }
}

/* What is kept, unless it is no good. Its age counts when both its time and ours are known. */
static void recall(struct wr_copyjob *j, const struct wr_now *now)
{
    char text[WR_NAME_TEXT_SIZE];
    struct wr_names names;
    int64_t confirmed_s = 0;
    int err = wr_copyfile_read(j->path, j->zone.wire, &names, &confirmed_s);
    if (err != WR_OK) {
        if (err != WR_E_NOTFOUND) {
            wr_say(WR_LOG_WARN, "zone %s: the kept copy %s cannot be used: %s", name_of(j, text),
                   j->path, wr_err_name(err));
        }
        return;
    }
    err = adopt(j, &names, now);
    if (err != WR_OK) {
        wr_names_free(&names);
        return;
    }
    const struct wr_local_record *soa = wr_copybuild_soa(&j->copy->names, j->zone.wire);
    bool known = confirmed_s > 0 && now->wall_proven;
    (void)wr_xfer_restore(&j->x, soa->rdata, soa->size, known ? now->wall_s - confirmed_s : -1,
                          now);
    j->confirmed_s = known ? 0 : confirmed_s;
    wr_say(WR_LOG_INFO, "zone %s: serial %u with %u records, as it was kept", name_of(j, text),
           (unsigned)j->copy->serial, (unsigned)j->copy->names.count);
}

struct wr_copyjob *wr_copyjob_open(struct wr_copyjob_world *world,
                                   const struct wr_copies_zone *plan, const struct wr_now *now)
{
    struct wr_xfer_settings settings;
    char text[WR_NAME_TEXT_SIZE];
    struct wr_copyjob *j = calloc(1, sizeof(*j));
    if (j == NULL) {
        return NULL;
    }
    j->world = world;
    wr_copyline_init(&j->line);
    j->zone = plan->name;
    j->plan = *plan;
    settings_of(j, &settings);
    wr_xfer_start(&j->x, &settings, &world->rng, j->room, now);
    if (world->folder[0] != 0 && wr_copyfile_path(world->folder, j->zone.wire, j->path) != WR_OK) {
        j->path[0] = 0;
        wr_say(WR_LOG_WARN, "zone %s: its name is too long for a file, so the copy is not kept",
               name_of(j, text));
    }
    if (j->path[0] != 0) {
        recall(j, now);
    }
    feed(j, WR_XFER_TICK, NULL, now); /* one that has expired meanwhile is not used for a moment */
    return j;
}

void wr_copyjob_change(struct wr_copyjob *j, const struct wr_copies_zone *plan,
                       const struct wr_now *now)
{
    struct wr_xfer_settings settings;
    if (wr_copies_zone_is_same(&j->plan, plan)) {
        return;
    }
    j->unjudged = j->unjudged || j->plan.zonemd != plan->zonemd;
    wr_copyline_hang_up(&j->line); /* it points into the plan */
    j->plan = *plan;
    settings_of(j, &settings);
    wr_xfer_change(&j->x, &settings, now);
    carry_out(j, now);
}

void wr_copyjob_close(struct wr_copyjob *j)
{
    wr_copyline_hang_up(&j->line);
    drop(j);
    wr_xfer_close(&j->x);
    wr_copy_let_go(j->copy);
    wr_copy_let_go(j->shown.copy);
    wr_tsigkey_wipe(&j->plan.key);
    free(j);
}
