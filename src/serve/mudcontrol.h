/* SPDX-License-Identifier: Apache-2.0 */
/*
 * MUD control: what the control socket tells of profiles, and what it changes.
 *
 *   mud                                              all that are kept, whose they are, and which are in force
 *   mud_get      {"device":"camera-3"}               one, with its text and its signature
 *                                                    "proposed":true: what would take its place (serve/muddue)
 *   mud_accept   {"device":"camera-3"}               what is proposed is its profile now; "unsigned":true as below
 *   mud_put      {"at":0,"data":"eyJ..."}            a piece of a file (base64), for the import that follows; "signature":true of its signature
 *   mud_import   {"device":"camera-3","digest":"..."}  what was put is its profile now; "unsigned":true is the owner's word for one without a signature
 *   mud_fetch    {"device":"camera-3"}                   begins to fetch it from where the device says (serve/mudoffers); "unsigned":true as above
 *   mud_fetched                                      how that is: "under way", "done", or "failed" and why
 *   mud_enforce  {"device":"camera-3","mode":"enforced"}   or "shadow" (what it would refuse is told in the log), or "off"
 *   mud_remove   {"device":"camera-3"}
 *
 * "leases" says that the device is in a segment in which the firewall opens to answers alone; elsewhere a profile holds by names, and by nothing else.
 *
 * A device is called by its name, its id, its MAC address or an IP address that it has. A request is a line of 4 KB, so a file comes in pieces; the digest (SHA-256) says that
 * nobody else has put one between. A change is on the disk when the answer comes, and in force as soon as the workers have it, which is a moment later.
 */
#ifndef WR_SERVE_MUDCONTROL_H
#define WR_SERVE_MUDCONTROL_H

#include <jansson.h>

#include "serve/json.h"

struct wr_census_device;
struct wr_serve;

/* As runs of serve/controlverb: NULL, or the code of an error with its sentence. */
const char *wr_mudcontrol_list(struct wr_serve *s, const json_t *args, struct wr_json *j,
                               char *why);
const char *wr_mudcontrol_get(struct wr_serve *s, const json_t *args, struct wr_json *j, char *why);
const char *wr_mudcontrol_put(struct wr_serve *s, const json_t *args, struct wr_json *j, char *why);
const char *wr_mudcontrol_import(struct wr_serve *s, const json_t *args, struct wr_json *j,
                                 char *why);
const char *wr_mudcontrol_accept(struct wr_serve *s, const json_t *args, struct wr_json *j,
                                 char *why);
const char *wr_mudcontrol_enforce(struct wr_serve *s, const json_t *args, struct wr_json *j,
                                  char *why);
const char *wr_mudcontrol_remove(struct wr_serve *s, const json_t *args, struct wr_json *j,
                                 char *why);
const char *wr_mudcontrol_fetch(struct wr_serve *s, const json_t *args, struct wr_json *j,
                                char *why);
const char *wr_mudcontrol_fetched(struct wr_serve *s, const json_t *args, struct wr_json *j,
                                  char *why);

#endif
