/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Doors: what is opened while there is privilege to open it, and how privilege ends.
 *
 * Three steps of the start, in this order. open: listeners, sockets for foreign DNS (serve/hairpin), control socket, metrics socket. drop: the user, every
 * capability. seal: the sandbox, before the first thread. After them only the helper can open a port below 1024.
 * One listener is enough to go on; a control or metrics socket that cannot be had is said and done without.
 */
#ifndef WR_SERVE_DOORS_H
#define WR_SERVE_DOORS_H

struct wr_serve;

int wr_doors_open(struct wr_serve *s); /* WR_E_IO: not one address could be listened on */
int wr_doors_drop(struct wr_serve *s); /* an error: going on would be going on with privilege */
void wr_doors_seal(struct wr_serve *s);

#endif
