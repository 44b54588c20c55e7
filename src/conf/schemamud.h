/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Schema, MUD: the rows of the section `mud`, a part of the one table of keys.
 *
 * schema.c includes this in the middle of that table, with its macros, and nobody else does; so there is no guard.
 */
/* clang-format off */
    {"mud", WR_SCHEMA_SECTION, V01, .doc = "Profiles of devices (Manufacturer Usage Descriptions, RFC 8520): what a device is made to reach. `weir mud` imports, shows and enforces them."},
    {"mud.folder", WR_SCHEMA_PATH, V01, RESTART, RANGE(0, PATH_OCTETS), DEFAULT("\"\""), AT(mud.folder),
     EXAMPLE("/var/lib/weir"),
     .doc = "The folder in which profiles are kept over a restart; it has to be there. Empty: the one that the system's manager gives "
            "(`STATE_DIRECTORY`); without one they are in memory alone."},
    {"mud.anchors", WR_SCHEMA_PATH, V01, RANGE(0, PATH_OCTETS), DEFAULT("\"\""), AT(mud.anchors),
     EXAMPLE("/etc/weir/makers.pem"),
     .doc = "Certificates (PEM) of the authorities that vouch for who signs profiles. Empty: nobody is believed, and a profile is taken "
            "by the owner's word alone (`weir mud import --unsigned`). The server that a profile is fetched from is proven by `upstream.ca_file`."},
    {"mud.offers", WR_SCHEMA_PATH, V01, RANGE(0, PATH_OCTETS), DEFAULT("\"\""), AT(mud.offers),
     EXAMPLE("/run/weir-offers/mud-urls"),
     .doc = "A regular file with lines `MAC-address URL`: where devices say that their profiles are, as a helper writes them that hears it. `/usr/share/weir/mud-offers` is "
            "one: dnsmasq runs it as its `dhcp-script` (DHCP options 161 and 112), and it takes what `lldpcli -f keyvalue show neighbors details` tells (LLDP); for "
            "certificates whoever checks them writes a line. What devices say in DHCP, to Kea or whomever, is heard on `registry.hear_dhcp` as well. Nothing is "
            "fetched before `weir mud import DEVICE`, and never from an address that is not public."},
    {"mud.controllers", WR_SCHEMA_ITEMS, .list = true, .max_items = WR_MUD_CONTROLLERS_MAX, V01, DEFAULT(""), LIST(mud.controllers),
     .doc = "Who is meant where a profile says `controller` or `my-controller`: a device whose profile is enforced reaches these addresses, over the "
            "protocol and ports that the profile has, where its segment has `reach: answered`. What is not named here is not opened; `weir mud show DEVICE` says what is."},
    {"mud.controllers[].class", WR_SCHEMA_STRING, V01, RANGE(1, WR_MUD_URL_SIZE - 1), IN(wr_conf_controller, class),
     EXAMPLE("\"urn:ietf:params:mud:ntp\""),
     .doc = "The URI of the class, as the profile writes it, `urn:ietf:params:mud:ntp` for time servers; for `my-controller` the profile's own `mud-url`. "
            "`urn:ietf:params:mud:dns` is weir itself, whatever stands here."},
    {"mud.controllers[].addresses", WR_SCHEMA_PREFIX, .list = true, .max_items = WR_SEGMENT_PLACES_MAX, V01,
     INLIST(wr_conf_controller, addresses), EXAMPLE("192.168.1.5, \"fd00:1::5\""),
     .doc = "Addresses of these controllers, or networks. Two entries of one class count together."},
