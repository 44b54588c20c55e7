/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Device rules: what the keys of groups and devices say together.
 *
 * Each name once; a MAC address, an IP address and a name to be proven belong to one device; groups exist. Part of conf/rules; the
 * mistakes are put where it says.
 */
#ifndef WR_CONF_DEVICERULES_H
#define WR_CONF_DEVICERULES_H

#include <stdbool.h>

#include "conf/conf.h"

/* Called for each mistake with the key's path and words for people. */
typedef void wr_devicerules_wrong(void *user, const char *path, bool warning, const char *text);

void wr_devicerules_check(const struct wr_conf *conf, wr_devicerules_wrong *wrong, void *user);
/* "00:11:22:33:44:55", or with hyphens: six octets of one machine. NULL is none. WR_E_FORMAT. */
int wr_devicerules_mac(const char *text, uint8_t ret_mac[6]);

#endif
