/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/giver.h"

const char *wr_giver_wrong(const struct wr_uri *uri)
{
    if (uri->scheme != WR_URI_TCP && uri->scheme != WR_URI_TLS)
        return "zones are transferred over TCP or TLS; write tcp:// or tls://";
    if (uri->zone[0])
        return "a link-local address: a primary is asked by an address that can be routed";
    if (uri->addrs == 0)
        return "write the primary's address: `tls://NAME#addr=ADDRESS`";
    if (uri->proof & WR_URI_OPPORTUNISTIC)
        return "a primary over TLS proves who it is (RFC 9103): by `pkix` or by a `pin`";
    if (uri->proof & WR_URI_DANE)
        return "TLSA records are not looked up for primaries; let it prove itself by `pkix` or by "
               "a `pin`";
    return NULL;
}

const char *wr_giver_plain(const struct wr_uri *items, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!wr_uri_is_encrypted(items[i].scheme))
            return "the zone is transferred in plain text, and upstream.encryption is required; "
                   "write tls:// for its primaries, or bring it here as a `file`";
    return NULL;
}
