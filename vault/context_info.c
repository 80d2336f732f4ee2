/* SPDX-License-Identifier: MIT */
/*
 * vault/context_info.c -- contexts, field by field.
 *
 *   ContextInfo       0 | u64 n, n NodeInfo | id | SoftwareVersion | u32 threshold | u64 m, m { 0 | 3 texts of hexadecimal digits }
 *   NodeInfo          2 | identity | u32 party | url | opt certificate | storage url | opt prefix | u64 n, n { address } | Digests
 *   SoftwareVersion   0 | u32 major | u32 minor | u32 patch | opt tag
 *   Digests           0 | u64 n, n { 0 | u32 scheme | digest }
 *
 * The small numbers are u32 version tags; texts and byte strings have a u64 count in front, options one byte.
 */
#include "vault/context_info.h"
#include "base/hex.h"
#include "base/utf8.h"
#include "tfhers/envelope.h"
#include "vault/wire.h"

static const char TYPE[] = "kms::ContextInfo";

enum { CONTEXT_VERSION = 0, NODE_VERSION = 2, SOFTWARE_VERSION = 0, DIGESTS_VERSION = 0, PCRS_VERSION = 0 };

bool node_info_address(eth_address *out, const node_info *n)
{
	for (size_t i = 0; i < n->digests; i++) {
		if (n->digest[i].scheme != SCHEME_ECDSA256K1 || n->digest[i].digest.n != sizeof out->b) continue;
		memcpy(out->b, n->digest[i].digest.p, sizeof out->b);
		return true;
	}
	return false;
}

/* ---- writing ------------------------------------------------------------------------------------------------ */

static void put_option(buf *out, bool there, slice s)
{
	buf_put_u8(out, there);
	if (there) wire_put(out, s);
}

static void put_node(buf *out, const node_info *n)
{
	buf_put_u32(out, NODE_VERSION);
	wire_put(out, n->mpc_identity);
	buf_put_u32(out, n->party_id);
	wire_put(out, n->external_url);
	put_option(out, n->has_ca_cert, n->ca_cert);
	wire_put(out, n->public_storage_url);
	put_option(out, n->has_prefix, n->public_storage_prefix);
	buf_put_u64(out, n->addresses);
	for (size_t i = 0; i < n->addresses; i++) wire_put(out, slice_of(n->address[i].b, sizeof n->address[i].b));
	buf_put_u32(out, DIGESTS_VERSION);
	buf_put_u64(out, n->digests);
	for (size_t i = 0; i < n->digests; i++) {
		buf_put_u32(out, 0);
		buf_put_u32(out, n->digest[i].scheme);
		wire_put(out, n->digest[i].digest);
	}
}

static void put_pcrs(buf *out, const pcr_values *p)
{
	char text[2 * MAX_PCR + 1];

	buf_put_u32(out, PCRS_VERSION);
	for (size_t i = 0; i < COUNT(p->pcr); i++) {
		hex_write(text, p->pcr[i]);
		wire_put(out, slice_str(text));
	}
}

void context_info_write(buf *out, const context_info *c)
{
	tfhers_envelope_write(out, TYPE);
	buf_put_u32(out, CONTEXT_VERSION);
	buf_put_u64(out, c->nodes);
	for (size_t i = 0; i < c->nodes; i++) put_node(out, &c->node[i]);
	buf_put_slice(out, id_slice(&c->id));
	buf_put_u32(out, SOFTWARE_VERSION);
	buf_put_u32(out, c->version.major), buf_put_u32(out, c->version.minor), buf_put_u32(out, c->version.patch);
	put_option(out, c->version.has_tag, c->version.tag);
	buf_put_u32(out, c->threshold);
	buf_put_u64(out, c->pcr_sets);
	for (size_t i = 0; i < c->pcr_sets; i++) put_pcrs(out, &c->pcrs[i]);
}

/* ---- reading ------------------------------------------------------------------------------------------------ */

static slice read_text(reader *r)
{
	slice s = wire_read(r, MAX_CONTEXT_TEXT);
	if (!utf8_ok(s)) r->refused = true;
	return s;
}

static bool read_option(reader *r, slice *out, size_t max)
{
	uint8_t there = read_u8(r);
	if (there > 1) r->refused = true;
	*out = there == 1 ? wire_read(r, max) : (slice){ 0 };
	return there == 1;
}

/* A count of things that take at least `least` bytes each; 0 and refused if there cannot be so many. */
static size_t read_count(reader *r, size_t max, size_t least)
{
	uint64_t n = read_u64(r);
	if (n > max || n > read_left(r) / least) r->refused = true;
	return r->refused ? 0 : (size_t)n;
}

static err read_addresses(node_info *n, arena *a, reader *r)
{
	eth_address *list;

	n->addresses = read_count(r, MAX_EXTRA_ADDRESSES, 8 + sizeof list->b);
	TRY(arena_new(a, &list, n->addresses));
	for (size_t i = 0; i < n->addresses; i++) {
		slice s = wire_read(r, sizeof list->b);
		if (s.n == sizeof list->b) memcpy(list[i].b, s.p, s.n);
		else r->refused = true;
	}
	n->address = list;
	return OK;
}

static err read_node(node_info *n, arena *a, reader *r)
{
	wire_expect(r, NODE_VERSION);
	n->mpc_identity = read_text(r);
	n->party_id = read_u32(r);
	n->external_url = read_text(r);
	n->has_ca_cert = read_option(r, &n->ca_cert, MAX_CA_CERT);
	n->public_storage_url = read_text(r);
	n->has_prefix = read_option(r, &n->public_storage_prefix, MAX_CONTEXT_TEXT);
	TRY(read_addresses(n, a, r));
	wire_expect(r, DIGESTS_VERSION);
	n->digests = read_count(r, COUNT(n->digest), 4 + 4 + 8);
	for (size_t i = 0; i < n->digests; i++) {
		wire_expect(r, 0);
		n->digest[i].scheme = read_u32(r);
		n->digest[i].digest = wire_read(r, 64);
	}
	return OK;
}

static err read_pcrs(context_info *c, arena *a, reader *r)
{
	pcr_values *list;

	c->pcr_sets = read_count(r, MAX_PCR_SETS, 4 + 3 * 8);
	TRY(arena_new(a, &list, c->pcr_sets));
	for (size_t i = 0; i < c->pcr_sets; i++) {
		wire_expect(r, PCRS_VERSION);
		for (size_t k = 0; k < COUNT(list->pcr); k++) {
			slice text = wire_read(r, 2 * MAX_PCR);
			char again[2 * MAX_PCR + 1];
			uint8_t *bytes;
			TRY(arena_new(a, &bytes, text.n / 2));
			/* Small digits only, so that what is read is written back the same. */
			if (text.n % 2 == 0 && hex_read(bytes, text.n / 2, text)) hex_write(again, slice_of(bytes, text.n / 2));
			else again[0] = '\0', r->refused = true;
			if (!slice_eq_var(slice_str(again), text)) r->refused = true;
			list[i].pcr[k] = slice_of(bytes, text.n / 2);
		}
	}
	c->pcrs = list;
	return OK;
}

static err read_body(context_info *c, arena *a, reader *r)
{
	node_info *node;

	wire_expect(r, CONTEXT_VERSION);
	c->nodes = read_count(r, MAX_PARTIES, 64);
	TRY(arena_new(a, &node, c->nodes));
	for (size_t i = 0; i < c->nodes && read_ok(r); i++) TRY(read_node(&node[i], a, r));
	c->node = node;
	wire_read_id(r, &c->id);
	wire_expect(r, SOFTWARE_VERSION);
	c->version.major = read_u32(r), c->version.minor = read_u32(r), c->version.patch = read_u32(r);
	c->version.has_tag = read_option(r, &c->version.tag, MAX_CONTEXT_TEXT);
	c->threshold = read_u32(r);
	return read_pcrs(c, a, r);
}

err context_info_read(context_info *out, arena *a, slice file)
{
	context_info c = { 0 };
	reader r;

	TRY(wire_open(&r, TYPE, file));
	TRY(read_body(&c, a, &r));
	TRY(wire_close(&r, TYPE));
	*out = c;
	return OK;
}

/* ---- versions of software ------------------------------------------------------------------------------------- */

static bool read_number(uint32_t *out, slice *text)
{
	uint64_t x = 0;
	size_t i = 0;

	for (; i < text->n && text->p[i] >= '0' && text->p[i] <= '9' && i < 10; i++) x = 10 * x + (uint64_t)(text->p[i] - '0');
	if (i == 0 || x > UINT32_MAX) return false;
	*out = (uint32_t)x;
	*text = slice_of(text->p + i, text->n - i);
	return true;
}

static bool tag_ok(slice tag)
{
	for (size_t i = 0; i < tag.n; i++) {
		const uint8_t c = tag.p[i];
		if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' || c == '-' || c == '+')) return false;
	}
	return tag.n && tag.n <= MAX_CONTEXT_TEXT;
}

err software_version_read(software_version *out, slice text)
{
	software_version v = { 0 };
	uint32_t *const part[] = { &v.major, &v.minor, &v.patch };
	slice left = text;
	bool ok = true;

	for (size_t i = 0; i < COUNT(part) && ok; i++) {
		if (i && (left.n == 0 || left.p[0] != '.')) break;
		if (i) left = slice_of(left.p + 1, left.n - 1);
		ok = read_number(part[i], &left);
	}
	if (ok && left.n && left.p[0] == '-') {
		v.has_tag = true;
		v.tag = slice_of(left.p + 1, left.n - 1);
		left = (slice){ 0 };
		ok = tag_ok(v.tag);
	}
	if (!ok || left.n) return err_fail(ERR_REQUEST, "software_version is not like 1, 1.2 or 1.2.3-tag");
	*out = v;
	return OK;
}
