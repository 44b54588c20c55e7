/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/feedjob.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "serve/say.h"

/* --- the plan --- */

static int copy(char **ret, const char *text)
{
    *ret = strdup(text);
    return *ret != NULL ? WR_OK : WR_E_NOMEM;
}

/* Where nothing is said it stands beside the list, as minisign calls it. */
static int copy_signature(struct wr_feedjob_plan *p, const struct wr_conf_feed *from)
{
    char text[WR_FEED_URL_SIZE + 16] = "";
    if (p->how.keys > 0) {
        bool named = from->signature[0] != 0;
        snprintf(text, sizeof(text), "%s%s", named ? from->signature : from->from,
                 named ? "" : ".minisig");
    }
    return copy(&p->signature, text);
}

int wr_feedjob_plan(struct wr_feedjob_plan *ret_plan, const struct wr_conf *conf, size_t i,
                    uint16_t label)
{
    const struct wr_conf_feed *from = &conf->feeds.items[i];
    struct wr_feedjob_plan p = {.label = label,
                                .refresh_s = from->refresh_s,
                                .how = {.format = (uint8_t)from->format,
                                        .below = from->subdomains,
                                        .wide = from->public_suffixes,
                                        .max_bytes = from->max_bytes}};
    snprintf(p.name, sizeof(p.name), "%s", from->name);
    for (size_t k = 0; k < from->pins.count && p.pins < WR_FEED_PINS_MAX; k++) {
        const char *text = from->pins.items[k];
        p.pins += wr_pin_from_text(text, strlen(text), &p.pin[p.pins]) == WR_OK;
    }
    for (size_t k = 0; k < from->keys.count && p.how.keys < WR_FEED_KEYS_MAX; k++) {
        const char *text = from->keys.items[k];
        p.how.keys += wr_minisig_key(text, strlen(text), &p.how.key[p.how.keys]) == WR_OK;
    }
    bool is_file = from->from[0] == '/';
    if (copy(&p.path, is_file ? from->from : "") != WR_OK ||
        copy(&p.url, is_file ? "" : from->from) != WR_OK || copy_signature(&p, from) != WR_OK ||
        copy(&p.ca_file, conf->upstream.ca_file) != WR_OK) {
        wr_feedjob_plan_clear(&p);
        return WR_E_NOMEM;
    }
    *ret_plan = p;
    return WR_OK;
}

void wr_feedjob_plan_clear(struct wr_feedjob_plan *plan)
{
    free(plan->path);
    free(plan->url);
    free(plan->signature);
    free(plan->ca_file);
    plan->path = plan->url = plan->signature = plan->ca_file = NULL;
}

bool wr_feedjob_plan_is_same(const struct wr_feedjob_plan *a, const struct wr_feedjob_plan *b)
{
    const struct wr_feedhow *x = &a->how, *y = &b->how;
    return a->label == b->label && strcmp(a->name, b->name) == 0 && strcmp(a->path, b->path) == 0 &&
           strcmp(a->url, b->url) == 0 && strcmp(a->ca_file, b->ca_file) == 0 &&
           strcmp(a->signature, b->signature) == 0 && x->keys == y->keys &&
           memcmp(x->key, y->key, sizeof(x->key)) == 0 && a->pins == b->pins &&
           memcmp(a->pin, b->pin, sizeof(a->pin)) == 0 && a->refresh_s == b->refresh_s &&
           x->format == y->format && x->below == y->below && x->wide == y->wide &&
           x->max_bytes == y->max_bytes;
}

/* --- what others see --- */

void wr_feedjob_problem(struct wr_feedjob_world *w, struct wr_feedjob *j, const char *text)
{
    bool is_new = strcmp(j->problem.text, text) != 0;
    if (!is_new) {
        return;
    }
    pthread_mutex_lock(w->lock);
    snprintf(j->problem.text, sizeof(j->problem.text), "%s", text);
    pthread_mutex_unlock(w->lock);
    if (text[0] != 0) {
        wr_say(WR_LOG_WARN, "feed %s: %s: %s; %s", j->plan.name,
               j->plan.url[0] != 0 ? j->plan.url : j->plan.path, text,
               j->image != NULL ? "the last good list stays" : "there is no list yet");
    }
}

void wr_feedjob_checked(struct wr_feedjob_world *w, struct wr_feedjob *j)
{
    struct wr_now now;
    wr_clock_read(w->clock, &now);
    pthread_mutex_lock(w->lock);
    j->checked_us = now.mono_us;
    pthread_mutex_unlock(w->lock);
}

/* Onto the disk, and from there into memory again; what cannot be kept is in force all the same. */
static struct wr_feedimage *keep(struct wr_feedjob_world *w, struct wr_feedjob *j,
                                 struct wr_feedimage *image)
{
    struct wr_feedcompile_why why = {.text = ""};
    struct wr_feedimage *mapped = NULL;
    if (j->kept[0] != 0 && wr_feedimage_keep(image, j->kept, &mapped) != WR_OK) {
        snprintf(why.text, sizeof(why.text), "%s", strerror(errno));
        if (strcmp(why.text, j->not_kept.text) != 0) {
            wr_say(WR_LOG_WARN, "feed %s: it cannot be kept in %s: %s; it is in memory alone",
                   j->plan.name, w->folder, why.text);
        }
    }
    pthread_mutex_lock(w->lock);
    j->not_kept = why;
    pthread_mutex_unlock(w->lock);
    if (mapped == NULL) {
        return image;
    }
    wr_feedimage_let_go(image);
    return mapped;
}

static void say_list(const struct wr_feedjob *j, const struct wr_feedimage *image)
{
    const struct wr_feedtext_counts *c = &image->about.counts;
    wr_say(WR_LOG_INFO, "feed %s: %u names, %u addresses; %u lines are bad, %u not for DNS",
           j->plan.name, image->names.count, image->addrs.count, c->bad, c->other);
    for (unsigned i = 0; i < c->tolds; i++) {
        if (c->told[i].bad) {
            wr_say(WR_LOG_INFO, "feed %s: line %u: %s", j->plan.name, c->told[i].line,
                   c->told[i].text);
        }
    }
}

void wr_feedjob_take(struct wr_feedjob_world *w, struct wr_feedjob *j, struct wr_feedimage *image)
{
    struct wr_now now;
    say_list(j, image);
    image = keep(w, j, image);
    wr_clock_read(w->clock, &now);
    pthread_mutex_lock(w->lock);
    struct wr_feedimage *before = j->image;
    j->image = image;
    j->problem.text[0] = 0;
    j->checked_us = now.mono_us;
    pthread_mutex_unlock(w->lock);
    wr_feedimage_let_go(before);
}

bool wr_feedjob_is_older(struct wr_feedjob_world *w, struct wr_feedjob *j,
                         struct wr_feedimage *image)
{
    const struct wr_feedimage_about *new = &image->about;
    const struct wr_feedimage_about *old = j->image != NULL ? &j->image->about : NULL;
    if (old == NULL || memcmp(new->signed_by, old->signed_by, sizeof(old->signed_by)) != 0 ||
        new->signed_s >= old->signed_s) {
        return false;
    }
    wr_feedimage_let_go(image);
    wr_feedjob_problem(w, j,
                       "it was signed before the one in force was: an old one given out again");
    return true;
}

/* --- its life --- */

struct wr_feedjob *wr_feedjob_open(struct wr_feedjob_world *w, struct wr_feedjob_plan *plan)
{
    struct wr_feedjob *j = calloc(1, sizeof(*j));
    if (j == NULL) {
        return NULL;
    }
    j->plan = *plan;
    plan->path = plan->url = plan->signature = plan->ca_file = NULL;
    if (w->folder[0] != 0 && snprintf(j->kept, sizeof(j->kept), "%s/%s.feed", w->folder,
                                      j->plan.name) >= (int)sizeof(j->kept)) {
        j->kept[0] = 0;
    }
    int err = j->kept[0] != 0 ? wr_feedimage_open(j->kept, &j->image) : WR_E_NOTFOUND;
    if (err == WR_E_FORMAT) {
        wr_say(WR_LOG_WARN, "feed %s: what was kept of it is no good, and put aside as %s.bad",
               j->plan.name, j->kept);
    } else if (err != WR_OK && err != WR_E_NOTFOUND) {
        wr_say(WR_LOG_WARN, "feed %s: %s cannot be used: %s", j->plan.name, j->kept,
               strerror(errno));
    }
    if (j->plan.url[0] != 0) {
        wr_feedjob_fetch_begin(w, j);
    }
    return j;
}

void wr_feedjob_close(struct wr_feedjob_world *w, struct wr_feedjob *j)
{
    if (j == NULL) {
        return;
    }
    if (w->asks == j) {
        w->asks = NULL;
    }
    wr_feedjob_fetch_end(w, j);
    wr_feedimage_let_go(j->image);
    wr_feedjob_plan_clear(&j->plan);
    free(j);
}

/* --- files --- */

static bool compile(struct wr_feedjob_world *w, struct wr_feedjob *j, uint64_t mark)
{
    const struct wr_feedsource source = {
        .path = j->plan.path, .signature = j->plan.signature, .how = j->plan.how};
    struct wr_feedcompile_why why;
    struct wr_feedimage *image;
    struct wr_now now;
    wr_clock_read(w->clock, &now);
    int err = wr_feedcompile_read(&source, now.wall_s, &image, &why);
    if (err == WR_OK && wr_feedjob_is_older(w, j, image)) {
        j->refused = mark;
        return false;
    }
    if (err == WR_OK) {
        wr_feedjob_take(w, j, image);
        return true;
    }
    if (err != WR_E_AGAIN) { /* and then the next turn looks again */
        j->refused = mark;
        wr_feedjob_problem(w, j, why.text);
    }
    return false;
}

static bool file_turn(struct wr_feedjob_world *w, struct wr_feedjob *j, bool at_once)
{
    const struct wr_feedsource source = {
        .path = j->plan.path, .signature = j->plan.signature, .how = j->plan.how};
    uint64_t mark = wr_feedcompile_mark(&source);
    bool settled = at_once || mark == j->seen;
    j->seen = mark;
    if (mark == 0) {
        wr_feedjob_problem(w, j, strerror(errno));
    } else if (j->image != NULL && j->image->about.source == mark) {
        wr_feedjob_problem(w, j, "");
        wr_feedjob_checked(w, j);
    } else if (settled && mark != j->refused) {
        return compile(w, j, mark);
    }
    return false;
}

bool wr_feedjob_turn(struct wr_feedjob_world *w, struct wr_feedjob *j, bool at_once)
{
    pthread_mutex_lock(w->lock);
    bool asked = j->look;
    j->look = false;
    pthread_mutex_unlock(w->lock);
    if (asked) {
        j->refused = j->next_us = 0;
        at_once = true;
    }
    return j->plan.url[0] != 0 ? wr_feedjob_fetch_turn(w, j) : file_turn(w, j, at_once);
}

/* --- for people --- */

bool wr_feedjob_is_failing(const struct wr_feedjob *j)
{
    return j->image == NULL || j->problem.text[0] != 0;
}

/* The key's number as minisign prints it. */
static void put_signed(const struct wr_feedimage_about *about, struct wr_json *j)
{
    char id[2 * WR_MINISIG_ID + 1];
    uint64_t number = 0;
    for (unsigned i = WR_MINISIG_ID; i-- > 0;) {
        number = number << 8 | about->signed_by[i];
    }
    snprintf(id, sizeof(id), "%016llX", (unsigned long long)number);
    wr_json_text(j, "signed_by", number != 0 ? id : NULL);
    if (about->signed_s > 0) {
        wr_json_u64(j, "signed_s", (uint64_t)about->signed_s);
    } else {
        wr_json_null(j, "signed_s");
    }
}

static void put_list(const struct wr_feedimage *image, const struct wr_now *now, struct wr_json *j)
{
    const struct wr_feedtext_counts *c = &image->about.counts;
    wr_json_u64(j, "names", image->names.count);
    wr_json_u64(j, "addresses", image->addrs.count);
    wr_json_u64(j, "memory_bytes", image->size);
    if (image->about.made_s > 0 && now->wall_s >= image->about.made_s) {
        wr_json_u64(j, "age_s", (uint64_t)(now->wall_s - image->about.made_s));
    } else {
        wr_json_null(j, "age_s");
    }
    put_signed(&image->about, j);
    wr_json_u64(j, "lines", c->lines);
    wr_json_u64(j, "text_bytes", image->about.octets);
    wr_json_u64(j, "bad", c->bad);
    wr_json_u64(j, "not_for_dns", c->other);
    wr_json_array(j, "set_aside");
    for (unsigned i = 0; i < c->tolds; i++) {
        wr_json_object(j, NULL);
        wr_json_u64(j, "line", c->told[i].line);
        wr_json_bool(j, "bad", c->told[i].bad);
        wr_json_text(j, "why", c->told[i].text);
        wr_json_end(j);
    }
    wr_json_end(j);
}

void wr_feedjob_put(const struct wr_feedjob *job, const struct wr_now *now, struct wr_json *j)
{
    const char *state = job->image == NULL ? "missing" : job->problem.text[0] != 0 ? "old" : "live";
    bool kept = job->kept[0] != 0 && job->not_kept.text[0] == 0 && job->image != NULL;
    wr_json_object(j, NULL);
    wr_json_text(j, "name", job->plan.name);
    wr_json_text(j, "state", state);
    if (job->image != NULL) {
        put_list(job->image, now, j);
    }
    if (job->checked_us > 0 && now->mono_us >= job->checked_us) {
        wr_json_u64(j, "checked_ago_s", (now->mono_us - job->checked_us) / WR_S);
    } else {
        wr_json_null(j, "checked_ago_s");
    }
    wr_json_text(j, "from", job->plan.url[0] != 0 ? job->plan.url : job->plan.path);
    wr_json_text(j, "problem", job->problem.text[0] != 0 ? job->problem.text : NULL);
    wr_json_text(j, "kept", kept ? job->kept : NULL);
    wr_json_end(j);
}
