/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/event.h"

#include "base/check.h"

const char *wr_event_name(enum wr_event_kind kind)
{
    static const char *const names[] = {
        [WR_EVENT_QUERY] = "QUERY",
        [WR_EVENT_CLIENT_GONE] = "CLIENT_GONE",
        [WR_EVENT_DATAGRAM] = "DATAGRAM",
        [WR_EVENT_UNREACHABLE] = "UNREACHABLE",
        [WR_EVENT_STREAM_OPEN] = "STREAM_OPEN",
        [WR_EVENT_STREAM_BYTES] = "STREAM_BYTES",
        [WR_EVENT_STREAM_CLOSED] = "STREAM_CLOSED",
        [WR_EVENT_LINK] = "LINK",
        [WR_EVENT_LEASE] = "LEASE",
        [WR_EVENT_TIME] = "TIME",
    };
    return kind < WR_ARRAY_LEN(names) && names[kind] ? names[kind] : "?";
}

const char *wr_action_name(enum wr_action_kind kind)
{
    static const char *const names[] = {
        [WR_ACTION_NONE] = "NONE",
        [WR_ACTION_REPLY] = "REPLY",
        [WR_ACTION_DROP] = "DROP",
        [WR_ACTION_HANDOVER] = "HANDOVER",
        [WR_ACTION_DATAGRAM] = "DATAGRAM",
        [WR_ACTION_FORGET] = "FORGET",
        [WR_ACTION_STREAM_OPEN] = "STREAM_OPEN",
        [WR_ACTION_STREAM_WRITE] = "STREAM_WRITE",
        [WR_ACTION_STREAM_CLOSE] = "STREAM_CLOSE",
        [WR_ACTION_LEASE] = "LEASE",
    };
    return kind < WR_ARRAY_LEN(names) ? names[kind] : "?";
}

const char *wr_client_transport_name(uint8_t transport)
{
    static const char *const names[WR_CLIENT_TRANSPORTS] = {"udp", "tcp", "dot", "doh", "doq"};
    return transport < WR_CLIENT_TRANSPORTS ? names[transport] : "?";
}

const char *wr_claim_name(uint8_t kind)
{
    static const char *const names[] = {"none", "path", "sni", "certificate", "hop"};
    return kind < WR_ARRAY_LEN(names) ? names[kind] : "?";
}
