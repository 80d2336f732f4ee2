/* SPDX-License-Identifier: MIT */
/* store/place.c -- where a database is, for people to read: without user and password. */
#include "store/store.h"

#include <libpq-fe.h>

static void put_option(buf *out, const PQconninfoOption *options, const char *keyword, const char *before)
{
	for (; options->keyword; options++)
		if (strcmp(options->keyword, keyword) == 0 && options->val && options->val[0]) buf_printf(out, "%s%s", before, options->val);
}

/* What libpq says of a url that it cannot read quotes it. */
err store_place(buf *out, const char *url)
{
	PQconninfoOption *options;

	if (strncmp(url, "sqlite:", 7) == 0) {
		buf_put_str(out, url);
		return OK;
	}
	if (!(options = PQconninfoParse(url, NULL)))
		return err_fail(ERR_REQUEST, "database url: libpq cannot read it; it may look like postgres://user@host:5432/name");
	buf_put_str(out, "postgres");
	put_option(out, options, "host", " ");
	put_option(out, options, "hostaddr", " ");
	put_option(out, options, "port", ":");
	put_option(out, options, "dbname", "/");
	PQconninfoFree(options);
	return OK;
}
