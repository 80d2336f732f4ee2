/* SPDX-License-Identifier: MIT */
/* cli/cluster.c -- devnet.json, member by member, in both directions. */
#include "cli/cluster.h"
#include "base/file.h"
#include "base/hex.h"
#include "evm/address.h"

const char CLUSTER_KEY_DOMAIN[] = "KMSGeneration";

enum { MAX_SECONDS = 1000000000 };

/* As nodes call them (service.eip712_profile). */
static const char V011[] = "v0.11", V015[] = "v0.15";

/* ---- picking members ----------------------------------------------------------------------------------------- */

/* Picks members out of one object.  The first failure stays, later picks yield zeros; what was never picked is unknown. */
typedef struct picker {
	const json_t *object;
	const char   *file, *where;                 /* "devnet.json", "parties[0]." */
	const char   *seen[16];
	size_t        n;
	err           e;
} picker;

static picker pick_from(const json_t *object, const char *file, const char *where)
{
	picker p = { .object = object, .file = file, .where = where, .e = OK };

	if (!json_is_object(object)) p.e = err_fail(ERR_REQUEST, "%s: %s wants an object", file, *where ? where : "the file");
	return p;
}

static void refuse(picker *p, const char *name, const char *wants)
{
	if (p->e == OK) p->e = err_fail(ERR_REQUEST, "%s: %s%s %s", p->file, p->where, name, wants);
}

/* NULL, and a failure, if it is absent or of another type. */
static const json_t *pick(picker *p, const char *name, json_type type, const char *wants)
{
	const json_t *v = json_object_get(p->object, name);

	ASSERT(p->n < COUNT(p->seen));
	p->seen[p->n++] = name;
	if (p->e != OK) return NULL;
	if (!v) refuse(p, name, "is missing");
	else if (json_typeof(v) != type) refuse(p, name, wants);
	return p->e == OK ? v : NULL;
}

/* As above, but absent or null is fine. */
static const json_t *pick_optional(picker *p, const char *name, json_type type, const char *wants)
{
	const json_t *v = json_object_get(p->object, name);

	if (v && !json_is_null(v)) return pick(p, name, type, wants);
	ASSERT(p->n < COUNT(p->seen));
	p->seen[p->n++] = name;
	return NULL;
}

static const char *pick_text(picker *p, const char *name)
{
	const json_t *v = pick(p, name, JSON_STRING, "wants text");

	if (v && !*json_string_value(v)) refuse(p, name, "is empty");
	return p->e == OK ? json_string_value(v) : NULL;
}

static const char *pick_optional_text(picker *p, const char *name)
{
	const json_t *v = pick_optional(p, name, JSON_STRING, "wants text or null");

	return v ? json_string_value(v) : NULL;
}

static int64_t pick_number(picker *p, const char *name, int64_t least, int64_t most)
{
	const json_t *v = pick(p, name, JSON_INTEGER, "wants a whole number");
	int64_t x = v ? json_integer_value(v) : least;

	if (x < least || x > most) refuse(p, name, "is out of range");
	return x;
}

static double pick_seconds(picker *p, const char *name)
{
	const json_t *v = json_object_get(p->object, name);
	const json_type type = json_is_integer(v) ? JSON_INTEGER : JSON_REAL;
	const double s = json_number_value(pick(p, name, type, "wants a number"));

	if (!(s >= 0 && s <= MAX_SECONDS)) {
		refuse(p, name, "is out of range");
		return 0;
	}
	return s;
}

static void pick_id(picker *p, const char *name, bool optional, id32 *out)
{
	const char *text = optional ? pick_optional_text(p, name) : pick_text(p, name);

	*out = (id32){ 0 };
	if (text && id_parse(out, name, slice_str(text)) != OK) {
		err_clear();
		refuse(p, name, "wants an id: 64 hexadecimal digits, not all zero");
	}
}

static err pick_end(picker *p)
{
	const char *name;
	json_t *v;

	json_object_foreach((json_t *)(uintptr_t)p->object, name, v) {
		bool known = false;
		for (size_t i = 0; i < p->n && !known; i++) known = strcmp(p->seen[i], name) == 0;
		if (!known) refuse(p, name, "is not known here");
	}
	return p->e;
}

/* ---- reading ------------------------------------------------------------------------------------------------- */

static void pick_identity(picker *p, cluster_party *out)
{
	const char *address = pick_text(p, "signer"), *key = pick_text(p, "verification_key");
	uint8_t bytes[SECP_PK];

	if (p->e != OK) return;
	if (address_parse(&out->signer, "signer", slice_str(address)) != OK)
		p->e = ERR_REQUEST, err_context("%s: %s", p->file, p->where);
	else if (!hex_read(bytes, sizeof bytes, slice_str(key)) ||
	         secp_pk_read(&out->verification_key, slice_of(bytes, sizeof bytes)) != OK)
		err_clear(), refuse(p, "verification_key", "wants a compressed public key: 0x and 66 hexadecimal digits");
	else if (!eth_address_eq_var(address_of(&out->verification_key), out->signer))
		refuse(p, "verification_key", "is not the key of the signer");
}

/* {"Ed25519": "0x...", ...}: any of the schemes. */
static err read_typed(hash32 *out, const char *file, const char *where, const json_t *object)
{
	picker p = pick_from(object, file, where);

	for (uint32_t s = SCHEME_ECDSA256K1 + 1; s < MAX_SCHEMES; s++) {
		const char *text = pick_optional_text(&p, scheme_name(s));
		if (text && !hex_read(out[s].b, sizeof out[s].b, slice_str(text)))
			refuse(&p, scheme_name(s), "wants 0x and 64 hexadecimal digits");
	}
	return pick_end(&p);
}

static err read_party(cluster_party *out, hash32 *typed_room, const char *file, const json_t *object, size_t i)
{
	char where[32];

	snprintf(where, sizeof where, "parties[%zu].", i);
	picker p = pick_from(object, file, where);
	out->party_id = (unsigned)pick_number(&p, "party_id", 1, MAX_PARTIES);
	out->grpc = pick_text(&p, "grpc");
	out->http = pick_text(&p, "http");
	out->mpc = pick_optional_text(&p, "mpc");
	out->log = pick_optional_text(&p, "log");
	out->config = pick_optional_text(&p, "config");
	const json_t *pid = pick_optional(&p, "pid", JSON_INTEGER, "wants a whole number or null");
	out->pid = pid ? json_integer_value(pid) : 0;
	pick_identity(&p, out);
	const json_t *typed = pick_optional(&p, "typed_signers", JSON_OBJECT, "wants an object or null");
	if (typed && p.e == OK) {
		char inside[64];
		snprintf(inside, sizeof inside, "%styped_signers.", where);
		out->typed = typed_room;
		TRY(read_typed(typed_room, file, inside, typed));
	}
	if (p.e == OK && out->party_id != i + 1) refuse(&p, "party_id", "is out of order: parties are listed as 1, 2, ...");
	return pick_end(&p);
}

static err read_parties(cluster *c, const char *file, const json_t *list)
{
	c->parties = json_array_size(list);
	if (c->parties < 1 || c->parties > MAX_PARTIES)
		return err_fail(ERR_REQUEST, "%s: parties: wants 1 to %d of them", file, MAX_PARTIES);
	c->typed = calloc(c->parties * MAX_SCHEMES, sizeof *c->typed);
	ASSERT(c->typed);
	for (size_t i = 0; i < c->parties; i++)
		TRY(read_party(&c->party[i], c->typed + i * MAX_SCHEMES, file, json_array_get(list, i), i));
	return OK;
}

static err read_domain(cluster *c, const char *file, const json_t *object)
{
	picker p = pick_from(object, file, "eip712_domain.");

	c->domain_name = pick_text(&p, "name");
	c->domain_version = pick_text(&p, "version");
	c->chain_id = (uint64_t)pick_number(&p, "chain_id", 1, INT64_MAX);
	c->contract = pick_text(&p, "verifying_contract");
	return pick_end(&p);
}

static err read_profile(cluster *c, const char *file, const char *name)
{
	c->profile = name && !strcmp(name, V011) ? KMS712_V011 : KMS712_V015;
	if (!name || c->profile == KMS712_V011 || !strcmp(name, V015)) return OK;
	return err_fail(ERR_REQUEST, "%s: eip712_profile \"%s\": there are %s and %s", file, name, V011, V015);
}

static err read_timings(cluster *c, const char *file, const json_t *object)
{
	if (!object) return OK;
	picker p = pick_from(object, file, "timings_s.");

	c->epoch_s = pick_seconds(&p, "epoch");
	c->preprocessing_s = pick_seconds(&p, "preprocessing");
	c->keygen_s = pick_seconds(&p, "keygen");
	return pick_end(&p);
}

/* ---- what a mode asks of the rest ---------------------------------------------------------------------------- */

static bool is_one_of(const char *word, const char *const *words)
{
	while (*words && strcmp(*words, word) != 0) words++;
	return *words;
}

static err check_centralized(const cluster *c, const char *file)
{
	static const char *const KEYGENS[] = { "central", "none", NULL };

	if (c->parties != 1 || c->threshold != 0)
		return err_fail(ERR_REQUEST, "%s: mode \"centralized\" is one node and threshold 0, not %zu and %u", file, c->parties,
		                c->threshold);
	if (!is_one_of(c->keygen, KEYGENS))
		return err_fail(ERR_REQUEST, "%s: keygen \"%s\": in mode \"centralized\" there are central and none", file, c->keygen);
	return OK;
}

/* Whoever signed for two parties would count twice. */
static err check_shared(const cluster *c, const char *file)
{
	static const char *const KEYGENS[] = { "dkg", "insecure", "none", NULL };

	if (!parties_allowed((unsigned)c->parties, c->threshold))
		return err_fail(ERR_REQUEST, "%s: %zu part%s and threshold %u: in mode \"threshold\" it is at least 1 and less than a "
		                "third of the parties", file, c->parties, c->parties == 1 ? "y" : "ies", c->threshold);
	if (!is_one_of(c->keygen, KEYGENS))
		return err_fail(ERR_REQUEST, "%s: keygen \"%s\": in mode \"threshold\" there are dkg, insecure and none", file,
		                c->keygen);
	for (size_t i = 0; i < c->parties; i++) {
		if (!c->party[i].mpc) return err_fail(ERR_REQUEST, "%s: parties[%zu].mpc is missing", file, i);
		for (size_t k = 0; k < i; k++)
			if (eth_address_eq_var(c->party[k].signer, c->party[i].signer))
				return err_fail(ERR_REQUEST, "%s: parties[%zu] and parties[%zu] have the same signer", file, k, i);
	}
	return OK;
}

static err check_mode(const cluster *c, const char *file)
{
	if (strcmp(c->mode, "centralized") == 0) return check_centralized(c, file);
	if (cluster_is_shared(c)) return check_shared(c, file);
	return err_fail(ERR_REQUEST, "%s: mode \"%s\" is not known: there are centralized and threshold", file, c->mode);
}

bool cluster_is_shared(const cluster *c)
{
	return strcmp(c->mode, "threshold") == 0;
}

bool cluster_is_insecure(const cluster *c)
{
	return strcmp(c->keygen, "insecure") == 0;
}

/* ---- all of it ----------------------------------------------------------------------------------------------- */

static err read_all(cluster *c, const char *file)
{
	picker p = pick_from(c->root, file, "");

	c->mode = pick_text(&p, "mode");
	c->params = pick_text(&p, "params");
	c->keygen = pick_text(&p, "keygen");
	c->threshold = (unsigned)pick_number(&p, "threshold", 0, MAX_PARTIES);
	pick_id(&p, "context_id", false, &c->context);
	pick_id(&p, "epoch_id", false, &c->epoch);
	pick_id(&p, "prep_id", true, &c->prep);
	pick_id(&p, "key_id", true, &c->key);
	pick_id(&p, "crs_id", true, &c->crs);
	const json_t *parties = pick(&p, "parties", JSON_ARRAY, "wants a list");
	const json_t *domain = pick(&p, "eip712_domain", JSON_OBJECT, "wants an object");
	const char *profile = pick_optional_text(&p, "eip712_profile");
	const json_t *timings = pick_optional(&p, "timings_s", JSON_OBJECT, "wants an object");
	if (pick_optional(&p, "delegation", JSON_OBJECT, "wants an object or null"))
		c->delegation = json_incref(json_object_get(c->root, "delegation"));
	if (pick_optional(&p, "gateway", JSON_OBJECT, "wants an object or null"))
		c->gateway = json_incref(json_object_get(c->root, "gateway"));
	TRY(pick_end(&p));
	TRY(read_parties(c, file, parties));
	TRY(read_domain(c, file, domain));
	TRY(read_profile(c, file, profile));
	TRY(read_timings(c, file, timings));
	return check_mode(c, file);
}

err cluster_parse(cluster *out, const char *name, slice text)
{
	json_error_t wrong;
	cluster c = { 0 };
	eip712_domain d;

	c.root = json_loadb((const char *)text.p, text.n, JSON_REJECT_DUPLICATES, &wrong);
	if (!c.root) return err_fail(ERR_REQUEST, "%s: this is not JSON, and a file of the shape of devnet.json is wanted: line %d: %s", name, wrong.line,
	                             wrong.text);
	err e = read_all(&c, name);
	if (e == OK && (e = cluster_domain(&d, &c)) != OK) err_context("%s: eip712_domain: ", name);
	if (e != OK) cluster_free(&c);
	else *out = c;
	return e;
}

err cluster_read(cluster *out, const char *file)
{
	AUTO(buf) text = { 0 };

	TRY(file_read(&text, file, MAX_CLUSTER_FILE));
	return cluster_parse(out, file, buf_slice(&text));
}

void cluster_free(cluster *c)
{
	json_decref(c->gateway);
	json_decref(c->delegation);
	json_decref(c->root);
	free(c->typed);
	*c = (cluster){ 0 };
}

bool cluster_knows_typed(const cluster_party *p, uint32_t scheme)
{
	static const hash32 NONE;

	return p->typed && memcmp(&p->typed[scheme], &NONE, sizeof NONE) != 0;
}

/* ---- writing ------------------------------------------------------------------------------------------------- */

static json_t *id_json(const id32 *id)
{
	char text[ID_TEXT];

	if (id_is_zero_var(id)) return json_null();
	id_text(text, id);
	return json_string(text);
}

/* Seconds to the millisecond. */
static json_t *seconds_json(double s)
{
	return json_real((double)(int64_t)(s * 1000 + 0.5) / 1000);
}

static json_t *typed_json(const cluster_party *p)
{
	json_t *object = json_object();

	for (uint32_t s = SCHEME_ECDSA256K1 + 1; s < MAX_SCHEMES; s++) {
		char text[2 + 2 * 32 + 1] = "0x";
		if (!cluster_knows_typed(p, s)) continue;
		hex_write(text + 2, hash32_slice(&p->typed[s]));
		json_object_set_new(object, scheme_name(s), json_string(text));
	}
	return object;
}

static json_t *party_json(const cluster_party *p)
{
	char address[ADDRESS_TEXT], key[2 + 2 * SECP_PK + 1] = "0x";

	address_text(address, &p->signer);
	hex_write(key + 2, slice_of(p->verification_key.b, SECP_PK));
	return json_pack("{s:i, s:s, s:s?, s:s, s:s, s:s, s:o, s:s?, s:s?, s:o}", "party_id", (int)p->party_id, "grpc", p->grpc,
	                 "mpc", p->mpc, "http", p->http, "signer", address, "verification_key", key,
	                 "pid", p->pid ? json_integer(p->pid) : json_null(), "log", p->log, "config", p->config,
	                 "typed_signers", typed_json(p));
}

static json_t *cluster_json(const cluster *c)
{
	json_t *parties = json_array();

	for (size_t i = 0; i < c->parties; i++) json_array_append_new(parties, party_json(&c->party[i]));
	json_t *all = json_pack("{s:s, s:s, s:i, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:{s:s, s:s, s:I, s:s}, s:{s:o, s:o, s:o}, s:O?}",
		"mode", c->mode, "params", c->params, "threshold", (int)c->threshold, "keygen", c->keygen, "parties", parties,
		"context_id", id_json(&c->context), "epoch_id", id_json(&c->epoch), "prep_id", id_json(&c->prep),
		"key_id", id_json(&c->key), "crs_id", id_json(&c->crs),
		"eip712_domain", "name", c->domain_name, "version", c->domain_version, "chain_id", (json_int_t)c->chain_id,
		"verifying_contract", c->contract,
		"timings_s", "epoch", seconds_json(c->epoch_s), "preprocessing", seconds_json(c->preprocessing_s),
		"keygen", seconds_json(c->keygen_s), "delegation", c->delegation);
	if (c->profile == KMS712_V011) json_object_set_new(all, "eip712_profile", json_string(V011));
	if (c->gateway) json_object_set(all, "gateway", c->gateway);
	return all;
}

void cluster_print(buf *out, const cluster *c)
{
	json_t *object = cluster_json(c);

	ASSERT(object);
	char *text = json_dumps(object, JSON_INDENT(2) | JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(12));
	json_decref(object);
	ASSERT(text);
	buf_printf(out, "%s\n", text);
	free(text);
}

err cluster_write(const char *file, const cluster *c)
{
	AUTO(buf) text = { 0 };

	cluster_print(&text, c);
	return file_write_atomic(file, buf_slice(&text), 0644);
}

/* ---- domains ------------------------------------------------------------------------------------------------- */

static err domain_of(eip712_domain *out, const cluster *c, const char *name)
{
	uint8_t chain[8];

	for (unsigned i = 0; i < sizeof chain; i++) chain[i] = (uint8_t)(c->chain_id >> (8 * (sizeof chain - 1 - i)));
	const eip712_domain_parts parts = { .name = slice_str(name), .version = slice_str(c->domain_version),
	                                    .chain_id = slice_of(chain, sizeof chain), .contract = slice_str(c->contract) };
	return eip712_domain_read(out, &parts);
}

err cluster_domain(eip712_domain *out, const cluster *c)
{
	return domain_of(out, c, c->domain_name);
}

err cluster_key_domain(eip712_domain *out, const cluster *c)
{
	return domain_of(out, c, CLUSTER_KEY_DOMAIN);
}
