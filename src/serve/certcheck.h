/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Certificate check: what is wrong with the files that the encrypted sides of a configuration name, before it is in force.
 *
 *     wr_certcheck(conf, now_s, &hooks)
 *
 * Each pair of `encrypted.certificates` is read by itself, as a start and a reload read them (serve/certfiles), so that all that is wrong is
 * told and not the first alone; then `encrypted.client_anchors`, the targets of an oblivious proxy (is one of them this host by our own
 * certificates?), and `upstream.ca_file` (serve/authorities). A mistake is what makes a reload refuse, clients refuse, or a server's name
 * unprovable; RSA, an end that is near, and no bundle where Debian has it, are notes. Who is not root may not be allowed to read what root
 * and the daemon can: that is a note too, for this process cannot know.
 */
#ifndef WR_SERVE_CERTCHECK_H
#define WR_SERVE_CERTCHECK_H

#include <stdint.h>

#include "conf/conf.h"
#include "conf/names.h"

/* The file that is told is the key of the configuration: "encrypted.certificates[0]". Returns how many mistakes there were. */
unsigned wr_certcheck(const struct wr_conf *conf, int64_t now_s,
                      const struct wr_names_hooks *hooks);

#endif
