/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Credentials: octets as a peer's certificate (DER), alone and as a chain of it twice, and as the owner's PEM files. What has facts has a
 * pin, names that end where they should, and no more addresses than there is room for; nothing that was made up leads to an anchor.
 */
#include "fuzz.h"

#include "base/err.h"
#include "transport/creds.h"
#include "unit/transport/certs.h"

static struct certs_one ca;
static struct wr_creds *client;

static void make_all(void)
{
    struct wr_creds_setup setup = {0};
    struct wr_verdict_text why;

    certs_make(&ca, &(struct certs_want){.cn = "fuzz CA", .ca = true}, NULL);
    setup.anchors = ca.pem.data;
    setup.anchors_size = ca.pem.size;
    promise(wr_creds_make(&setup, &why, &client) == WR_OK);
}

static void as_certificate(const uint8_t *data, size_t size)
{
    struct wr_creds_facts facts;
    uint8_t pin[WR_CREDS_PIN_SIZE];
    struct wr_certs chain = {.cert = {{data, size}, {data, size}},
                             .now = {.mono_us = 1, .wall_s = CERTS_NOW_S, .wall_proven = true}};
    struct wr_verdict_text why = {""};

    if (wr_creds_facts_of(data, size, &facts) == WR_OK) {
        size_t at = 0;

        while (facts.names[at] != '\0') {
            at += strlen(facts.names + at) + 1;
            promise(at < sizeof(facts.names));
        }
        promise(facts.addrs <= WR_CREDS_ADDRS_MAX && facts.certs == 1);
        promise(wr_creds_pin(data, size, pin) == WR_OK);
        promise(memcmp(pin, facts.pin, sizeof(pin)) == 0);
    }
    for (chain.count = 0; chain.count <= 2; chain.count++) {
        for (int server = 0; server < 2; server++) {
            chain.of_server = server;
            why.text[0] = '\0';
            promise(wr_creds_verify(client, &chain, server ? "dns.example" : NULL, &why) != WR_OK);
            promise(why.text[0] != '\0');
        }
    }
}

static void as_files(const uint8_t *data, size_t size)
{
    struct wr_creds_pem pair = {data, data, size, size};
    struct wr_creds_setup with_pair = {.pairs = &pair, .count = 1};
    struct wr_creds_setup with_anchors = {.anchors = data, .anchors_size = size};
    struct wr_verdict_text why;
    struct wr_creds *made = NULL;
    int err = wr_creds_make(&with_pair, &why, &made);

    promise((err == WR_OK) == (made != NULL));
    promise(err == WR_OK || why.text[0] != '\0');
    wr_creds_drop(made);
    made = NULL;
    err = wr_creds_make(&with_anchors, &why, &made);
    promise((err == WR_OK) == (made != NULL));
    wr_creds_drop(made);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (client == NULL) {
        make_all();
    }
    if (size > 0 && data[0] == '-') {
        as_files(data, size);
    } else if (size > 0) {
        as_certificate(data, size);
    }
    return 0;
}
