/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Schema, devices: the rows of the sections `groups`, `devices` and `registry`, a part of the one table of keys.
 *
 * schema.c includes this in the middle of that table, with its macros, and nobody else does; so there is no guard.
 */
/* clang-format off */
    {"groups", WR_SCHEMA_ITEMS, .list = true, .max_items = WR_WHO_GROUPS_MAX, V01,
     DEFAULT(""), LIST(groups),
     .doc = "Groups of devices. A device is put in one by `devices[].groups` or `weir device group NAME "
            "GROUP`."},
    {"groups[].name", WR_SCHEMA_LABEL, V01, RANGE(1, 63), IN(wr_conf_devgroup, name),
     EXAMPLE("cameras"), .doc = "What it is called."},
    {"groups[].rate", WR_SCHEMA_INT, V01, RANGE(0, 1000000), DEFAULT("0"), IN(wr_conf_devgroup, rate),
     EXAMPLE("20"), .unit = "queries a second",
     .doc = "Queries from each of its devices, whatever addresses they come from, in place of `segments[].rate` and "
            "`limits.client_rate`; twice as many may come at once. Of several groups the least counts. 0: as in its segment."},
    {"groups[].only", WR_SCHEMA_NAME, .list = true, .max_items = WR_POLICY_NAMES_MAX, V01,
     DEFAULT(""), INLIST(wr_conf_devgroup, only), EXAMPLE("vendor.example, pool.ntp.org"),
     .doc = "Approved names for its devices, as `segments[].only` has them for a segment's clients."},

    {"devices", WR_SCHEMA_ITEMS, .list = true, .max_items = WR_CONF_DEVICES_MAX, V01,
     DEFAULT(""), LIST(devices),
     .doc = "Devices that the owner names. All others are found as well, by the neighbour table of "
            "the kernel, by leases (`local.leases`) and by what they prove (`weir devices` shows "
            "all); what stands here holds against everything that is seen."},
    {"devices[].name", WR_SCHEMA_LABEL, V01, RANGE(1, 63), IN(wr_conf_device, name),
     EXAMPLE("camera-3"), .doc = "What it is called; each name once."},
    {"devices[].kind", WR_SCHEMA_LABEL, V01, RANGE(0, 63), DEFAULT("\"\""),
     IN(wr_conf_device, kind), EXAMPLE("camera"), .doc = "What kind of thing it is, as a word; others are given one by `weir device kind`."},
    {"devices[].mud", WR_SCHEMA_STRING, V01, RANGE(0, 500), DEFAULT("\"\""),
     IN(wr_conf_device, mud), EXAMPLE("https://vendor.example/camera-3"),
     .doc = "Where its profile is (MUD, RFC 8520), for `weir mud import`, in place of what it says itself. The server's certificate is proven by `upstream.ca_file`."},
    {"devices[].mac", WR_SCHEMA_STRING, .list = true, .max_items = WR_CONF_DEVICE_MARKS_MAX, V01,
     RANGE(1, 17), DEFAULT(""), INLIST(wr_conf_device, mac), EXAMPLE("\"00:11:22:33:44:55\""),
     .doc = "Its MAC addresses, all of one device: of its ports, and those that it has made up and "
            "keeps."},
    {"devices[].addresses", WR_SCHEMA_PREFIX, .list = true, .max_items = WR_CONF_DEVICE_MARKS_MAX,
     V01, DEFAULT(""), INLIST(wr_conf_device, addresses), EXAMPLE("192.168.7.30"),
     .doc = "IP addresses that are its own and nobody else's. Who else is seen with one brings it "
            "into conflict."},
    {"devices[].certificates", WR_SCHEMA_LABEL, .list = true,
     .max_items = WR_CONF_DEVICE_MARKS_MAX, V01, DEFAULT(""), RANGE(1, 31),
     INLIST(wr_conf_device, certificates), EXAMPLE("camera-3"),
     .doc = "Names in its client certificate (`encrypted.client_anchors`): who proves one is this "
            "device, wherever it is."},
    {"devices[].claims", WR_SCHEMA_LABEL, .list = true, .max_items = WR_CONF_DEVICE_MARKS_MAX,
     V01, DEFAULT(""), RANGE(1, 31), INLIST(wr_conf_device, claims), EXAMPLE("camera-3"),
     .doc = "Names that it says without a proof, in the path of DNS over HTTPS or as server name "
            "(`encrypted.names_below`). They count where nobody is known by the address; whoever knows one can say it."},
    {"devices[].groups", WR_SCHEMA_LABEL, .list = true, .max_items = 8, V01, RANGE(1, 63),
     DEFAULT(""), INLIST(wr_conf_device, groups), EXAMPLE("cameras"),
     .doc = "The groups that it belongs to."},
    {"devices[].rate", WR_SCHEMA_INT, V01, RANGE(0, 1000000), DEFAULT("0"), IN(wr_conf_device, rate),
     EXAMPLE("20"), .unit = "queries a second",
     .doc = "Queries from it, whatever addresses they come from, in place of `groups[].rate`; twice as many may come at once. 0: as in its groups."},
    {"devices[].only", WR_SCHEMA_NAME, .list = true, .max_items = WR_POLICY_NAMES_MAX, V01,
     DEFAULT(""), INLIST(wr_conf_device, only), EXAMPLE("vendor.example, pool.ntp.org"),
     .doc = "Approved names for it, as `segments[].only` has them for a segment's clients. Devices with a list or a rate of their own count "
            "with the groups, and with the devices and kinds that rules name: 64 in all."},

    {"registry", WR_SCHEMA_SECTION, V01, .doc = "What weir remembers of devices."},
    {"registry.devices", WR_SCHEMA_INT, V01, RESTART, RANGE(16, 65536),
     BY_PROFILE("2048", "256", "16384"), AT(registry.devices), .unit = "devices",
     .doc = "Most devices that are known at a time. A device takes 4 KB, when it is there. "
            "Guests of one interface have at most half of the places."},
    {"registry.file", WR_SCHEMA_PATH, V01, RESTART, RANGE(0, PATH_OCTETS), DEFAULT("\"\""),
     AT(registry.file), EXAMPLE("/var/lib/weir/devices"),
     .doc = "The file in which devices are known again after a restart. Empty: `devices` in the "
            "directory that systemd gives, else nothing is remembered. Devices that nobody has named, put into a "
            "group or shut off, and that have no mark of their own, are not written."},
    {"registry.forget", WR_SCHEMA_SECONDS, V01, RESTART, RANGE(3600, 10 * 365 * DAY_S),
     DEFAULT("90d"), AT(registry.forget_s),
     .doc = "A device that nobody has seen for so long is forgotten, but for those that the owner "
            "has named, grouped or quarantined."},
    {"registry.hear_dhcp", WR_SCHEMA_LABEL, .list = true, .max_items = WR_DHCP_EARS_MAX, V01, RESTART,
     RANGE(1, WR_CONF_INTERFACE_SIZE - 1), DEFAULT(""), LIST(registry.hear_dhcp),
     EXAMPLE("br-cam, br-lan"),
     .doc = "Interfaces on which weir hears how devices ask for an address (DHCPv4 and DHCPv6): their "
            "names, identifiers, classes, and what they want to know, in its order, which stays the "
            "same as long as a device runs the same program. A device whose fingerprint changes is in "
            "conflict. The DHCP server is not disturbed. A bridge, and not its ports; not the uplink. Needs CAP_NET_RAW at the start; "
            "without it weir says so and goes on."},
    {"registry.mac_from", WR_SCHEMA_PREFIX, .list = true, .max_items = WR_CONF_ALLOW_MAX, V01,
     DEFAULT(""), LIST(registry.mac_from), EXAMPLE("192.168.7.2"),
     .doc = "DNS servers that ask weir for their clients and say each one's MAC address (EDNS option "
            "65001, `add-mac` of dnsmasq). It is believed of them, and passed over from anybody else; who is behind it is "
            "taken for the device of that address, or for nobody who is known. Whoever can send in such a "
            "server's name can be every device. It is never told to an upstream."},
    {"registry.kinds", WR_SCHEMA_PATH, V01, RANGE(0, PATH_OCTETS), DEFAULT("\"\""),
     AT(registry.kinds), EXAMPLE("/etc/weir/kinds"),
     .doc = "A table by which the kinds of devices are found where `devices[].kind` does not say it: "
            "on each line a kind and what must hold, as `camera wishes 1,3,6,12,15,28,42 vendor "
            "\"D-Link*\"`; the conditions are `wishes`, `wishes6`, `class` and `host` of DHCP "
            "(`registry.hear_dhcp`), `mac` and `vendor`, texts with a `*` at the end. What a device "
            "says of itself is no proof: rules that allow something or ask another group (`allow`, `route`) pass over what was found so."},
    {"registry.oui", WR_SCHEMA_PATH, V01, RANGE(0, PATH_OCTETS),
     DEFAULT("/usr/share/ieee-data/oui.txt"), AT(registry.oui),
     .doc = "The list of vendors by MAC address that `weir devices` reads, as Debian's package "
            "ieee-data brings it. It need not be there."},
