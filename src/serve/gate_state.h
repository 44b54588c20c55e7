/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Gate state: what gate.c (the whole) and gateroutes.c (whom to ask) have in common while a gate is made. Nobody else includes it; the
 * story is in serve/gate.h.
 */
#ifndef WR_SERVE_GATE_STATE_H
#define WR_SERVE_GATE_STATE_H

#include <stdbool.h>

#include "serve/gate.h"

/* Everything one making needs at hand. */
struct wr_gate_making {
    const struct wr_conf *conf;
    const struct wr_gate_world *world;
    struct wr_gate_slots slots; /* a copy, kept only when all went well */
    struct wr_gate_notes *notes;
    struct wr_gate *gate;
    uint8_t system; /* the group of the system's resolvers, when somebody asks them */
    int err;
};

/* What the owner is told; an error ends the making. */
__attribute__((format(printf, 3, 4))) void
wr_gate_note(struct wr_gate_making *m, enum wr_log_level level, const char *format, ...);
/* Text of an address, good until the next but one. */
const char *wr_gate_addr_text(const struct wr_addr *addr);
/* The index of an interface; 0: there is none. */
uint32_t wr_gate_ifindex(const struct wr_gate_world *w, const char *iface);
/* Would a question sent to `addr` arrive at weir itself? */
bool wr_gate_is_own(const struct wr_gate_making *m, const struct wr_addr *addr);

/* gateroutes.c: the number of a group in the configuration, as the engine knows it. */
uint8_t wr_gate_group(const struct wr_gate_making *m, uint32_t index);
/* The groups and their servers, and the one that answers for all other names; then the routes. */
void wr_gate_groups(struct wr_gate_making *m);
void wr_gate_routes(struct wr_gate_making *m);
/* The number of a name of the owner's; 0, and a note, when there is none left. */
uint16_t wr_gate_label(struct wr_gate_making *m, const char *text);
/* gaterpz.c: the response policy zones. */
void wr_gate_make_rpz(struct wr_gate_making *m);
void wr_gate_rpz_free(struct wr_gate_rpz *rpz); /* NULL is fine */

#endif
