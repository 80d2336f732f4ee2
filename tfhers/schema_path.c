/* SPDX-License-Identifier: MIT */
/* tfhers/schema_path.c -- a path as text. */
#include "tfhers/schema_path.h"

static size_t put(char *out, size_t room, const schema_step *s)
{
	if (!s) return 0;
	size_t n = put(out, room, s->up);
	int more = s->name ? snprintf(out + n, room - n, "%s%s", n ? "." : "", s->name)
	                   : snprintf(out + n, room - n, "[%zu]", s->index);
	return size_min(n + (size_t)more, room - 1);
}

schema_path schema_path_of(const schema_step *s)
{
	schema_path p = { "" };
	put(p.text, sizeof p.text, s);
	return p;
}
