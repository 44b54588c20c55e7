/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/rootcopy.h"

#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "conf/mem.h"
#include "resolve/localbuild.h"

/* Servers that give the root zone to everybody (RFC 8806 appendix A): ICANN's for this alone, then root servers. */
static const char *const primaries[] = {
    "192.0.32.132",  "2620:0:2830:202::132", "192.0.47.132", "2620:0:2d0:202::132",
    "170.247.170.2", "192.33.4.12",          "192.5.5.241",  "193.0.14.129",
};

#define DNS_PORT 53

static int add_known(struct wr_conf *conf, struct wr_conf_zone *zone)
{
    struct wr_uri *uri = wr_mem_take(conf->mem, sizeof(*uri) * WR_ARRAY_LEN(primaries));

    if (!uri)
        return WR_E_NOMEM;
    memset(uri, 0, sizeof(*uri) * WR_ARRAY_LEN(primaries));
    for (size_t i = 0; i < WR_ARRAY_LEN(primaries); i++) {
        uri[i].scheme = WR_URI_TCP;
        wr_assert(wr_addr_from_text(primaries[i], &uri[i].addr) == WR_OK);
        uri[i].addr.port = DNS_PORT;
        uri[i].addrs = 1;
    }
    zone->primaries.items = uri;
    zone->primaries.count = WR_ARRAY_LEN(primaries);
    return WR_OK;
}

int wr_rootcopy_fill(struct wr_conf *conf)
{
    static const uint8_t root[1] = {0};
    struct wr_conf_zone *zone = &conf->recursion.root_zone;

    *zone = (struct wr_conf_zone){.name = root,
                                  .kind = WR_LOCAL_AUTHORITATIVE,
                                  .file = "",
                                  .key = "",
                                  .zonemd = WR_ZONEMD_REQUIRE,
                                  .use = WR_USE_RESOLUTION,
                                  .fallback = true};
    if (!conf->recursion.root_copy.enable)
        return WR_OK;
    if (conf->recursion.root_copy.primaries.count == 0)
        return add_known(conf, zone);
    zone->primaries.items = conf->recursion.root_copy.primaries.items;
    zone->primaries.count = conf->recursion.root_copy.primaries.count;
    return WR_OK;
}

size_t wr_rootcopy_zones(const struct wr_conf *conf)
{
    return conf->local.zones.count + conf->recursion.root_copy.enable;
}

const struct wr_conf_zone *wr_rootcopy_zone(const struct wr_conf *conf, size_t i)
{
    return i < conf->local.zones.count ? &conf->local.zones.items[i] : &conf->recursion.root_zone;
}
