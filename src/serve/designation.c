/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/designation.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"

/* What follows the struct, in this order. */
struct parts {
    size_t doors, proofs, names, addrs; /* how many */
};

static size_t size_of(const struct parts *p)
{
    return sizeof(struct wr_designation) + p->proofs * sizeof(struct wr_designated_proof) +
           p->doors * sizeof(struct wr_designated_door) + p->addrs * sizeof(struct wr_addr) +
           p->names * sizeof(struct wr_name);
}

/* The next name of "a.example\0*.b.example\0\0" that may be told; NULL: there is none. */
static const char *next_name(const char *at, struct wr_name *ret_name)
{
    for (; *at; at += strlen(at) + 1) {
        if (at[0] != '*' && wr_name_from_text(at, strlen(at), ret_name) == WR_OK &&
            ret_name->size > 1) {
            return at + strlen(at) + 1;
        }
    }
    return NULL;
}

static void count_parts(const struct wr_creds_facts *const *facts, struct parts *p)
{
    for (size_t i = 0; i < p->proofs; i++) {
        struct wr_name name;
        p->addrs += facts[i]->addrs;
        for (const char *at = facts[i]->names; (at = next_name(at, &name)) != NULL;) {
            p->names++;
        }
    }
}

static void put_proofs(const struct wr_creds_facts *const *facts, size_t count,
                       struct wr_designated_proof *proof, struct wr_addr *addr,
                       struct wr_name *name)
{
    for (size_t i = 0; i < count; i++) {
        const struct wr_creds_facts *f = facts[i];
        proof[i] = (struct wr_designated_proof){.name = name, .addr = addr, .addrs = f->addrs};
        memcpy(addr, f->addr, f->addrs * sizeof(*addr));
        addr += f->addrs;
        for (const char *at = f->names; (at = next_name(at, name)) != NULL; name++) {
            proof[i].names++;
        }
    }
}

int wr_designation_make(const struct wr_designated_door *doors, uint32_t count,
                        const struct wr_creds_facts *const *facts, size_t certificates,
                        const char *path, struct wr_designation **ret_designation)
{
    struct parts p = {.doors = count, .proofs = certificates};
    count_parts(facts, &p);
    struct wr_designation *d = calloc(1, size_of(&p));
    if (!d) {
        return WR_E_NOMEM;
    }
    struct wr_designated_proof *proof = (struct wr_designated_proof *)(d + 1);
    struct wr_designated_door *door = (struct wr_designated_door *)(proof + p.proofs);
    struct wr_addr *addr = (struct wr_addr *)(door + p.doors);
    if (count > 0) {
        memcpy(door, doors, count * sizeof(*door));
    }
    put_proofs(facts, p.proofs, proof, addr, (struct wr_name *)(addr + p.addrs));
    snprintf(d->path, sizeof(d->path), "%s", path);
    d->told = (struct wr_designated){.door = door,
                                     .proof = proof,
                                     .doors = count,
                                     .proofs = (uint32_t)p.proofs,
                                     .path = d->path};
    *ret_designation = d;
    return WR_OK;
}

void wr_designation_free(struct wr_designation *d)
{
    free(d);
}

static uint8_t kind_of(uint8_t transport)
{
    switch (transport) {
    case WR_CLIENT_DOT: return WR_SERVICE_DOT;
    case WR_CLIENT_DOH: return WR_SERVICE_DOH;
    case WR_CLIENT_DOQ: return WR_SERVICE_DOQ;
    default: return 0;
    }
}

int wr_designation_put(struct wr_gate *gate, const struct wr_listener_entry *open, uint32_t opens,
                       const char *path, struct wr_creds *creds)
{
    enum { MOST = WR_GATE_LISTENERS_MAX + WR_NET_LISTENERS_MAX };
    const struct wr_creds_facts *facts[WR_CREDS_PAIRS_MAX] = {NULL};
    struct wr_designated_door door[MOST] = {0};
    size_t certificates = creds != NULL ? wr_creds_count(creds) : 0;
    uint32_t doors = 0, all = open != NULL ? opens : gate->listeners;
    for (uint32_t i = 0; i < all && doors < MOST; i++) {
        door[doors] = (struct wr_designated_door){
            .addr = open != NULL ? open[i].addr : gate->listener[i].addr,
            .kind = kind_of(open != NULL ? open[i].transport : gate->listener[i].transport)};
        doors += door[doors].kind != 0;
    }
    gate->designated_by = creds != NULL ? wr_creds_keep(creds) : NULL;
    certificates = certificates < WR_CREDS_PAIRS_MAX ? certificates : WR_CREDS_PAIRS_MAX;
    for (size_t i = 0; i < certificates; i++) {
        facts[i] = wr_creds_facts(creds, i);
    }
    int err = wr_designation_make(door, doors, facts, certificates, path, &gate->designation);
    if (err != WR_OK) {
        return err;
    }
    gate->settings.designated = gate->designation->told;
    return WR_OK;
}
