/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Documentation of the configuration, printed from the schema's table.
 *
 * docs/config.md is what wr_doc_markdown prints (a test compares), the manual page weir.yaml(5) is
 * wr_doc_man; conf/jsonschema is for editors. Nothing is written by hand, so nothing can be out of date.
 */
#ifndef WR_CONF_DOC_H
#define WR_CONF_DOC_H

#include <stdio.h>

void wr_doc_markdown(FILE *out);
void wr_doc_man(FILE *out);

#endif
