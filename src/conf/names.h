/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names: what one source says about local names, as records.
 *
 * A source is the configuration itself, a zone file, a hosts file, or the lease file of a DHCP server. Each is read into
 * a `struct wr_names` of its own, which stays as it is while the file does; conf/localset puts those of all sources
 * together. So a new lease costs its own file's reading and not that of a large zone.
 *
 * What is wrong with the source is told with its line (hooks), the rest is read. Memory is malloc's, freed whole.
 */
#ifndef WR_CONF_NAMES_H
#define WR_CONF_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/hash.h"
#include "base/str.h"
#include "conf/conf.h"
#include "conf/leasefile.h"
#include "conf/leaseid.h"
#include "conf/mem.h"
#include "dnssec/zonemd.h"
#include "resolve/localbuild.h"

struct wr_names_record {
    struct wr_local_record r; /* points into `mem` of its names */
    uint32_t line;
    bool reverse;             /* an address whose name this is: PTR */
    struct wr_leaseid client; /* of a lease: who has it; else none */
    int64_t until_s;          /* of a lease: when it ends; else INT64_MAX */
};

struct wr_names {
    const char *file; /* for people; the caller's, must stay */
    struct wr_names_record *item;
    uint32_t count, room;
    struct wr_conf_mem mem;
    bool lease; /* strangers' words: they yield to every other name */
    bool copy;  /* of a zone elsewhere: its signatures are left out without a word */
    const uint8_t *unavailable; /* NULL, or a zone of which nothing is known now, */
    int16_t ede;                /* for this reason, */
    const char *ede_text;       /* in words (static) */
    bool failed; /* memory was refused, or WR_NAMES_RECORDS_MAX reached: what is missing was told */
};

enum wr_names_said {
    WR_NAMES_MISTAKE = 0, /* the owner's, to be mended */
    WR_NAMES_NOTE = 1,    /* a stranger's word that is refused, or what may be meant so */
};

struct wr_names_hooks {
    /* `file` is as it was written and may be any octets, "" is the configuration; line 0: all of it. `text` is printable. */
    void (*tell)(void *user, enum wr_names_said said, const char *file, uint32_t line,
                 const char *text);
    void *user;
    /* Each lease as it is read, or NULL; its words stay for the call. */
    void (*lease)(void *lease_user, const struct wr_lease *lease);
    void *lease_user;
};

/* "file:line: text", for people. */
void wr_names_put_said(struct wr_str *s, const char *file, uint32_t line, const char *text);

void wr_names_init(struct wr_names *names, const char *file);
void wr_names_free(struct wr_names *names);

/* One record; rdata is copied. False: no room. */
bool wr_names_add(struct wr_names *names, const uint8_t *owner, uint16_t type, uint32_t ttl,
                  const uint8_t *rdata, uint16_t size, uint32_t line);
/* The records that stand in the configuration, and those of its services (conf/services). They were checked when it was read. */
void wr_names_read_conf(struct wr_names *names, const struct wr_conf *conf);
/* A zone file and what it includes. Records outside of the zone are left out and told. WR_E_IO, WR_E_DENIED: it cannot be read. */
int wr_names_read_zone(struct wr_names *names, const char *path, const uint8_t *zone, uint32_t ttl,
                       const struct wr_names_hooks *hooks);
/* Is what was read whole, by its ZONEMD record (dnssec/zonemd)? `demand` is enum wr_conf_zonemd. WR_E_CHECKSUM: it is not, which
 * was told; WR_E_NOMEM. */
int wr_names_check_digest(const struct wr_names *names, const uint8_t *zone, uint32_t demand,
                          const struct wr_names_hooks *hooks);
/* The same without a demand: what the zone says of itself. WR_E_NOMEM. */
int wr_names_digest(const struct wr_names *names, const uint8_t *zone,
                    struct wr_zonemd_result *ret_result);
void wr_names_read_hosts(struct wr_names *names, const char *text, size_t n, uint32_t ttl,
                         const struct wr_names_hooks *hooks);

struct wr_names_text {
    const char *text;
    size_t n;
};
/* `parts` texts that make up one lease file, oldest first. */
void wr_names_read_leases(struct wr_names *names, enum wr_lease_format format, const uint8_t *zone,
                          uint32_t ttl, const struct wr_names_text *text, unsigned parts,
                          const struct wr_hash_key *key, const struct wr_names_hooks *hooks);

#endif
