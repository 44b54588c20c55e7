/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/verdict.h"

#define NAME_OF(table, i) ((i) < sizeof(table) / sizeof((table)[0]) ? (table)[i] : "?")

bool wr_verdict_passes(const struct wr_verdict *v)
{
    return v->shadow || v->action == WR_VERDICT_NONE || v->action == WR_VERDICT_ALLOW ||
           v->action == WR_VERDICT_ROUTE || v->action == WR_VERDICT_SECURE;
}

const char *wr_verdict_action_name(uint8_t action)
{
    static const char *const name[] = {
        [WR_VERDICT_NONE] = "none",
        [WR_VERDICT_ALLOW] = "allow",
        [WR_VERDICT_NXDOMAIN] = "nxdomain",
        [WR_VERDICT_NODATA] = "nodata",
        [WR_VERDICT_REFUSED] = "refused",
        [WR_VERDICT_DROP] = "drop",
        [WR_VERDICT_TRUNCATE] = "truncate",
        [WR_VERDICT_DATA] = "data",
        [WR_VERDICT_ROUTE] = "route",
        [WR_VERDICT_SECURE] = "secure",
        [WR_VERDICT_QUARANTINE] = "quarantine",
    };
    return NAME_OF(name, action);
}

const char *wr_verdict_by_name(uint8_t by)
{
    static const char *const name[] = {
        [WR_VERDICT_BY_NOBODY] = "nobody",
        [WR_VERDICT_BY_RULE] = "rule",
        [WR_VERDICT_BY_RPZ] = "rpz",
        [WR_VERDICT_BY_REBINDING] = "rebinding",
        [WR_VERDICT_BY_QUARANTINE] = "quarantine",
        [WR_VERDICT_BY_RATE] = "rate",
        [WR_VERDICT_BY_SEES] = "sees",
        [WR_VERDICT_BY_LACK] = "lack",
    };
    return NAME_OF(name, by);
}

const char *wr_verdict_trigger_name(uint8_t trigger)
{
    static const char *const name[] = {
        [WR_TRIGGER_NONE] = "none",       [WR_TRIGGER_CLIENT] = "client",
        [WR_TRIGGER_NAME] = "name",       [WR_TRIGGER_ALIAS] = "alias",
        [WR_TRIGGER_ADDRESS] = "address", [WR_TRIGGER_NSDNAME] = "nsdname",
        [WR_TRIGGER_NSIP] = "nsip",
    };
    return NAME_OF(name, trigger);
}
