/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Device tell: what `weir devices` and `weir device` add to what the daemon knows of devices.
 *
 * The vendor of each MAC address, from the IEEE's list on this machine (`registry.oui`; no daemon has to keep its seven
 * megabytes), beside the member "mac" of a device and the marks of kind "mac"; and for people, dates for seconds.
 */
#ifndef WR_CLI_DEVICETELL_H
#define WR_CLI_DEVICETELL_H

#include <jansson.h>

#include "conf/ouifile.h"

struct wr_devicetell {
    char *text; /* of the list; NULL: it is not there */
    struct wr_ouifile oui;
};

/* `path` "": no list is wanted. When it cannot be read, `*ret_why` is a few words (static), else NULL. */
void wr_devicetell_open(const char *path, struct wr_devicetell *ret_tell, const char **ret_why);
void wr_devicetell_close(struct wr_devicetell *tell);
/* Puts "vendor" into a device. */
void wr_devicetell_vendor(const struct wr_devicetell *tell, json_t *device);
/* Dates for people, in a device and all in it. */
void wr_devicetell_dates(json_t *value);

#endif
