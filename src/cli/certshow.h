/* SPDX-License-Identifier: Apache-2.0 */
/*
 * weir cert show: what stands in a file of certificates, or the pin of a key.
 *
 *     status = wr_certshow_run("/etc/weir/server.pem", false);
 *
 * One block a certificate: for whom, by whom, which names, until when, its key and pin; and what a client would mind: expired, not
 * good yet, RSA, no names. Text from a certificate is made safe for a terminal. Exit status 1: it cannot be read, or the
 * first certificate is not good now.
 */
#ifndef WR_CLI_CERTSHOW_H
#define WR_CLI_CERTSHOW_H

#include <stdbool.h>

int wr_certshow_run(const char *path, bool json);

#endif
