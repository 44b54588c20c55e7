/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Log line: an event of the log for people, in one line of columns.
 *
 *     time  who  name  type  answer  from where  verdict and rule  secure or not  how long
 *
 * What changed has its time and its text alone.
 */
#ifndef WR_CLI_LOGLINE_H
#define WR_CLI_LOGLINE_H

#include <jansson.h>
#include <stdio.h>

void wr_logline_print(const json_t *event, FILE *out); /* without the end of the line */

#endif
