/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Devicehears: what devices say when they ask for an address, for the keeper of devices.
 *
 * On the interfaces of `registry.hear_dhcp`, one net/dhcpear each, opened at the start while there is a privilege for it; what was understood
 * (policy/dhcp) goes to the census. Where it may not be heard that is said once, and weir knows devices by everything else.
 */
#ifndef WR_SERVE_DEVICEHEARS_H
#define WR_SERVE_DEVICEHEARS_H

#include "serve/json.h"

struct wr_serve;
struct wr_devicehears;

/* Before privileges are dropped. WR_E_NOMEM. */
int wr_devicehears_open(struct wr_serve *s, struct wr_devicehears **ret_hears);
int wr_devicehears_run(struct wr_serve *s, struct wr_devicehears *hears); /* WR_E_NOMEM, WR_E_IO */
/* Interfaces come and go. */
void wr_devicehears_tick(struct wr_devicehears *hears);
/* Which interfaces are heard, and what came; an array of them. */
void wr_devicehears_put(const struct wr_devicehears *hears, struct wr_json *j, const char *key);
/* No more of the loop. NULL is fine, as below. */
void wr_devicehears_close(struct wr_devicehears *hears);
void wr_devicehears_free(struct wr_devicehears *hears);

#endif
