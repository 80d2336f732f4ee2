/* SPDX-License-Identifier: MIT */
/* store/place.c -- where a database is: for people to read, without user and password; and for processes that must get there. */
#include "store/store.h"

#include <libpq-fe.h>
#include <pwd.h>
#include <stdlib.h>
#include <unistd.h>

enum { MEMORY = 64 << 10, USER_TEXT = 4096, POSTGRES_PORT = 5432 };

static const char SQLITE[] = "sqlite:";

static bool is_sqlite(const char *url) { return strncmp(url, SQLITE, strlen(SQLITE)) == 0; }

/* What libpq says of a url that it cannot read quotes it. */
static err parse(PQconninfoOption **out, const char *url)
{
	*out = PQconninfoParse(url, NULL);
	return *out ? OK : err_fail(ERR_REQUEST, "database url: libpq cannot read it; it may look like postgres://user@host:5432/name, or sqlite:/path");
}

static const char *value_of(const PQconninfoOption *o, const char *keyword)
{
	for (; o && o->keyword; o++)
		if (strcmp(o->keyword, keyword) == 0) return o->val && o->val[0] ? o->val : NULL;
	return NULL;
}

/* ---- for people ----------------------------------------------------------------------------------------------- */

err store_place(buf *out, const char *url)
{
	static const char *const PARTS[][2] = { { "host", " " }, { "hostaddr", " " }, { "port", ":" }, { "dbname", "/" } };
	PQconninfoOption *options;

	if (is_sqlite(url)) {
		buf_put_str(out, url);
		return OK;
	}
	TRY(parse(&options, url));
	buf_put_str(out, "postgres");
	for (size_t i = 0; i < COUNT(PARTS); i++) {
		const char *value = value_of(options, PARTS[i][0]);
		if (value) buf_printf(out, "%s%s", PARTS[i][1], value);
	}
	PQconninfoFree(options);
	return OK;
}

/* ---- for processes -------------------------------------------------------------------------------------------- */

static err keep(const char **out, store_reach *r, const char *text, size_t n)
{
	char *copy = NULL;

	TRY(arena_new(&r->memory, &copy, n + 1));
	memcpy(copy, text, n);
	*out = copy;
	return OK;
}

static err of_sqlite(store_reach *r, const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash) return keep(&r->folder, r, ".", 1);
	return keep(&r->folder, r, path, slash == path ? 1 : (size_t)(slash - path));
}

static err may_read(store_reach *r, const char *path)
{
	ASSERT(r->files < STORE_READABLE);                           /* a url has no more of them */
	return keep(&r->readable[r->files++], r, path, strlen(path));
}

/* What the url does not name is looked for in the user's folder. */
static err of_home(store_reach *r)
{
	static const char *const NAMES[] = { ".pgpass", ".postgresql", ".pg_service.conf" };
	char text[USER_TEXT];
	struct passwd user, *found = NULL;

	TRY(may_read(r, "/etc/passwd"));                             /* who is it that connects? */
	if (getpwuid_r(geteuid(), &user, text, sizeof text, &found) != 0 || !found) return OK;
	for (size_t i = 0; i < COUNT(NAMES); i++) {
		AUTO(buf) path = { 0 };
		buf_printf(&path, "%s/%s", user.pw_dir, NAMES[i]);
		TRY(may_read(r, buf_str(&path)));
	}
	return OK;
}

/* "5432", or several with commas between them: one for each of several hosts, of which an empty one is the usual. */
static void take_ports(store_reach *r, const char *list)
{
	for (const char *at = list, *end; at; at = *end ? end + 1 : NULL) {
		end = strchrnul(at, ',');
		if (r->ports == STORE_PORTS) r->any_port = true;
		else r->port[r->ports++] = end == at ? POSTGRES_PORT : (unsigned)strtoul(at, NULL, 10);
	}
}

/* given: by the url; custom: by the environment. */
static err of_options(store_reach *r, const PQconninfoOption *given, const PQconninfoOption *custom)
{
	static const char *const FILES[] = { "passfile", "sslcert", "sslkey", "sslrootcert", "sslcrl" };
	const char *services = getenv("PGSERVICEFILE"), *port = value_of(given, "port");

	TRY(of_home(r));
	for (size_t i = 0; i < COUNT(FILES); i++) {
		const char *file = value_of(given, FILES[i]);
		if (!file) file = value_of(custom, FILES[i]);
		if (file) TRY(may_read(r, file));
	}
	if (services) TRY(may_read(r, services));
	r->any_port = value_of(given, "service") || getenv("PGSERVICE");     /* what it says, its file may say otherwise tomorrow */
	take_ports(r, port ? port : value_of(custom, "port") ? value_of(custom, "port") : "");
	return OK;
}

static err of_postgres(store_reach *r, const char *url)
{
	PQconninfoOption *given;

	TRY(parse(&given, url));
	PQconninfoOption *custom = PQconndefaults();
	const err e = of_options(r, given, custom);
	PQconninfoFree(custom);
	PQconninfoFree(given);
	return e;
}

err store_reach_of(store_reach *out, const char *url)
{
	store_reach r = { .memory = arena_with_limit(MEMORY) };

	const err e = is_sqlite(url) ? of_sqlite(&r, url + strlen(SQLITE)) : of_postgres(&r, url);
	if (e == OK) *out = r;
	else store_reach_free(&r);
	return e;
}

void store_reach_free(store_reach *r)
{
	arena_free(&r->memory);
	*r = (store_reach){ 0 };
}
