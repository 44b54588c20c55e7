/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TSIG key: a shared secret that the configuration names, from its file.
 *
 *     const struct wr_conf_key *conf_key = wr_tsigkey_find(conf, "transfer.example");
 *     err = wr_tsigkey_read(conf_key, &key, why, sizeof(why));
 *
 * The file holds the secret in base64, blanks around it, and nothing else: a secret never stands in the configuration,
 * which is shown, copied and mailed. It must be a plain file of root or of our own user, which nobody else may write
 * and the world may not read; a group may read it (root's file for weir's group).
 *
 * `why` is a sentence for people without the secret in it. Who read a key wipes it (wr_tsigkey_wipe).
 */
#ifndef WR_CONF_TSIGKEY_H
#define WR_CONF_TSIGKEY_H

#include <stddef.h>

#include "conf/conf.h"
#include "transport/tsig.h"

/* By the text of its name, or NULL. */
const struct wr_conf_key *wr_tsigkey_find(const struct wr_conf *conf, const char *name);
/* WR_E_IO, WR_E_DENIED (rights), WR_E_FORMAT (no base64), WR_E_RANGE (too short, too long). *ret is untouched then. */
int wr_tsigkey_read(const struct wr_conf_key *conf_key, struct wr_tsig_key *ret_key, char *why,
                    size_t cap);
void wr_tsigkey_wipe(struct wr_tsig_key *key);

#endif
