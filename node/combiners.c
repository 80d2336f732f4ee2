/* SPDX-License-Identifier: MIT */
/* node/combiners.c */
#include "node/combiners.h"
#include <stdlib.h>
#include "rpc/certs.h"

static bool is_all(const char *text) { return strcmp(text, "all") == 0; }

/* The item at *at, which then is behind it and its comma; {NULL, 0}: there is none. */
static slice next_item(const char **at)
{
	const size_t n = strcspn(*at, ",");
	const slice item = **at ? slice_of(*at, n) : (slice){ 0 };

	*at += n + ((*at)[n] == ',');
	return item;
}

static bool is_number(slice item)
{
	for (size_t i = 0; i < item.n; i++) if (item.p[i] < '0' || item.p[i] > '9') return false;
	return true;
}

static unsigned long number_of(slice item) { return strtoul((const char *)item.p, NULL, 10); }

static bool is_named(slice item)
{
	char name[CERTS_NAME_MAX + 1];

	if (item.n > CERTS_NAME_MAX) return false;
	memcpy(name, item.p, item.n);
	name[item.n] = '\0';
	return certs_name_ok(name);
}

err combiners_check(const char *text)
{
	const size_t length = strlen(text);

	for (const char *at = text; *at && !is_all(text);) {
		const slice item = next_item(&at);
		const bool is = item.n && (is_number(item) ? item.n < 4 && number_of(item) >= 1 && number_of(item) <= MAX_PARTIES : is_named(item));
		if (!is || text[length - 1] == ',')
			return err_fail(ERR_REQUEST, "delegation.combiners is %.60s; all is wanted, or names of parties or numbers of peers, as kms1.example,3", text);
	}
	return OK;
}

static party find(const mpc_context *in, slice name)
{
	for (party i = 1; i <= in->n; i++) if (slice_eq_var(slice_str(in->member[i].identity), name)) return i;
	return 0;
}

/* The party of `in` that an item names; 0: none. */
static party named(slice item, const mpc_context *in, const mpc_context *numbered)
{
	if (!is_number(item)) return find(in, item);
	const unsigned long i = number_of(item);
	if (!numbered) return i <= in->n ? (party)i : 0;
	return i <= numbered->n ? find(in, slice_str(numbered->member[i].identity)) : 0;
}

party_set combiners_of(const char *text, const mpc_context *in, const mpc_context *numbered)
{
	party_set out = 0;

	if (is_all(text)) return parties_all(in->n);
	for (const char *at = text; *at;) {
		const party i = named(next_item(&at), in, numbered);
		if (i) add_to(&out, i);
	}
	return out;
}

bool combiners_number(const char *text, party i)
{
	bool is = false;

	for (const char *at = text; *at;) {
		const slice item = next_item(&at);
		is |= is_number(item) && number_of(item) == i;
	}
	return is;
}

void combiners_strangers(buf *out, const char *text, const mpc_context *in, const mpc_context *numbered)
{
	for (const char *at = text; *at && !is_all(text);) {
		const slice item = next_item(&at);
		if (named(item, in, numbered)) continue;
		if (out->n) buf_put_str(out, ", ");
		buf_put_slice(out, item);
	}
}
