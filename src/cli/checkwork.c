/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/checkwork.h"

#include <stdio.h>
#include <sys/random.h>

#include "base/err.h"
#include "base/time.h"
#include "dns/build.h"
#include "net/clock.h"
#include "net/probe.h"

enum { QUERY_SIZE = 512 };

static uint64_t now_us(void)
{
    struct wr_now now;

    wr_clock_now(false, &now);
    return now.mono_us;
}

/* Whose silence it is that one hears depends on how long one listens. */
struct patience {
    uint64_t deadline_us; /* of all */
    bool hurried;         /* less was given than it should have */
};

/* `ms`, or what is left when that is less; 0: time is up. */
static uint32_t time_for(uint32_t ms, uint32_t tries, struct patience *patience)
{
    uint64_t now = now_us(), deadline_us = patience->deadline_us;
    uint64_t left_ms = now < deadline_us ? (deadline_us - now) / WR_MS : 0;

    if (left_ms / tries >= ms)
        return ms;
    patience->hurried = true;
    return left_ms && left_ms < tries ? 1 : (uint32_t)(left_ms / tries);
}

/* What did not answer is put into the facts. Silence counts when it lasted. */
static void put_failed(struct wr_checkwork *work, const struct wr_facts_want *want,
                       enum wr_facts_outcome outcome, const struct patience *patience,
                       uint64_t begun_us)
{
    if (outcome == WR_FACTS_SILENT && patience->hurried)
        outcome = WR_FACTS_HURRIED;
    (void)!wr_facts_failed(&work->facts, want, outcome, (uint32_t)((now_us() - begun_us) / WR_MS));
}

/* --- what is being done --- */

static void show(const struct wr_checkwork *work, const struct wr_facts_want *want)
{
    char name[WR_NAME_TEXT_SIZE], type[WR_CODE_TEXT_SIZE], to[WR_ADDR_TEXT_SIZE];

    if (!work->progress)
        return;
    wr_name_to_text(want->name.wire, name, sizeof(name));
    wr_codes_type_text(want->type, type, sizeof(type));
    wr_addr_to_text(&want->to, to, sizeof(to));
    fprintf(stderr, "\r\033[K%u: ", work->questions + work->probes);
    if (want->kind >= WR_FACTS_TCP)
        fprintf(stderr, "trying %s", to);
    else if (want->kind == WR_FACTS_ASK_AT)
        fprintf(stderr, "asking %s for %.40s %s", to, name, type);
    else
        fprintf(stderr, "asking for %.60s %s", name, type);
    fflush(stderr);
}

static void show_end(const struct wr_checkwork *work)
{
    if (work->progress)
        fputs("\r\033[K", stderr);
}

/* --- questions --- */

static size_t make_query(const struct wr_facts_want *want, bool edns, uint8_t query[QUERY_SIZE])
{
    struct wr_build_opt opt = {.udp_size = WR_EDNS_UDP_SIZE, .ede = WR_EDE_NONE};
    struct wr_build b;
    uint16_t id = 0, flags = want->kind == WR_FACTS_ASK_AT ? 0 : WR_FLAG_RD;

    if (want->kind == WR_FACTS_UNCHECKED)
        flags |= WR_FLAG_CD;
    (void)!getrandom(&id, sizeof(id), 0);
    wr_build_start(&b, query, QUERY_SIZE, id, flags);
    wr_build_question(&b, want->name.wire, want->type, WR_CLASS_IN);
    if (edns)
        (void)!wr_build_opt(&b, &opt, 0);
    return wr_build_finish(&b, 0);
}

static enum wr_facts_outcome outcome_of(enum wr_probe probe)
{
    switch (probe) {
    case WR_PROBE_ALIVE: return WR_FACTS_ANSWERED;
    case WR_PROBE_CLOSED: return WR_FACTS_CLOSED;
    case WR_PROBE_ABSENT: return WR_FACTS_ABSENT;
    case WR_PROBE_UNREACHABLE: return WR_FACTS_UNREACHABLE;
    case WR_PROBE_WRONG: return WR_FACTS_BROKEN;
    default: return WR_FACTS_SILENT;
    }
}

static enum wr_facts_outcome failure_of(const struct wr_ask_reply *reply, int err)
{
    if (err == WR_E_IO)
        return outcome_of(wr_probe_of_errno(reply->number));
    return err == WR_E_TIMEOUT ? WR_FACTS_SILENT : WR_FACTS_BROKEN;
}

/* An old server knows no EDNS and says FORMERR (RFC 6891 section 7). */
static bool is_formerr(const struct wr_ask_reply *reply)
{
    return reply->size >= WR_MSG_HEADER_SIZE && (reply->bytes[3] & 15) == WR_RCODE_FORMERR;
}

/* One server: the reply is in the scratch, or an error. */
static int ask_one(struct wr_checkwork *work, const struct wr_facts_want *want,
                   const struct wr_addr *server, struct patience *patience)
{
    bool direct = want->kind == WR_FACTS_ASK_AT;
    struct wr_ask ask = {.server = *server,
                         .tries = direct ? WR_DOCTOR_SERVER_TRIES : WR_DOCTOR_ASK_TRIES};
    uint8_t query[QUERY_SIZE];
    int err = WR_E_TIMEOUT;

    for (int edns = 1; edns >= 0; edns--) {
        size_t size = make_query(want, edns == 1, query);

        ask.timeout_ms =
            time_for(direct ? WR_DOCTOR_SERVER_MS : WR_DOCTOR_ASK_MS, ask.tries, patience);
        if (ask.timeout_ms)
            err = wr_ask_run(&ask, query, size, &work->reply);
        if (err || !is_formerr(&work->reply))
            break;
    }
    return err;
}

static void ask(struct wr_checkwork *work, const struct wr_facts_want *want, uint64_t deadline_us)
{
    struct patience patience = {.deadline_us = deadline_us};
    uint64_t begun_us = now_us();
    int err = WR_E_TIMEOUT;

    work->questions++;
    if (want->kind == WR_FACTS_ASK_AT)
        err = ask_one(work, want, &want->to, &patience);
    for (size_t i = 0; want->kind != WR_FACTS_ASK_AT && i < work->server_count; i++) {
        err = ask_one(work, want, &work->server[work->server_at], &patience);
        if (!err)
            break;
        work->server_at = (work->server_at + 1) % work->server_count;
    }
    if (err)
        put_failed(work, want, failure_of(&work->reply, err), &patience, begun_us);
    else
        (void)!wr_facts_reply(&work->facts, want, work->reply.bytes, work->reply.size);
}

static void probe(struct wr_checkwork *work, const struct wr_facts_want *want, uint64_t deadline_us)
{
    struct patience patience = {.deadline_us = deadline_us};
    uint64_t begun_us = now_us();
    uint32_t ms = time_for(WR_DOCTOR_PROBE_MS, 1, &patience);
    uint8_t id[WR_STUN_ID_SIZE] = {0};
    enum wr_probe seen = WR_PROBE_SILENT;

    work->probes++;
    (void)!getrandom(id, sizeof(id), 0);
    if (ms)
        seen = want->kind == WR_FACTS_TCP ? wr_probe_tcp(&want->to, ms)
                                          : wr_probe_stun(&want->to, ms, id);
    put_failed(work, want, outcome_of(seen), &patience, begun_us);
}

/* A server elsewhere is believed what it says of names, and not that its zones are this network's. */
static bool is_near(const struct wr_checkwork *work)
{
    for (size_t i = 0; i < work->server_count; i++) {
        enum wr_addr_kind kind = wr_addr_kind(&work->server[i]);

        if (kind != WR_ADDR_LOOPBACK && kind != WR_ADDR_PRIVATE && kind != WR_ADDR_LINK_LOCAL)
            return false;
    }
    return true;
}

void wr_checkwork_run(struct wr_checkwork *work)
{
    uint64_t begun_us = now_us(), deadline_us = begun_us + work->timeout_ms * WR_MS;

    work->options.near = is_near(work);
    wr_facts_start(&work->facts);
    for (;;) {
        wr_exam_run(&work->exam, &work->options, work->name.wire, &work->facts, &work->findings);
        for (unsigned i = 0; i < work->exam.wants; i++) {
            const struct wr_facts_want *want = &work->exam.want[i];

            if (now_us() + WR_DOCTOR_LEAST_MS * WR_MS >= deadline_us) {
                work->options.hurried = true;
                break;
            }
            show(work, want);
            if (want->kind >= WR_FACTS_TCP)
                probe(work, want, deadline_us);
            else
                ask(work, want, deadline_us);
        }
        if (!work->exam.wants)
            break;
    }
    show_end(work);
    work->took_ms = (uint32_t)((now_us() - begun_us) / WR_MS);
}
