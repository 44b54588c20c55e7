/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Secrecy: what a configuration must not say when names are to stay secret.
 *
 * A group that has encrypted servers has no plain ones, unless `allow_plain` says so. With `upstream.encryption: required` nothing may be asked
 * in plain text: each key that would make weir do it is a mistake at its place, with what to do instead. What is left
 * goes through the encrypted servers by itself: names of time servers, discovery of a translator (RFC 7050), keys and error reports.
 * A name that nothing proves, because a pin stands beside it, is a warning.
 * Part of conf/rules; the mistakes are put where it says.
 */
#ifndef WR_CONF_SECRECY_H
#define WR_CONF_SECRECY_H

#include "conf/conf.h"

/* Called for each mistake with the key's path and words for people. */
typedef void wr_secrecy_wrong(void *user, const char *path, bool warning, const char *text);

void wr_secrecy_check(const struct wr_conf *conf, wr_secrecy_wrong *wrong, void *user);

#endif
