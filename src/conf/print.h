/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Print: the configuration in force, as a file that says everything.
 *
 * Every key of the schema with its value, defaults included, in the order of the documentation.
 * What is printed reads back as the same configuration.
 */
#ifndef WR_CONF_PRINT_H
#define WR_CONF_PRINT_H

#include <stdio.h>

#include "conf/conf.h"

void wr_print_conf(const struct wr_conf *conf, FILE *out);

#endif
