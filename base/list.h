/* SPDX-License-Identifier: MIT */
/* base/list.h -- circular lists whose links are fields of their members: joining and leaving never fails. */
#ifndef ARCA_BASE_LIST_H
#define ARCA_BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

typedef struct list { struct list *before, *after; } list;

/* The structure of which `link` is the field. */
#define MEMBER_OF(link, type, field) ((type *)(void *)((char *)(link) - offsetof(type, field)))

/* For each link of a list whose head is h; the present one may leave the list. */
#define FOR_EACH_LINK(l, h) \
	for (list *l = (h)->after, *next_##l = l->after; l != (h); l = next_##l, next_##l = l->after)

static inline void list_init(list *h) { h->before = h->after = h; }
static inline bool list_empty(const list *h) { return h->after == h; }

static inline void list_append(list *h, list *l)
{
	l->before = h->before, l->after = h;
	h->before->after = l, h->before = l;
}

static inline void list_leave(list *l)           /* idempotent after list_init */
{
	l->before->after = l->after, l->after->before = l->before;
	list_init(l);
}

#endif
