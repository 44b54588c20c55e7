/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Device control: what the control socket tells of devices, and what it changes.
 *
 *   devices      {"after":N}                      at most WR_DEVICECONTROL_PAGE of them with a number above N, and "more"
 *   device       {"device":"camera-3"}            one, with all its evidence
 *   device_set   {"device":"camera-3","do":"name","value":"door"}, {"device":"camera-3","do":"quarantine","reason":"scans","for_s":7200}
 *
 * `do` is name (value: the new name, or "" for none), kind (likewise), group, leave (value: a group of the configuration), allow, quarantine, release. A
 * change is in force for the next query, and on the disk, when the answer comes; "remembered" says if it is, and "firewall" that the firewall has it as well; "note", where
 * there is one, that a quarantine ends at another time than it did, or that there was none.
 */
#ifndef WR_SERVE_DEVICECONTROL_H
#define WR_SERVE_DEVICECONTROL_H

#include <jansson.h>
#include <stddef.h>

#include "serve/json.h"

struct wr_serve;

#define WR_DEVICECONTROL_PAGE 64

/* Its segment's place, where it was seen last; WR_SEGMENT_NONE. */
struct wr_census_device;
uint16_t wr_devicecontrol_segment(const struct wr_serve *s, const struct wr_census_device *d);
/* NULL: it is in none. */
const char *wr_devicecontrol_segment_name(const struct wr_serve *s,
                                          const struct wr_census_device *d);
/* "d17" */
void wr_devicecontrol_put_id(struct wr_json *j, const char *key, uint32_t number);
void wr_devicecontrol_list(struct wr_serve *s, uint32_t after, struct wr_json *j, const char *key);
/* NULL, or the code of an error with its sentence in `why`; nothing is written then. */
const char *wr_devicecontrol_show(struct wr_serve *s, const char *device, struct wr_json *j,
                                  const char *key, char *why, size_t cap);
struct wr_devicecontrol_change {
    const char *what, *value; /* value NULL: none */
    const char *reason;       /* of quarantine; NULL: none is said */
    int64_t for_s;            /* likewise; 0: until it is released */
};
const char *wr_devicecontrol_set(struct wr_serve *s, const char *device,
                                 const struct wr_devicecontrol_change *change, struct wr_json *j,
                                 const char *key, char *why, size_t cap);

#endif
