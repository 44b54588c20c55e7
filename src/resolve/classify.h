/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Classify: what kind of response is this?
 *
 * One pure question in one file. Looks at header and sections of a response
 * that already belongs to the question, and names its class. Nothing is
 * believed or stored here; that is scrub's part.
 */
#ifndef WR_RESOLVE_CLASSIFY_H
#define WR_RESOLVE_CLASSIFY_H

#include "dns/msg.h"

enum wr_response {
    WR_RESPONSE_ANSWER = 0, /* records of the type asked, perhaps behind CNAMEs */
    WR_RESPONSE_CNAME,      /* CNAMEs that lead to a name the response says nothing of */
    WR_RESPONSE_NODATA,     /* the name is there, the type is not (RFC 2308 section 2.2) */
    WR_RESPONSE_NXDOMAIN,
    WR_RESPONSE_REFERRAL,  /* delegation to other servers */
    WR_RESPONSE_TRUNCATED, /* TC: ask over TCP */
    WR_RESPONSE_FORMERR,
    WR_RESPONSE_SERVFAIL,
    WR_RESPONSE_NOTIMP,
    WR_RESPONSE_REFUSED,
    WR_RESPONSE_BADVERS,
    WR_RESPONSE_BADCOOKIE,
    WR_RESPONSE_OTHER, /* an RCODE that is no answer to a query */
    WR_RESPONSE_LAME, /* from a server that does not answer for the zone it was delegated (resolve/iter) */
};

const char *wr_classify_name(enum wr_response kind);
/* `qname` and `qtype` are what was asked. */
enum wr_response wr_classify(const struct wr_msg *msg, const uint8_t *qname, uint16_t qtype);

#endif
