/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Feed name: a name as lists write it, in ASCII or in people's letters.
 *
 * ASCII names are those of hosts (conf/hostsfile), taken as they are, also when they are no good A-labels: what is asked in DNS are those octets. Others
 * are U-labels in UTF-8 and become A-labels (IDNA2008, RFC 5891, by libidn2 with the mapping of UTS 46 without its transition). A label in
 * people's letters that would become a plain one (full-width letters, say) is refused: it is not what it seems to be, and a list
 * must not stop a well-known name by a look-alike of it. The same for dots that are none.
 *
 * A name whose last label is a number is an address that was mistyped; one that has "://" in it is a URL.
 */
#ifndef WR_CONF_FEEDNAME_H
#define WR_CONF_FEEDNAME_H

#include <stddef.h>

#include "dns/name.h"

/* WR_E_FORMAT with *ret_why, a static text that goes on behind the name: "is no host name". */
int wr_feedname_read(const char *text, size_t n, struct wr_name *ret_name, const char **ret_why);

#endif
