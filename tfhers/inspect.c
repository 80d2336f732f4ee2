/* SPDX-License-Identifier: MIT */
/* tfhers/inspect.c -- the facts about an object, for people and for scripts. */
#include "tfhers/inspect.h"
#include "base/hex.h"
#include "tfhers/numbers.h"
#include "tfhers/tfhers.h"

/* ---- facts as lines or as JSON --------------------------------------------------------------------------------------- */

/* Names have underscores, which people see as spaces.  Texts are ours or hexadecimal: nothing needs an escape. */
typedef struct sheet { buf *out; bool json; unsigned facts, items; } sheet;

static void put_name(sheet *s, const char *name)
{
	if (s->json) buf_put_str(s->out, "\"");
	for (const char *c = name; *c; c++) buf_put_u8(s->out, (uint8_t)(*c == '_' && !s->json ? ' ' : *c));
	if (s->json) buf_put_str(s->out, "\"");
}

static void begin_fact(sheet *s, const char *name)
{
	if (s->json && s->facts++) buf_put_str(s->out, ", ");
	put_name(s, name);
	buf_put_str(s->out, ": ");
}

static void end_fact(sheet *s)
{
	if (!s->json) buf_put_str(s->out, "\n");
}

static void text(sheet *s, const char *name, const char *value)
{
	begin_fact(s, name);
	buf_printf(s->out, s->json ? "\"%s\"" : "%s", value);
	end_fact(s);
}

static void number(sheet *s, const char *name, uint64_t value)
{
	begin_fact(s, name);
	buf_printf(s->out, "%llu", (unsigned long long)value);
	end_fact(s);
}

static void yes_or_no(sheet *s, const char *name, bool value)
{
	begin_fact(s, name);
	buf_put_str(s->out, s->json ? (value ? "true" : "false") : (value ? "yes" : "no"));
	end_fact(s);
}

static void hex(sheet *s, const char *name, slice bytes)
{
	begin_fact(s, name);
	if (s->json) buf_put_str(s->out, "\"");
	else if (bytes.n == 0) buf_put_str(s->out, "none");
	buf_put_hex(s->out, bytes);
	if (s->json) buf_put_str(s->out, "\"");
	end_fact(s);
}

/* A fact of several items: texts (JSON: an array) or counts by name (JSON: an object). */
static void begin_items(sheet *s, const char *name, char bracket)
{
	begin_fact(s, name);
	if (s->json) buf_put_u8(s->out, (uint8_t)bracket);
	s->items = 0;
}

static void item(sheet *s, const char *value)
{
	buf_printf(s->out, s->json ? "%s\"%s\"" : "%s%s", s->items++ ? ", " : "", value);
}

static void count(sheet *s, const char *name, slice words, size_t word)
{
	buf_put_str(s->out, s->items++ ? ", " : "");
	put_name(s, name);
	buf_printf(s->out, s->json ? ": %zu" : " %zu", words.n / word);
}

static void end_items(sheet *s, char bracket)
{
	if (s->json) buf_put_u8(s->out, (uint8_t)bracket);
	else if (s->items == 0) buf_put_str(s->out, "none");
	end_fact(s);
}

/* ---- keys ------------------------------------------------------------------------------------------------------------ */

static void client_key(sheet *s, const tf_client_key *object)
{
	const tf_integer_client_key *k = &object->key;

	begin_items(s, "secret_bits", '{');
	count(s, "big", k->key.standard.glwe_sk.data, 8);
	count(s, "small", k->key.standard.lwe_sk, 8);
	if (k->has_dedicated_pke) count(s, "public_key", k->dedicated_pke.pke.key, 8);
	if (k->has_compression) count(s, "compression", k->compression.key.data, 8);
	if (k->has_noise_squash) count(s, "squash", k->noise_squash.key.data, 16);
	if (k->has_ns_compression) count(s, "squash_compression", k->ns_compression.key.data, 16);
	if (k->has_oprf) count(s, "pseudo_random_function", k->oprf.standard, 8);
	end_items(s, '}');
}

static void pke_params(sheet *s, const tf_pke_params *p)
{
	number(s, "dimension", p->lwe_dimension);
	number(s, "expansion_kind_version", p->expansion_kind.version);
}

static void server_key(sheet *s, const tf_compressed_server_key *object)
{
	const tf_integer_server_key *k = &object->key;
	const tf_server_bsk *bsk = &k->key.ap.standard.bsk;

	begin_items(s, "stored_words", '{');
	count(s, "keyswitch", k->key.ap.standard.ksk.data, 8);
	count(s, "bootstrap", bsk->classic.bsk.data, 8);
	if (k->has_cpk_ksk) count(s, "casting", k->cpk_ksk.ksk.data, 8);
	if (k->has_compression) count(s, "compression", k->compression.pksk.data, 8);
	if (k->has_decompression) count(s, "decompression", k->decompression.bsk.classic.bsk.data, 8);
	if (k->has_noise_squash) count(s, "squash", k->noise_squash.ap.standard.classic.bsk.data, 16);
	if (k->has_ns_compression) count(s, "squash_compression", k->ns_compression.pksk.data, 16);
	if (k->has_rerand && k->rerand.variant == RERAND_DERIVED)
		count(s, "rerandomization", k->rerand.derived.key.data, 8);
	if (k->has_oprf) count(s, "pseudo_random_function", k->oprf.classic.data, 8);
	end_items(s, '}');
}

static void decompression_key(sheet *s, const tf_decomp_key *k)
{
	begin_items(s, "stored_words", '{');
	count(s, "decompression", k->bsk.classic.bsk.data, 8);
	end_items(s, '}');
}

static void spectra(sheet *s, const char *name, schema_spectra x)
{
	count(s, name, x.polynomials, schema_spectrum(x.N));
}

/* Also: would it be read? */
static void plain_server_key(sheet *s, const tf_server_key *object, slice file)
{
	const tf_plain_integer *k = &object->key;
	seeded_keyset set;
	slice tag;

	begin_items(s, "stored_words", '{');
	count(s, "keyswitch", k->key.ap.standard.ksk.data, 8);
	if (k->has_cpk_ksk) count(s, "casting", k->cpk_ksk.ksk.data, 8);
	if (k->has_compression) count(s, "compression", k->compression.pksk.data, 8);
	if (k->has_ns_compression) count(s, "squash_compression", k->ns_compression.pksk.data, 16);
	if (k->has_rerand) count(s, "rerandomization", k->rerand.derived.key.data, 8);
	end_items(s, '}');
	begin_items(s, "stored_spectra", '{');
	spectra(s, "bootstrap", k->key.ap.standard.bsk.bsk.fourier);
	if (k->has_decompression) spectra(s, "decompression", k->decompression.bsk.bsk.fourier);
	if (k->has_oprf) spectra(s, "pseudo_random_function", k->oprf.classic.fourier);
	end_items(s, '}');
	if (k->has_noise_squash) number(s, "numbers_of_the_squash", k->noise_squash.ap.standard.bsk.re0.n / 4);              /* re and im, high and low: 32 bytes */
	yes_or_no(s, "consistent", tfhers_read_keyset(&set, &tag, file) == OK);
	err_clear();
}

/* Also: would it be read?  Parameters of all parts, and their places in the stream of the set. */
static void keyset(sheet *s, const tf_xof_keyset *k, slice file)
{
	seeded_keyset set;
	slice tag;

	hex(s, "seed_of_the_masks", slice_of(k->seed.seed.p, size_min(k->seed.seed.n, MASK_DOMAIN + MASK_XOF_MAX)));
	server_key(s, &k->server_key);
	yes_or_no(s, "consistent", tfhers_read_keyset(&set, &tag, file) == OK);
	err_clear();
}

/* ---- ciphertexts ------------------------------------------------------------------------------------------------------ */

static void width(sheet *s, const char *kind, uint64_t blocks)
{
	text(s, "kind", kind);
	number(s, "blocks", blocks);
	number(s, "bits", blocks * MESSAGE_BITS);
}

static void compressed_blocks(sheet *s, const char *kind, const tf_compressed_integer *v)
{
	const tf_compressed_blocks *b = &v->blocks;
	bool seeded = b->variant == COMPRESSED_SEEDED;

	width(s, kind, seeded ? b->seeded.n : 2 * b->switched.pairs.n + b->switched.has_last);
	text(s, "form", seeded ? "seeded" : "modulus-switched");
}

static void kinds(sheet *s, const tf_data_kinds *info)
{
	enum { SHOWN = 64 };

	number(s, "values", info->n);
	begin_items(s, "kinds", '[');
	for (size_t i = 0; i < info->n && i < SHOWN; i++) {
		static const char *const SIGN[] = { [KIND_UNSIGNED] = "uint", [KIND_SIGNED] = "int" };
		const tf_data_kind *k = &info->p[i];
		char line[48];
		if (k->variant == KIND_BOOLEAN) snprintf(line, sizeof line, "bool");
		else if (k->variant == KIND_STRING) snprintf(line, sizeof line, "string of %u", k->string.n_chars);
		else snprintf(line, sizeof line, "%s%llu", SIGN[k->variant], (unsigned long long)k->blocks * MESSAGE_BITS);
		item(s, line);
	}
	if (info->n > SHOWN) item(s, "and more");
	end_items(s, ']');
}

static void chunk(sheet *s, const tf_chunk *c)
{
	yes_or_no(s, "packed", c->degree == MAX_DEGREE);
	number(s, "expansion_kind_version", c->expansion_kind.version);
}

static void proven_list(sheet *s, const tf_proven_list *l)
{
	uint64_t count = 0;

	for (size_t i = 0; i < l->inner.lists.n; i++) count += l->inner.lists.p[i].list.list.lwe_count;
	number(s, "proofs", l->inner.lists.n);
	number(s, "ciphertexts", count);
	if (l->inner.lists.n) {
		chunk(s, &l->inner.lists.p[0].list);
		number(s, "proof_version", l->inner.lists.p[0].proof.v2.version);
		text(s, "compute_load", l->inner.lists.p[0].proof.v2.fields.has_compute_load ? "prover" : "verifier");
	}
	kinds(s, &l->inner.info);
}

static void packed_body(sheet *s, const tf_packed_body *b)
{
	uint64_t slots = 0;

	for (size_t i = 0; i < b->packed.lists.n; i++) slots += b->packed.lists.p[i].bodies_count;
	number(s, "ciphertexts", b->packed.lists.n);
	number(s, "slots", slots);
	kinds(s, &b->info);
}

static void crs(sheet *s, const tf_crs *object)
{
	const tf_crs_v2 *c = &object->v2;

	number(s, "dimension", c->d);
	number(s, "messages_of_a_proof", c->k);
	number(s, "bits_of_a_proof", c->k * (MESSAGE_BITS + CARRY_BITS));
	number(s, "points_of_the_first_group", c->groups.g_list.n);
	number(s, "points_of_the_second_group", c->groups.g_hat_list.n);
	text(s, "bound", c->bound_type ? "CS" : "GHL");
}

/* ---- which facts for which object -------------------------------------------------------------------------------------- */

static void facts(sheet *s, object_id id, const void *value, slice file)
{
	const tf_compact_list *list = value;
	const tf_squashed_radix *squashed = &((const tf_squashed_integer *)value)->radix;

	switch (id) {
	case OBJECT_CLIENT_KEY:            client_key(s, value); break;
	case OBJECT_PUBLIC_KEY:            pke_params(s, &((const tf_public_key *)value)->key.parameters); break;
	case OBJECT_COMPRESSED_PUBLIC_KEY: pke_params(s, &((const tf_compressed_public_key *)value)->key.parameters); break;
	case OBJECT_COMPRESSED_SERVER_KEY: server_key(s, value); break;
	case OBJECT_XOF_KEYSET:            keyset(s, value, file); break;
	case OBJECT_DECOMPRESSION_KEY:     decompression_key(s, value); break;
	case OBJECT_SERVER_KEY:            plain_server_key(s, value, file); break;
	case OBJECT_BOOL:                  width(s, "bool", 1); break;
	case OBJECT_UINT:                  width(s, "unsigned", ((const tf_integer *)value)->blocks.n); break;
	case OBJECT_INT:                   width(s, "signed", ((const tf_integer *)value)->blocks.n); break;
	case OBJECT_COMPRESSED_BOOL:       width(s, "bool", 1); break;
	case OBJECT_COMPRESSED_UINT:       compressed_blocks(s, "unsigned", value); break;
	case OBJECT_COMPRESSED_INT:        compressed_blocks(s, "signed", value); break;
	case OBJECT_COMPACT_LIST:
		number(s, "ciphertexts", list->inner.list.list.lwe_count);
		chunk(s, &list->inner.list);
		kinds(s, &list->inner.info);
		break;
	case OBJECT_PROVEN_LIST:           proven_list(s, value); break;
	case OBJECT_COMPRESSED_LIST:       packed_body(s, &((const tf_compressed_list *)value)->inner); break;
	case OBJECT_SQUASHED_BOOL:         width(s, "bool", 1); break;
	case OBJECT_SQUASHED_UINT:         width(s, "unsigned", squashed->original_block_count); break;
	case OBJECT_SQUASHED_INT:          width(s, "signed", squashed->original_block_count); break;
	case OBJECT_SQUASHED_LIST:         packed_body(s, &((const tf_squashed_list *)value)->inner); break;
	case OBJECT_CRS:                   crs(s, value); break;
	case OBJECTS:                      break;
	}
}

static err read_any(object_id *id, void **value, arena *a, slice file)
{
	TRY(object_of(id, file));
	TRY(arena_new_bytes(a, value, 1, OBJECT[*id].type->size));
	return object_read(*value, a, *id, file);
}

err tfhers_inspect(buf *out, slice file, bool json)
{
	AUTO(arena) a = object_arena(file);
	AUTO(buf) page = { 0 };
	sheet s = { &page, json, 0, 0 };
	object_id id;
	void *value;

	TRY(read_any(&id, &value, &a, file));
	if (json) buf_put_str(&page, "{");
	text(&s, "type", OBJECT[id].name);
	number(&s, "bytes", file.n);
	const lat_params *p = numbers_find(id, value);
	text(&s, "parameters", p ? p->name : "unknown");
	if (OBJECT[id].tag) {
		slice tag = *(const slice *)((const uint8_t *)value + OBJECT[id].tag);
		TRY(numbers_check_tag(OBJECT[id].name, tag));
		hex(&s, "tag", tag);
	}
	facts(&s, id, value, file);
	if (json) buf_put_str(&page, "}\n");
	buf_put_slice(out, buf_slice(&page));
	return OK;
}

err tfhers_trace(buf *out, slice file)
{
	AUTO(arena) a = object_arena(file);
	object_id id;
	void *value;

	TRY(read_any(&id, &value, &a, file));
	size_t header = envelope_length(OBJECT[id].name);
	buf_printf(out, "%9u %9zu  %s\n", 0u, header, OBJECT[id].name);
	schema_print(out, OBJECT[id].type, value, header);
	return OK;
}
