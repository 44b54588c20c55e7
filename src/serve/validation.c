/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/validation.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/limits.h"
#include "resolve/ladder.h"
#include "serve/trust.h"

static int add_anchors(const struct wr_conf *conf, struct wr_anchors *anchors,
                       struct wr_validation_mistake *ret_mistake)
{
    for (size_t i = 0; i < conf->dnssec.anchors.count; i++) {
        const char *text = conf->dnssec.anchors.items[i];
        uint16_t before = anchors->count;
        int err = wr_anchors_add_text(anchors, text, strlen(text));
        if (err == WR_E_FORMAT && anchors->count > before) {
            *ret_mistake = (struct wr_validation_mistake){
                i, "the digest has not the length of its type; everything below the name is bogus"};
        } else if (err) {
            *ret_mistake = (struct wr_validation_mistake){
                i, err == WR_E_FULL          ? "too many anchors"
                   : err == WR_E_UNSUPPORTED ? "its digest type or algorithm is not known"
                                             : "is no DS or DNSKEY record of a zone key, such as "
                                               "`example. DS 12345 13 2 ABCD...`"};
            return WR_E_FORMAT;
        }
    }
    return conf->dnssec.anchors.count > 0 ? WR_OK : wr_anchors_add_builtin(anchors);
}

/* Names of time servers: without them nobody would ever know the time, neither weir nor the machine's own NTP client. */
static uint8_t spare_names(const struct wr_conf *conf, struct wr_name *ret)
{
    uint8_t n = 0;
    for (size_t i = 0; i < conf->time.servers.count && n < WR_TIME_SERVERS_MAX; i++) {
        struct wr_time_server server;
        if (wr_ladder_server(conf->time.servers.items[i], &server) == WR_OK &&
            server.name.size > 0) {
            ret[n++] = server.name;
        }
    }
    for (size_t i = 0; i < conf->time.roughtime.count && n < WR_TIME_RUNGS_MAX; i++) {
        struct wr_time_server server;
        if (wr_ladder_rough_server(conf->time.roughtime.items[i], &server) == WR_OK &&
            server.name.size > 0) {
            ret[n++] = server.name;
        }
    }
    return n;
}

int wr_validation_make(const struct wr_conf *conf, const struct wr_trustset *trust,
                       struct wr_validation *ret, struct wr_prove_settings *ret_settings,
                       struct wr_validation_mistake *ret_mistake)
{
    size_t cap = WR_DNSSEC_ANCHORS_MAX * 2;
    memset(ret, 0, sizeof(*ret));
    ret_mistake->text = NULL;
    ret->room = calloc(cap, sizeof(*ret->room));
    if (ret->room == NULL) {
        return WR_E_NOMEM;
    }
    wr_anchors_init(&ret->anchors, ret->room, (uint16_t)cap);
    int err = add_anchors(conf, &ret->anchors, ret_mistake);
    for (size_t i = 0; i < conf->dnssec.negative.count && !err; i++) {
        err = wr_anchors_add_negative(&ret->anchors, conf->dnssec.negative.items[i], 0);
    }
    if (trust != NULL && !err) {
        err = wr_trustset_apply(trust, conf->dnssec.rfc5011, &ret->anchors);
        if (err) {
            *ret_mistake = (struct wr_validation_mistake){0, "too many anchors"};
        }
    }
    *ret_settings = (struct wr_prove_settings){
        .enable = conf->dnssec.validate,
        .aggressive = conf->dnssec.aggressive,
        .nxdomain_cut = (uint8_t)conf->dnssec.nxdomain_cut,
        .system_clock = conf->time.trust == WR_CONF_TRUST_SYSTEM,
        .report = conf->dnssec.report,
        .sentinel = conf->dnssec.sentinel,
        .refuse_unproven = conf->time.unproven == 1,
        .floor_s = WR_TRUST_RELEASE_S,
        .anchors = &ret->anchors,
        .policy = {.sha1_rely = conf->dnssec.sha1 == 1,
                   .nsec3_iterations = (uint16_t)conf->dnssec.nsec3_iterations}};
    ret_settings->spared = ret->spared;
    ret_settings->spareds = spare_names(conf, ret->spared);
    return err;
}

void wr_validation_free(struct wr_validation *validation)
{
    free(validation->room);
    validation->room = NULL;
}
