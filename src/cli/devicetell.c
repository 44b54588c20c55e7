/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/devicetell.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/limits.h"
#include "cli/readfile.h"
#include "cli/when.h"
#include "conf/devicerules.h"

#define DEPTH_MAX 8

void wr_devicetell_open(const char *path, struct wr_devicetell *ret_tell, const char **ret_why)
{
    struct wr_devicetell tell = {.text = NULL};
    size_t n = 0;
    const char *why = NULL;
    if (path[0] != 0) {
        tell.text = wr_readfile(path, WR_OUI_FILE_MAX, &n, &why);
    }
    if (tell.text != NULL && wr_ouifile_read(tell.text, n, &tell.oui) != WR_OK) {
        why = "not enough memory";
    }
    *ret_tell = tell;
    *ret_why = why;
}

void wr_devicetell_close(struct wr_devicetell *tell)
{
    wr_ouifile_free(&tell->oui);
    free(tell->text);
    tell->text = NULL;
}

static void put(const struct wr_devicetell *tell, json_t *into, const char *mac)
{
    uint8_t octets[6];
    char vendor[128] = "";
    if (mac != NULL && wr_devicerules_mac(mac, octets) == WR_OK) {
        wr_ouifile_find(&tell->oui, octets, vendor, sizeof(vendor));
    }
    json_object_set_new(into, "vendor", vendor[0] != 0 ? json_string(vendor) : json_null());
}

void wr_devicetell_vendor(const struct wr_devicetell *tell, json_t *device)
{
    size_t i;
    json_t *mark;
    put(tell, device, json_string_value(json_object_get(device, "mac")));
    json_array_foreach(json_object_get(device, "marks"), i, mark)
    {
        const char *kind = json_string_value(json_object_get(mark, "kind"));
        if (kind != NULL && strcmp(kind, "mac") == 0) {
            put(tell, mark, json_string_value(json_object_get(mark, "value")));
        }
    }
}

static bool is_moment(const char *key)
{
    return strcmp(key, "first_seen") == 0 || strcmp(key, "last_seen") == 0 ||
           strcmp(key, "lease_until") == 0 || strcmp(key, "quarantine_since") == 0;
}

static void dates(json_t *value, int depth)
{
    const char *key;
    void *next;
    size_t i;
    json_t *one;
    json_array_foreach(value, i, one)
    {
        if (depth < DEPTH_MAX) {
            dates(one, depth + 1);
        }
    }
    json_object_foreach_safe(value, next, key, one)
    {
        if (!(is_moment(key) && wr_when_show(value, key)) && depth < DEPTH_MAX) {
            dates(one, depth + 1);
        }
    }
}

void wr_devicetell_dates(json_t *value)
{
    dates(value, 0);
}
