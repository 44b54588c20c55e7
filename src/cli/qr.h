/* SPDX-License-Identifier: Apache-2.0 */
/*
 * QR: text as a code that a phone reads off the terminal.
 *
 *     if (!wr_qr_print("tls://192.0.2.1#pin=...", colours, stdout)) ...      too long, or no memory
 *
 * Two rows of the code are one line (half blocks, UTF-8), with the quiet zone of four that ISO 18004 wants. `colours`: black
 * on white by escape sequences, so that it is right on a dark terminal and on a light one; without them white is drawn, and black is
 * the terminal's ground. The code is libqrencode's.
 */
#ifndef WR_CLI_QR_H
#define WR_CLI_QR_H

#include <stdbool.h>
#include <stdio.h>

bool wr_qr_print(const char *text, bool colours, FILE *out);

#endif
