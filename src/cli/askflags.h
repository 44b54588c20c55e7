/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Flags of `weir ask`: kdig's words, read into one struct a question.
 *
 *     weir ask [@server[#port]] [-p port] [-b addr] [-4|-6] NAME [TYPE] [CLASS] [+flag ...] [NAME ...]
 *
 * What stands before the first name holds for all questions, what stands behind a name for that one.
 * The second name begins where a word has a dot (or follows -q or -x): a word without one must be a type or a class, so
 * that a mistyped type is a mistake and not a question. Type and class may come before the name. Flags may be
 * shortened while one flag alone fits, and negated with "no".
 *
 * Pure: no file, no look-up; pointers go into argv. On WR_E_USAGE `why` has one sentence.
 */
#ifndef WR_CLI_ASKFLAGS_H
#define WR_CLI_ASKFLAGS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "crypto/pin.h"
#include "dns/edns.h"
#include "dns/name.h"
#include "transport/uri.h"

/* Questions in one call. */
#define WR_ASKFLAGS_MAX      64
#define WR_ASKFLAGS_WHY_SIZE 320

/* Beyond UDP and TCP: by which transport, and what the server has to prove. */
struct wr_askvia {
    uint8_t scheme;      /* WR_URI_TLS, WR_URI_HTTPS, WR_URI_QUIC, WR_URI_ODOH; 0: UDP and TCP */
    bool ca;             /* an authority is to vouch for it: +tls-ca, +tls-host */
    bool get;            /* of HTTPS: by GET, not by POST */
    bool any;            /* of authority and pins one is enough, as in URLs */
    const char *path;    /* of +https=; NULL: /dns-query */
    const char *ca_file; /* NULL: the system's authorities */
    const char *host;    /* the name that it proves; NULL: @SERVER, name or address */
    const char *sni;     /* the name that it is told; NULL: the same */
    struct wr_pin pin[WR_URI_PINS_MAX];
    uint8_t pins;
    /* Of ODoH, as written: +odoh, +odoh-path, +odoh-config; and what they say with @SERVER, or the URL (cli/askurl). */
    const char *proxy, *target_path, *config;
    const struct wr_uri *odoh;
};

struct wr_askflags {
    struct wr_name name;
    uint16_t type, class_;
    bool has_name, has_type, has_class;

    const char *server; /* as written, without "@"; NULL: the system's */
    const char *port;   /* of -p; NULL: 53 */
    const char *from;   /* of -b; NULL: any */
    uint8_t family;     /* of -4 and -6: enum wr_family; WR_AF_NONE: both */
    bool tcp, ignore, badcookie;
    struct wr_askvia via;
    uint32_t timeout_ms, retry;

    bool aa, tc, rd, ra, z, ad, cd, dnssec_ok;
    bool edns, nsid, cookie, ecs;
    uint8_t edns_version;
    uint16_t bufsize;                    /* 0: 1232 */
    uint16_t padding;                    /* octets to pad to a multiple of; 0: none */
    bool padding_chosen;                 /* else what is encrypted is padded */
    struct wr_prefix subnet;             /* with ecs */
    uint8_t cookie_bytes[WR_COOKIE_MAX]; /* with cookie_size; size 0: a fresh one */
    uint8_t cookie_size;

    bool trace;         /* +trace: found from the root, in this process */
    const char *hints;  /* of +hints; NULL: the root servers of the Internet */
    const char *anchor; /* of +anchor; NULL: the keys of the Internet's root */
    bool json, brief;   /* +json, +short */
    bool query, header, comments, opt, question, answer, authority, additional, stats;
    bool show_class, show_ttl;
};

struct wr_asklist {
    struct wr_askflags common;
    struct wr_askflags item[WR_ASKFLAGS_MAX];
    unsigned count;
    bool help;
    char why[WR_ASKFLAGS_WHY_SIZE];
};

struct wr_opts;
/* The options and flags as cli/opts prints them; the rows are the module's. */
void wr_askflags_opts(struct wr_opts *ret_opts);
/* argv without the verb. WR_E_USAGE. */
int wr_askflags_read(struct wr_asklist *list, int argc, char **argv);

/* "192.0.2.1", "192.0.2.1#5353", "[::1]:53", "::1#53": `port` is used where none is written. WR_E_FORMAT: no
 * address (a host name, perhaps); WR_E_RANGE: the port is none. "%eth0" comes out in ret_zone (16 octets). */
int wr_askflags_server(const char *text, uint16_t port, struct wr_addr *ret_addr, char *ret_zone);

#endif
