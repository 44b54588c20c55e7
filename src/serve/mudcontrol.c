/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/mudcontrol.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/enc.h"
#include "base/err.h"
#include "base/str.h"
#include "crypto/digest.h"
#include "policy/mudtell.h"
#include "policy/segment.h"
#include "serve/controlverb.h"
#include "serve/devicecontrol.h"
#include "serve/devices.h"
#include "serve/firewall.h"
#include "serve/muddue.h"
#include "serve/mudkin.h"
#include "serve/mudpermits.h"
#include "serve/muds.h"
#include "serve/serve.h"

/* --- which device --- */

static const struct wr_census_device *find(struct wr_serve *s, const json_t *args, char *why)
{
    return wr_devices_find(s->devices, json_string_value(json_object_get(args, "device")), why,
                           WR_CONTROLVERB_WHY_SIZE);
}

/* What is kept for it; *ret_device may be NULL, of one that is not known at the moment. */
static const struct wr_mudstore_entry *find_entry(struct wr_serve *s, const json_t *args, char *why)
{
    const char *text = json_string_value(json_object_get(args, "device"));
    const struct wr_census_device *d = find(s, args, why);
    const struct wr_mudstore_entry *e =
        d != NULL ? wr_muds_of(s->muds, d) : wr_mudstore_find(wr_muds_store(s->muds), text);
    if (e != NULL && wr_mudstore_is_proposal(e)) {
        e = NULL;
    }
    if (e == NULL && d != NULL) {
        snprintf(why, WR_CONTROLVERB_WHY_SIZE, "it has no profile; `weir mud import` gives it one");
    }
    return e;
}

/* --- telling --- */

static const char *state_of(const struct wr_mudstore_entry *e, const struct wr_census_device *d)
{
    return e->mud == NULL                     ? "lost"
           : e->about.mode == WR_MUDSTORE_OFF ? "imported"
           : d == NULL                        ? "the device is not known now"
                                              : wr_mudstore_mode_name(e->about.mode);
}

static void put_text(struct wr_json *j, const char *key, const char *text)
{
    wr_json_text(j, key, text[0] != 0 ? text : NULL);
}

/* Is it in a segment in which the firewall opens to answers alone? Else names are all that its profile holds by. */
static bool has_leases(const struct wr_serve *s, const struct wr_census_device *d)
{
    const struct wr_segments *segments = s->gate->settings.segments;
    uint16_t at = wr_devicecontrol_segment(s, d);
    return segments != NULL && at != WR_SEGMENT_NONE && segments->segment[at].answered;
}

/* What becomes of the entries that are enforced by address. */
static const char *addresses_of(const struct wr_serve *s, const struct wr_mudstore_entry *e,
                                const struct wr_census_device *d)
{
    return d == NULL || e->mud == NULL || e->about.mode != WR_MUDSTORE_ENFORCED
               ? "nothing is opened: the profile is not in force"
           : !has_leases(s, d) ? "nothing is held back: its segment, if any, reaches anything"
           : !wr_mudpermits_can(d)
               ? "nothing is opened: no MAC address of it is known at an interface"
           : wr_firewall_left(s) > 0
               ? "opened where the firewall is in force, but for what has no room there (its log)"
               : "opened where the firewall is in force";
}

static void put_entry(struct wr_serve *s, struct wr_json *j, const struct wr_mudstore_entry *e)
{
    const struct wr_census_device *d = wr_muds_device(s->muds, e);
    const struct wr_mud *m = e->mud;
    char called[WR_CENSUS_NAME_SIZE];
    struct wr_mud_house house;
    unsigned not = 0;
    wr_mudpermits_house(s->conf, &house);
    house.is_stranger = wr_mudkin_is_stranger(e);
    house.is_fetched = e->about.from[0] != 0;
    for (uint32_t i = 0; m != NULL && i < m->aces; i++) {
        not += wr_mudtell_judge(m, &m->ace[i], &house).means == WR_MUD_NOT;
    }
    if (d != NULL) {
        wr_census_call(d, called, sizeof(called));
    }
    wr_json_text(j, "device", d != NULL ? called : e->about.key);
    wr_json_text(j, "state", state_of(e, d));
    put_text(j, "profile", m != NULL ? wr_mud_at(m, m->systeminfo) : "");
    put_text(j, "url", m != NULL ? wr_mud_at(m, m->url) : "");
    put_text(j, "from", e->about.from);
    put_text(j, "signer", e->about.signer);
    wr_json_bool(j, "vouched", !house.is_stranger);
    wr_json_i64(j, "taken", e->about.taken_s);
    if (e->about.checked_s != e->about.taken_s) {
        wr_json_i64(j, "checked", e->about.checked_s);
    }
    wr_json_bool(j, "proposed", wr_mudstore_proposed(wr_muds_store(s->muds), e) != NULL);
    wr_json_bool(j, "leases", d != NULL && has_leases(s, d));
    wr_json_text(j, "addresses", addresses_of(s, e, d));
    if (m != NULL) {
        wr_json_bool(j, "due", wr_muddue_is(e, wr_devices_now_s(s)));
        wr_json_bool(j, "supported", m->supported);
        wr_json_u64(j, "aces", m->aces);
        wr_json_u64(j, "not_enforceable", not );
    }
}

/* What devices say of where their profiles are. */
static void put_offers(struct wr_serve *s, struct wr_json *j)
{
    const struct wr_census *census = wr_devices_machine(s->devices);
    const struct wr_census_device *d;
    struct wr_mudoffers *offers = wr_muds_offers(s->muds);
    char url[WR_MUD_URL_SIZE], called[WR_CENSUS_NAME_SIZE];
    const char *from;
    uint32_t cursor = 0;
    const char *why = wr_mudoffers_read(offers, s->conf->mud.offers);
    if (why != NULL) {
        wr_json_text(j, "offers", why);
    }
    wr_json_array(j, "offered");
    while ((d = wr_census_walk(census, &cursor)) != NULL) {
        if (wr_mudoffers_find(offers, s->conf, d, url, &from)) {
            const struct wr_mudstore_entry *e = wr_muds_of(s->muds, d);
            wr_census_call(d, called, sizeof(called));
            wr_json_object(j, NULL);
            wr_json_text(j, "device", called);
            wr_json_text(j, "url", url);
            wr_json_text(j, "from", from);
            wr_json_bool(j, "imported", e != NULL && strcmp(e->about.from, url) == 0);
            wr_json_end(j);
        }
    }
    wr_json_end(j);
}

const char *wr_mudcontrol_list(struct wr_serve *s, const json_t *args, struct wr_json *j, char *why)
{
    const struct wr_mudstore_entry *e;
    uint32_t cursor = 0;
    (void)args;
    (void)why;
    wr_json_object(j, "result");
    wr_json_array(j, "profiles");
    while ((e = wr_mudstore_next(wr_muds_store(s->muds), &cursor)) != NULL) {
        if (wr_mudstore_is_proposal(e)) {
            continue; /* told of the one that it is for */
        }
        wr_json_object(j, NULL);
        put_entry(s, j, e);
        wr_json_end(j);
    }
    wr_json_end(j);
    put_offers(s, j);
    wr_json_end(j);
    return NULL;
}

const char *wr_mudcontrol_fetch(struct wr_serve *s, const json_t *args, struct wr_json *j,
                                char *why)
{
    const struct wr_census_device *d = find(s, args, why);
    struct wr_mudoffers *offers = wr_muds_offers(s->muds);
    char url[WR_MUD_URL_SIZE], key[WR_MUDSTORE_KEY_SIZE];
    const char *from, *wrong;
    if (d == NULL) {
        return "device";
    }
    wrong = wr_mudoffers_read(offers, s->conf->mud.offers);
    if (!wr_mudoffers_find(offers, s->conf, d, url, &from)) {
        snprintf(why, WR_CONTROLVERB_WHY_SIZE, "%s",
                 wrong != NULL
                     ? wrong
                     : "it has not said where its profile is, and neither have devices[].mud and "
                       "mud.offers; `weir mud import DEVICE FILE` takes one from a file");
        return "profile";
    }
    if (!wr_muds_key(d, key)) {
        snprintf(why, WR_CONTROLVERB_WHY_SIZE,
                 "it has neither a name nor a MAC address, and would not be known again: call it "
                 "something (weir device name)");
        return "device";
    }
    if (wr_mudfetch_begin(wr_muds_fetch(s->muds), d->number, url,
                          json_is_true(json_object_get(args, "unsigned"))) != WR_OK) {
        snprintf(why, WR_CONTROLVERB_WHY_SIZE, "another profile is being fetched; in a minute");
        return "busy";
    }
    wr_serve_look(s);
    return wr_mudcontrol_fetched(s, args, j, why);
}

const char *wr_mudcontrol_fetched(struct wr_serve *s, const json_t *args, struct wr_json *j,
                                  char *why)
{
    (void)args;
    (void)why;
    wr_mudfetch_put(wr_muds_fetch(s->muds), j, "result");
    return NULL;
}

static int put_base64(struct wr_json *j, const char *key, const uint8_t *bytes, size_t n)
{
    size_t cap = n * 4 / 3 + 8;
    char *text = malloc(cap);
    struct wr_str s;
    if (text == NULL) {
        return WR_E_NOMEM;
    }
    wr_str_init(&s, text, cap);
    wr_enc_base64(&s, bytes, n);
    wr_json_text(j, key, text);
    free(text);
    return WR_OK;
}

/* Whose addresses are known here: who shows the profile judges by it. */
static void put_controllers(const struct wr_serve *s, struct wr_json *j)
{
    struct wr_mud_house house;
    wr_mudpermits_house(s->conf, &house);
    wr_json_array(j, "controllers");
    for (size_t i = 0; i < house.controllers; i++) {
        wr_json_text(j, NULL, house.controller[i]);
    }
    wr_json_end(j);
}

/* What is proposed in its place. NULL: nothing is. */
static const struct wr_mudstore_entry *find_proposed(struct wr_serve *s,
                                                     const struct wr_mudstore_entry *of, char *why)
{
    const struct wr_mudstore_entry *e =
        of != NULL ? wr_mudstore_proposed(wr_muds_store(s->muds), of) : NULL;
    if (of != NULL && (e == NULL || e->mud == NULL)) {
        snprintf(why, WR_CONTROLVERB_WHY_SIZE, "no other profile is proposed for it");
        e = NULL;
    }
    return e;
}

const char *wr_mudcontrol_get(struct wr_serve *s, const json_t *args, struct wr_json *j, char *why)
{
    const struct wr_mudstore_entry *e = find_entry(s, args, why);
    bool proposed = json_is_true(json_object_get(args, "proposed"));
    e = proposed ? find_proposed(s, e, why) : e;
    uint8_t *text = NULL, *sig = NULL;
    size_t n = 0, sig_n = 0;
    if (e == NULL) {
        return "device";
    }
    if (wr_mudstore_text(wr_muds_store(s->muds), e, false, &text, &n) != WR_OK) {
        snprintf(why, WR_CONTROLVERB_WHY_SIZE,
                 "what was kept of its profile is not there, or not what it was; import it again");
        return "profile";
    }
    (void)wr_mudstore_text(wr_muds_store(s->muds), e, true, &sig, &sig_n);
    wr_json_object(j, "result");
    put_entry(s, j, e);
    put_controllers(s, j);
    if (!proposed) {
        wr_mudkin_put(s, j, e, wr_muds_device(s->muds, e));
    }
    int err = put_base64(j, "text", text, n);
    if (err == WR_OK && sig_n > 0) {
        err = put_base64(j, "signature", sig, sig_n);
    }
    if (err == WR_OK && proposed) {
        wr_mudstore_show(wr_muds_store(s->muds), e);
    }
    wr_json_bool(j, "whole", err == WR_OK);
    wr_json_end(j);
    free(text);
    free(sig);
    return NULL;
}

/* --- changing --- */

const char *wr_mudcontrol_put(struct wr_serve *s, const json_t *args, struct wr_json *j, char *why)
{
    const json_t *data = json_object_get(args, "data");
    uint8_t piece[4096];
    size_t n = 0;
    json_int_t at = json_integer_value(json_object_get(args, "at"));
    bool signature = json_is_true(json_object_get(args, "signature"));
    if (wr_enc_from_base64(json_string_value(data), json_string_length(data), piece, sizeof(piece),
                           &n) != WR_OK) {
        snprintf(why, WR_CONTROLVERB_WHY_SIZE, "the argument data must be base64");
        return "argument";
    }
    int err = at < 0 ? WR_E_RANGE : wr_muds_stage(s->muds, signature, (size_t)at, piece, n);
    if (err != WR_OK) {
        snprintf(why, WR_CONTROLVERB_WHY_SIZE,
                 err == WR_E_LIMIT ? "it is longer than a profile may be"
                                   : "this piece does not come after the one before");
        return "argument";
    }
    wr_json_object(j, "result");
    wr_json_u64(j, "size", (uint64_t)at + n);
    wr_json_end(j);
    return NULL;
}

static bool is_staged(const struct wr_muds_offer *offer, const char *digest)
{
    char text[2 * WR_DIGEST_MAX + 1];
    uint8_t out[WR_DIGEST_MAX];
    struct wr_str s;
    wr_str_init(&s, text, sizeof(text));
    if (wr_digest_of(WR_HASH_SHA256, offer->text, offer->n, out) == WR_OK) {
        wr_str_hex(&s, out, 32);
    }
    return s.len > 0 && strcmp(text, digest) == 0;
}

static void put_done(struct wr_serve *s, struct wr_json *j, const struct wr_mudstore_entry *e)
{
    wr_json_object(j, "result");
    put_entry(s, j, e);
    wr_json_end(j);
}

const char *wr_mudcontrol_import(struct wr_serve *s, const json_t *args, struct wr_json *j,
                                 char *why)
{
    const struct wr_census_device *d = find(s, args, why);
    struct wr_muds_offer offer;
    if (d == NULL) {
        return "device";
    }
    wr_muds_staged(s->muds, &offer);
    offer.is_unsigned_fine = json_is_true(json_object_get(args, "unsigned"));
    if (!is_staged(&offer, json_string_value(json_object_get(args, "digest")))) {
        snprintf(why, WR_CONTROLVERB_WHY_SIZE,
                 "what was put is another file; somebody else imports one at the moment");
        return "argument";
    }
    const char *code = wr_muds_take(s, d, &offer, why, WR_CONTROLVERB_WHY_SIZE);
    if (code == NULL) {
        wr_muds_unstage(s->muds);
        put_done(s, j, wr_muds_of(s->muds, d));
    }
    return code;
}

const char *wr_mudcontrol_accept(struct wr_serve *s, const json_t *args, struct wr_json *j,
                                 char *why)
{
    const struct wr_mudstore_entry *of = find_entry(s, args, why);
    const struct wr_mudstore_entry *e = find_proposed(s, of, why);
    const struct wr_census_device *d = of != NULL ? wr_muds_device(s->muds, of) : NULL;
    uint8_t *text = NULL, *sig = NULL;
    struct wr_muds_offer offer = {.is_unsigned_fine =
                                      json_is_true(json_object_get(args, "unsigned"))};
    char from[WR_MUD_URL_SIZE], host[WR_MUDSTORE_HOST_SIZE];
    const char *code = e == NULL || d == NULL ? "device" : NULL;
    if (e != NULL && d == NULL) {
        snprintf(why, WR_CONTROLVERB_WHY_SIZE, "the device is not known now");
    }
    if (code == NULL && !e->shown) {
        snprintf(why, WR_CONTROLVERB_WHY_SIZE,
                 "what is proposed was not looked at yet, or is another one since: `weir mud diff "
                 "DEVICE` shows it");
        code = "profile";
    }
    if (code == NULL && wr_mudstore_text(wr_muds_store(s->muds), e, false, &text, &offer.n) != 0) {
        snprintf(why, WR_CONTROLVERB_WHY_SIZE, "not enough memory");
        code = "limit";
    }
    if (code == NULL) {
        (void)wr_mudstore_text(wr_muds_store(s->muds), e, true, &sig, &offer.sig_n);
        memcpy(from, e->about.from, sizeof(from));
        memcpy(host, e->about.host, sizeof(host));
        offer.text = (const char *)text;
        offer.sig = sig;
        offer.from = from;
        offer.host = host;
        code = wr_muds_take(s, d, &offer, why, WR_CONTROLVERB_WHY_SIZE);
    }
    if (code == NULL) {
        put_done(s, j, wr_muds_of(s->muds, d));
    }
    free(text);
    free(sig);
    return code;
}

static void note(struct wr_serve *s, const struct wr_mudstore_entry *e, const char *what)
{
    const struct wr_census_device *d = wr_muds_device(s->muds, e);
    char called[WR_DEVICES_CALLED_SIZE] = "", text[300];
    if (d != NULL) {
        wr_devices_called(s, d->number, called);
    }
    snprintf(text, sizeof(text), "device %s: its profile (MUD) %s, by the control socket",
             d != NULL ? called : "that is not known now", what);
    wr_devices_note(s, WR_LOG_INFO, text);
}

const char *wr_mudcontrol_enforce(struct wr_serve *s, const json_t *args, struct wr_json *j,
                                  char *why)
{
    static const char *const done[] = {"does not hold any more", "is in the shadow", "is enforced"};
    const struct wr_mudstore_entry *e = find_entry(s, args, why);
    int mode = wr_mudstore_mode_of(json_string_value(json_object_get(args, "mode")));
    if (e == NULL) {
        return "device";
    }
    if (mode < 0) {
        snprintf(why, WR_CONTROLVERB_WHY_SIZE, "mode is one of off, shadow and enforced");
        return "argument";
    }
    if (mode != WR_MUDSTORE_OFF && e->mud == NULL) {
        snprintf(why, WR_CONTROLVERB_WHY_SIZE,
                 "what was kept of its profile is not there, or not what it was; import it again");
        return "profile";
    }
    int err = wr_mudstore_set_mode(wr_muds_store(s->muds), e->about.key, (uint8_t)mode);
    note(s, e, done[mode]);
    wr_muds_tick(s);
    const struct wr_census_device *d = wr_muds_device(s->muds, e);
    if (mode == WR_MUDSTORE_ENFORCED && d != NULL) {
        wr_muds_narrow(s, d);
    }
    wr_firewall_look(s);
    if (err != WR_OK) {
        snprintf(why, WR_CONTROLVERB_WHY_SIZE,
                 "it holds until weir ends, and could not be written");
        return "disk";
    }
    put_done(s, j, e);
    return NULL;
}

const char *wr_mudcontrol_remove(struct wr_serve *s, const json_t *args, struct wr_json *j,
                                 char *why)
{
    const struct wr_mudstore_entry *e = find_entry(s, args, why);
    char key[WR_MUDSTORE_KEY_SIZE], called[WR_CENSUS_NAME_SIZE];
    if (e == NULL) {
        return "device";
    }
    const struct wr_census_device *d = wr_muds_device(s->muds, e);
    if (d != NULL) {
        wr_census_call(d, called, sizeof(called));
    }
    memcpy(key, e->about.key, sizeof(key));
    note(s, e, "is removed");
    int err = wr_mudstore_remove(wr_muds_store(s->muds), key);
    wr_muds_tick(s);
    wr_firewall_look(s);
    wr_json_object(j, "result");
    wr_json_text(j, "removed", d != NULL ? called : key);
    wr_json_bool(j, "remembered", err == WR_OK);
    wr_json_end(j);
    return NULL;
}
