/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Listen: where to answer, as the owner writes it.
 *
 * "192.168.7.1", "[fd00::1]:5353", "fe80::1%br-iot" are addresses; "br-iot" and "br-iot:5353" are
 * interfaces. What has more than one colon, begins with a bracket or has only digits, dots and
 * a colon was meant as an address, so that a wrong address is not taken for an
 * interface. Without a port it is the one given; port 0 is refused. Whether the interface exists is asked later.
 */
#ifndef WR_CONF_LISTEN_H
#define WR_CONF_LISTEN_H

#include "base/str.h"
#include "conf/conf.h"

/* WR_E_FORMAT. */
int wr_listen_from_text(const char *text, uint16_t port, struct wr_conf_listen *ret_listen);
/* Always with the port. */
void wr_listen_to_text(const struct wr_conf_listen *listen, struct wr_str *out);

#endif
