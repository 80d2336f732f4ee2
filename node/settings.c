/* SPDX-License-Identifier: MIT */
/* node/settings.c */
#include "node/settings.h"
#include <stdarg.h>
#include "base/hex.h"
#include "rpc/certs.h"
#include "sym/sha2.h"

/* ---- this node's ------------------------------------------------------------------------------------------------------ */

static void put_text(buf *out, const char *format, va_list list)
{
	char text[MAX_SETTING + 1];

	vsnprintf(text, sizeof text, format, list);
	buf_put_u8(out, (uint8_t)strlen(text));
	buf_put_str(out, text);
}

__attribute__((format(printf, 2, 3)))
static void put(buf *out, const char *format, ...)
{
	va_list list;

	va_start(list, format);
	put_text(out, format, list);
	va_end(list);
}

/* Files may have the same certificate with other line ends, or words around it. */
static hash32 authority_of(const member *m)
{
	certs_certificate *ca = NULL;
	AUTO(buf) der = { 0 };

	if (certs_read_ca(&ca, "", m->ca_pem) != OK || certs_der(&der, ca) != OK) err_clear();
	certs_certificate_free(&ca);
	return sha256(buf_slice(&der));
}

static void put_party(buf *out, const member *m)
{
	char authority[2 * 8 + 1];

	hex_write(authority, slice_of(authority_of(m).b, 8));
	put(out, "threshold.peers, party %u", m->id);
	put(out, "%.64s under authority %s", m->identity, authority);
}

/* Chains whose keys parties share: one that a node has alone is its own matter. */
static void put_chains(buf *out, const node_config *c)
{
	const config_rows *chains = &c->delegation.chains;
	unsigned shared = 0;

	for (size_t i = 0; i < chains->n && i < MAX_SETTINGS / 2; i++) {
		const chain_config *x = (const chain_config *)chains->row + i;
		if (x->key_file[0] && !x->import_from) continue;
		put(out, "delegation.chains, chain %jd", (intmax_t)x->chain_id);
		put(out, "gateway %.42s, import_from %jd", x->gateway, (intmax_t)x->import_from);
		shared++;
	}
	if (!shared) return;
	put(out, "delegation.refresh_secs");
	put(out, "%jd", (intmax_t)c->delegation.refresh_secs);
}

void settings_write(buf *out, const node_config *c, const mpc_context *k)
{
	put(out, "threshold.threshold");
	put(out, "%u", k->t);
	put(out, "threshold.peers");
	put(out, "%u parties", k->n);
	for (party i = 1; i <= k->n; i++) put_party(out, &k->member[i]);
	put(out, "service.eip712_profile");
	put(out, "%s", c->eip712_v011 ? "v0.11" : "v0.15");
	if (c->delegation.present) put_chains(out, c);
}

/* ---- another's -------------------------------------------------------------------------------------------------------- */

static bool read_text(slice *out, reader *r)
{
	*out = read_bytes(r, read_u8(r));
	if (r->refused || !out->n || out->n > MAX_SETTING) return false;
	for (size_t i = 0; i < out->n; i++)
		if (out->p[i] < ' ' || out->p[i] > '~') return false;
	return true;
}

bool settings_read(setting *out, slice *rest)
{
	reader r = reader_of(*rest);
	setting s;

	if (!read_text(&s.key, &r) || !read_text(&s.value, &r)) return false;
	*out = s;
	*rest = slice_of(rest->p + r.at, rest->n - r.at);
	return true;
}

static bool all_read(slice bytes)
{
	setting s;
	unsigned n = 0;

	while (bytes.n && n < MAX_SETTINGS && settings_read(&s, &bytes)) n++;
	return bytes.n == 0;
}

static const setting *find(setting *out, slice in, slice key)
{
	while (settings_read(out, &in))
		if (slice_eq_var(out->key, key)) return out;
	return NULL;
}

bool settings_compare(slice mine, slice theirs, settings_differ differs, void *ctx)
{
	setting a, b;

	if (!all_read(theirs)) return false;
	while (settings_read(&a, &mine))
		if (find(&b, theirs, a.key) && !slice_eq_var(a.value, b.value)) differs(ctx, &a, &b);
	return true;
}
