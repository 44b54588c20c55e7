/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/muddue.h"

#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "serve/devices.h"
#include "serve/mudfetch.h"
#include "serve/muds.h"
#include "serve/say.h"
#include "serve/serve.h"

#define HOUR_S 3600

bool wr_muddue_is(const struct wr_mudstore_entry *e, int64_t now_s)
{
    return e->mud != NULL && e->about.from[0] != 0 && !wr_mudstore_is_proposal(e) &&
           (now_s < e->about.checked_s || /* by a clock that was ahead */
            now_s - e->about.checked_s >= (int64_t)e->mud->validity_h * HOUR_S);
}

bool wr_muddue_is_time(const struct wr_mudstore_entry *e, int64_t now_s)
{
    return wr_muddue_is(e, now_s) &&
           (now_s >= e->retry_s || e->retry_s - now_s > WR_MUD_DUE_MOST_S);
}

int64_t wr_muddue_pause_s(uint32_t failures)
{
    int64_t pause = WR_MUD_DUE_FIRST_S;
    for (uint32_t i = 1; i < failures && pause < WR_MUD_DUE_MOST_S; i++) {
        pause *= 2;
    }
    return pause < WR_MUD_DUE_MOST_S ? pause : WR_MUD_DUE_MOST_S;
}

void wr_muddue_tick(struct wr_serve *s)
{
    const struct wr_mudstore *store = wr_muds_store(s->muds);
    int64_t now = wr_devices_now_s(s), *next = wr_muds_due(s->muds);
    const struct wr_mudstore_entry *e;
    uint32_t cursor = 0;
    bool is_first = *next == 0; /* names may not be had yet */
    if (now < *next && *next - now <= WR_MUD_DUE_GAP_S) {
        return;
    }
    *next = now + WR_MUD_DUE_GAP_S;
    if (is_first || !wr_devices_now_is_proven(s)) {
        return;
    }
    while ((e = wr_mudstore_next(store, &cursor)) != NULL) {
        if (wr_muddue_is_time(e, now)) {
            (void)wr_mudfetch_again(wr_muds_fetch(s->muds), e->about.from); /* busy: next time */
            wr_serve_look(s);
            return;
        }
    }
}

/* The next whose profile is from there; proposals are behind all of them, so that it stays the next when one is kept. */
static const struct wr_mudstore_entry *next_from(const struct wr_mudstore *store, const char *url,
                                                 uint32_t *cursor)
{
    const struct wr_mudstore_entry *e;
    while ((e = wr_mudstore_next(store, cursor)) != NULL &&
           (wr_mudstore_is_proposal(e) || e->mud == NULL || strcmp(e->about.from, url) != 0)) {
    }
    return e;
}

static void tell(struct wr_serve *s, const struct wr_mudstore_entry *e, const char *what)
{
    const struct wr_census_device *d = wr_muds_device(s->muds, e);
    char called[WR_DEVICES_CALLED_SIZE] = "", text[WR_DEVICES_CALLED_SIZE + 300];
    if (d != NULL) {
        wr_devices_called(s, d->number, called);
    }
    snprintf(text, sizeof(text), "device %s: %s", d != NULL ? called : e->about.key, what);
    wr_devices_note(s, WR_LOG_INFO, text);
}

/* The commands as they are to be typed: who has no name here is called by the number of the device. */
static void tell_proposed(struct wr_serve *s, const struct wr_mudstore_entry *e, bool is_unsigned)
{
    const struct wr_census_device *d = wr_muds_device(s->muds, e);
    char who[16] = "DEVICE", text[300];
    if (d != NULL) {
        snprintf(who, sizeof(who), "d%lu", (unsigned long)d->number);
    }
    snprintf(text, sizeof(text),
             "where its profile (MUD) is from is another one now: `weir mud diff %s` shows what "
             "changed, `weir mud import %s --proposed%s` takes it; until then nothing changes",
             who, who, is_unsigned ? " --unsigned" : "");
    tell(s, e, text);
}

/* Kept beside it, when it is not there already. */
static int propose(struct wr_serve *s, const char *key, const struct wr_muds_offer *offer,
                   const char *signer, int64_t now_s)
{
    struct wr_mudstore *store = wr_muds_store(s->muds);
    struct wr_mudstore_about about = {.taken_s = now_s, .checked_s = now_s};
    struct wr_mudfile_mistake mistake;
    if (!wr_mudstore_proposal_key(key, about.key)) {
        return WR_E_LIMIT;
    }
    const struct wr_mudstore_entry *before = wr_mudstore_find(store, about.key);
    if (before != NULL && wr_mudstore_is_same(store, before, offer->text, offer->n)) {
        return WR_OK;
    }
    snprintf(about.from, sizeof(about.from), "%s", offer->from);
    snprintf(about.host, sizeof(about.host), "%s", offer->host);
    snprintf(about.signer, sizeof(about.signer), "%s", signer);
    int err =
        wr_mudstore_put(store, &about, offer->text, offer->n, offer->sig, offer->sig_n, &mistake);
    if (err == WR_OK) {
        tell_proposed(s, wr_mudstore_find(store, key), signer[0] == 0);
    }
    return err;
}

/* For one of those whose profile is from there. */
static int look_after(struct wr_serve *s, const struct wr_mudstore_entry *e,
                      const struct wr_muds_offer *offer, const char *signer, int64_t now_s)
{
    struct wr_mudstore *store = wr_muds_store(s->muds);
    char key[WR_MUDSTORE_KEY_SIZE], proposal[WR_MUDSTORE_KEY_SIZE];
    int err = WR_OK;
    memcpy(key, e->about.key, sizeof(key));
    if (!wr_mudstore_is_same(store, e, offer->text, offer->n)) {
        err = propose(s, key, offer, signer, now_s);
    } else if (wr_mudstore_proposed(store, e) != NULL) {
        tell(s, e, "its profile (MUD) is again where it is from, and nothing is proposed");
        (void)(wr_mudstore_proposal_key(key, proposal) && wr_mudstore_remove(store, proposal));
    }
    return err == WR_OK ? wr_mudstore_check(store, key, now_s) : err;
}

const char *wr_muddue_came(struct wr_serve *s, const struct wr_muds_offer *offer, char *why,
                           size_t cap)
{
    struct wr_mudstore *store = wr_muds_store(s->muds);
    char signer[WR_MUDSTORE_SIGNER_SIZE];
    const struct wr_mudstore_entry *e;
    uint32_t cursor = 0, lost = 0;
    const char *code = wr_muds_judge(s, offer, signer, why, cap);
    if (code != NULL) {
        return code;
    }
    wr_mudstore_begin(store);
    while ((e = next_from(store, offer->from, &cursor)) != NULL) {
        lost += look_after(s, e, offer, signer, wr_devices_now_s(s)) != WR_OK;
    }
    if (wr_mudstore_end(store) != WR_OK || lost > 0) {
        snprintf(why, cap, "it could not be kept");
        code = "disk";
    }
    return code;
}

void wr_muddue_ended(struct wr_serve *s, const char *url, const char *why)
{
    struct wr_mudstore *store = wr_muds_store(s->muds);
    int64_t now_s = wr_devices_now_s(s);
    const struct wr_mudstore_entry *e;
    uint32_t cursor = 0, first = 0, all = 0;
    while (why != NULL && (e = wr_mudstore_next(store, &cursor)) != NULL) {
        if (strcmp(e->about.from, url) == 0 && wr_muddue_is(e, now_s)) {
            uint32_t failures = e->failures + 1;
            first += failures == 1;
            all++;
            wr_mudstore_delay(store, e, failures, now_s + wr_muddue_pause_s(failures));
        }
    }
    if (why != NULL && (first > 0 || all == 0)) { /* none: it came, and could not be kept */
        wr_say(WR_LOG_WARN,
               "the profile (MUD) of %s could not be fetched again, as it is due: %s; what is kept "
               "stays as it is, and it is tried again later",
               url, why);
    }
}
