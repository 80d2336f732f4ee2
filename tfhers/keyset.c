/* SPDX-License-Identifier: MIT */
/*
 * tfhers/keyset.c -- CompressedXofKeySet and CompressedServerKey: the twelve public parts as bodies and seeds; and one of
 * these parts as an object of its own, CompressedDecompressionKey.
 *
 * Masks are not stored.  Each part says where its own begin: a seed and an index in its stream.  In a
 * CompressedXofKeySet all parts share one stream and take from it in the order of key_part (which is not the order of
 * storage), so the index of a part follows from the shapes of those before it.  Readers of the set as a whole go by
 * the order, readers of one part by its index: a file in which the two disagree means different keys to different
 * people and is refused.
 */
#include "tfhers/numbers.h"
#include "tfhers/server_key.h"
#include "tfhers/tfhers.h"

/* ---- seeds ------------------------------------------------------------------------------------------------------- */

enum { MAX_XOF_DATA = MASK_DOMAIN + MASK_XOF_MAX };

/* The bytes of each part's Xof seed, which the objects below borrow. */
typedef struct seed_bytes { uint8_t b[KEY_PARTS][MAX_XOF_DATA]; } seed_bytes;

static slice xof_data(uint8_t out[static MAX_XOF_DATA], const mask_seed *s)
{
	memcpy(out, s->domain, MASK_DOMAIN);
	memcpy(out + MASK_DOMAIN, s->xof, s->xof_n);
	return slice_of(out, MASK_DOMAIN + (size_t)s->xof_n);
}

static tf_seed seed_for(uint8_t bytes[static MAX_XOF_DATA], const mask_seed *s)
{
	tf_seed out = { .first_index = { s->first.block, s->first.byte } };

	if (s->kind == MASK_CTR) out.seed = (tf_seed_kind){ .variant = SEED_CTR, .ctr = s->ctr };
	else out.seed = (tf_seed_kind){ .variant = SEED_XOF, .xof = xof_data(bytes, s) };
	return out;
}

static bool xof_seed_of(mask_seed *out, slice data)
{
	if (data.n < MASK_DOMAIN || data.n > MAX_XOF_DATA) return false;
	*out = (mask_seed){ .kind = MASK_XOF, .xof_n = (uint8_t)(data.n - MASK_DOMAIN) };
	memcpy(out->domain, data.p, MASK_DOMAIN);
	memcpy(out->xof, data.p + MASK_DOMAIN, out->xof_n);
	return true;
}

static err seed_of(mask_seed *out, const char *what, const char *part, const tf_seed *s)
{
	mask_seed seed = { .kind = MASK_CTR, .ctr = s->seed.ctr };

	if (s->seed.variant == SEED_XOF && !xof_seed_of(&seed, s->seed.xof))
		return err_fail(ERR_REQUEST, "%s: the Xof seed of its %s has %zu bytes, %d to %d are read", what, part, s->seed.xof.n,
		                MASK_DOMAIN, MAX_XOF_DATA);
	if (s->first_index.byte_index >= AES_BLOCK)
		return err_fail(ERR_REQUEST, "%s: the masks of its %s begin at byte %llu of a block of %d", what, part,
		                (unsigned long long)s->first_index.byte_index, AES_BLOCK);
	seed.first = (mask_index){ s->first_index.aes_index, (uint8_t)s->first_index.byte_index };
	*out = seed;
	return OK;
}

static bool seed_eq_var(const mask_seed *a, const mask_seed *b)
{
	return a->kind == b->kind && a->first.block == b->first.block && a->first.byte == b->first.byte &&
	       (a->kind == MASK_CTR ? a->ctr == b->ctr :
	        memcmp(a->domain, b->domain, MASK_DOMAIN) == 0 && a->xof_n == b->xof_n && memcmp(a->xof, b->xof, a->xof_n) == 0);
}

/* ---- the object of a set: what is written, and what a reader compares with ------------------------------------------ */

/* Versions of the expansion kind: whatever a file had, 1 when we write. */
typedef struct expand_versions { uint32_t pke, rerand; } expand_versions;

typedef struct maker {
	const seeded_keyset *set;
	expand_versions versions;
	slice tag;
	seed_bytes seeds;
} maker;

typedef struct piece { part_shape s; slice bodies; tf_seed seed; } piece;

static piece piece_of(maker *m, key_part part)
{
	const seeded_part *stored = &m->set->part[part];
	return (piece){ part_shape_of(m->set->params, part), stored->bodies, seed_for(m->seeds.b[part], &stored->seed) };
}

static bool present(const maker *m, key_part part)
{
	return m->set->part[part].bodies.n > 0;
}

static tf_seeded_ksk ksk_of(piece p)
{
	return (tf_seeded_ksk){ .data = p.bodies, .base_log = p.s.decomp.base_log, .level = p.s.decomp.level,
	                        .output_lwe_size = p.s.mask + 1, .seed = p.seed, .modulus = numbers_modulus(p.s.bits) };
}

static tf_seeded_pksk pksk_of(piece p)
{
	return (tf_seeded_pksk){ .data = p.bodies, .base_log = p.s.decomp.base_log, .level = p.s.decomp.level,
	                         .output_glwe_size = p.s.k + 1, .output_polynomial_size = p.s.N, .seed = p.seed,
	                         .modulus = numbers_modulus(p.s.bits) };
}

static tf_seeded_bsk bsk_of(piece p)
{
	return (tf_seeded_bsk){ .data = p.bodies, .glwe_size = p.s.k + 1, .polynomial_size = p.s.N,
	                        .base_log = p.s.decomp.base_log, .level = p.s.decomp.level, .seed = p.seed,
	                        .modulus = numbers_modulus(p.s.bits) };
}

static tf_seeded_cpk cpk_of(piece p, tf_pke_params params)
{
	return (tf_seeded_cpk){ .key = { .data = p.bodies, .glwe_size = p.s.k + 1, .seed = p.seed,
	                                 .modulus = numbers_modulus(p.s.bits) }, .parameters = params };
}

/* How a bootstrap key switches moduli; the zeros are there with MS_DRIFT only. */
static tf_ms_key ms_of(const ms_params *ms, piece zeros)
{
	if (ms->kind != MS_DRIFT) return (tf_ms_key){ .variant = ms->kind };
	return (tf_ms_key){ .variant = MS_DRIFT, .drift = {
		.zeros = { .data = zeros.bodies, .lwe_size = zeros.s.mask + 1, .seed = zeros.seed,
		           .modulus = numbers_modulus(zeros.s.bits) },
		.ms_bound = ms->ms_bound, .r_sigma = ms->r_sigma, .input_variance = ms->input_variance } };
}

static tf_shortint_key block_key_of(maker *m)
{
	const lat_params *p = m->set->params;
	return (tf_shortint_key){
		.ap.standard = {
			.ksk = ksk_of(piece_of(m, PART_KSK)),
			.bsk.classic = { bsk_of(piece_of(m, PART_BSK)), ms_of(&p->ms, piece_of(m, PART_MS_ZEROS)) },
			.pbs_order = PBS_KEYSWITCH_FIRST },
		.message_modulus = MESSAGE_MODULUS, .carry_modulus = CARRY_MODULUS,
		.max_degree = SERVER_DEGREE, .max_noise_level = p->max_noise_level };
}

static tf_decomp_key decomp_key_of(maker *m)
{
	return (tf_decomp_key){ .bsk.classic = { bsk_of(piece_of(m, PART_DECOMP_BSK)), { .variant = MS_STANDARD } },
	                        .lwe_per_glwe = m->set->params->comp.lwe_per_glwe };
}

static tf_compressed_server_key server_key_of(maker *m)
{
	const lat_params *p = m->set->params;
	return (tf_compressed_server_key){ .tag = m->tag, .key = {
		.key = block_key_of(m),
		.has_cpk_ksk = present(m, PART_CAST_KSK),
		.cpk_ksk = { .ksk = ksk_of(piece_of(m, PART_CAST_KSK)), .cast_rshift = 0, .destination_key = KEY_SMALL },
		.has_compression = present(m, PART_COMP_PKSK),
		.compression = { pksk_of(piece_of(m, PART_COMP_PKSK)), p->comp.lwe_per_glwe, p->comp.storage_bits },
		.has_decompression = present(m, PART_DECOMP_BSK),
		.decompression = decomp_key_of(m),
		.has_noise_squash = present(m, PART_SNS_BSK),
		.noise_squash = {
			.ap.standard.classic = { bsk_of(piece_of(m, PART_SNS_BSK)), ms_of(&p->sns.ms, piece_of(m, PART_SNS_MS_ZEROS)) },
			.message_modulus = MESSAGE_MODULUS, .carry_modulus = CARRY_MODULUS, .modulus = numbers_modulus(128) },
		.has_ns_compression = present(m, PART_SNSCOMP_PKSK),
		.ns_compression = { pksk_of(piece_of(m, PART_SNSCOMP_PKSK)), p->snscomp.lwe_per_glwe },
		.has_rerand = present(m, PART_RERAND),
		.rerand = { .variant = RERAND_DERIVED,
		            .derived = cpk_of(piece_of(m, PART_RERAND), numbers_rerand(p, m->versions.rerand)) },
		.has_oprf = present(m, PART_OPRF_BSK),
		.oprf = { .classic = bsk_of(piece_of(m, PART_OPRF_BSK)) },
	} };
}

static tf_compressed_public_key public_key_of(maker *m)
{
	return (tf_compressed_public_key){
		cpk_of(piece_of(m, PART_PKE), numbers_pke(m->set->params, m->versions.pke)), m->tag };
}

/* ---- reading ----------------------------------------------------------------------------------------------------- */

/* Where the words and the seed of each part are; NULL for parts that are absent. */
typedef struct found { const slice *bodies; const tf_seed *seed; } found;

#define FOUND(x) (found){ &(x).data, &(x).seed }

static void find_server_parts(found at[static KEY_PARTS], const tf_integer_server_key *k)
{
	const tf_block_key *block = &k->key.ap.standard;
	const tf_classic_bsk *sns = &k->noise_squash.ap.standard.classic;

	at[PART_KSK] = FOUND(block->ksk);
	at[PART_BSK] = FOUND(block->bsk.classic.bsk);
	if (block->bsk.classic.ms.variant == MS_DRIFT) at[PART_MS_ZEROS] = FOUND(block->bsk.classic.ms.drift.zeros);
	if (k->has_cpk_ksk) at[PART_CAST_KSK] = FOUND(k->cpk_ksk.ksk);
	if (k->has_compression) at[PART_COMP_PKSK] = FOUND(k->compression.pksk);
	if (k->has_decompression) at[PART_DECOMP_BSK] = FOUND(k->decompression.bsk.classic.bsk);
	if (k->has_noise_squash) at[PART_SNS_BSK] = FOUND(sns->bsk);
	if (k->has_noise_squash && sns->ms.variant == MS_DRIFT) at[PART_SNS_MS_ZEROS] = FOUND(sns->ms.drift.zeros);
	if (k->has_ns_compression) at[PART_SNSCOMP_PKSK] = FOUND(k->ns_compression.pksk);
	if (k->has_rerand && k->rerand.variant == RERAND_DERIVED) at[PART_RERAND] = FOUND(k->rerand.derived.key);
	if (k->has_oprf) at[PART_OPRF_BSK] = FOUND(k->oprf.classic);
}

static err take_parts(seeded_keyset *set, const char *what, const found at[static KEY_PARTS])
{
	for (key_part i = 0; i < KEY_PARTS; i++) {
		if (!at[i].bodies) continue;
		const part_shape s = part_shape_of(set->params, i);
		if (at[i].bodies->n == 0 || at[i].bodies->n != part_body_bytes(s))
			return err_fail(ERR_REQUEST, "%s: its %s has %zu bytes of bodies, %s needs %zu", what, s.name, at[i].bodies->n,
			                numbers_text(set->params).text, part_body_bytes(s));
		set->part[i].bodies = *at[i].bodies;
		TRY(seed_of(&set->part[i].seed, what, s.name, at[i].seed));
	}
	return OK;
}

/* Where the masks of the next part begin after those of a part that begins at `at`. */
static mask_index index_after(mask_index at, part_shape s)
{
	uint64_t byte = at.byte + (uint64_t)part_mask_bytes(s);
	return (mask_index){ at.block + byte / AES_BLOCK, (uint8_t)(byte % AES_BLOCK) };
}

static err check_stream(const seeded_keyset *set, const char *what, const tf_xof_start *start)
{
	mask_seed next;

	if (!xof_seed_of(&next, start->seed))
		return err_fail(ERR_REQUEST, "%s: its seed has %zu bytes, %d to %d are read", what, start->seed.n, MASK_DOMAIN,
		                MAX_XOF_DATA);
	next.first.byte = start->variant == XOF_SECOND_BYTE;
	for (key_part i = 0; i < KEY_PARTS; i++) {
		const part_shape s = part_shape_of(set->params, i);
		if (set->part[i].bodies.n == 0) continue;
		if (!seed_eq_var(&set->part[i].seed, &next))
			return err_fail(ERR_REQUEST, "%s: the masks of its %s begin at block %llu, byte %u of the set's stream; its own "
			                "seed says otherwise", what, s.name, (unsigned long long)next.first.block, next.first.byte);
		next.first = index_after(next.first, s);
	}
	return OK;
}

/* Bodies and seeds of all parts; pke: NULL for a stand-alone server key. */
static err read_parts(seeded_keyset *set, const char *what, const tf_compressed_server_key *got,
                      const tf_compressed_public_key *pke)
{
	found at[KEY_PARTS] = { 0 };

	set->params = numbers_find(OBJECT_COMPRESSED_SERVER_KEY, got);
	if (!set->params) return numbers_unknown(what);
	if (got->key.has_rerand && got->key.rerand.variant == RERAND_LEGACY)
		return err_fail(ERR_REQUEST, "%s: re-randomization with a dedicated public key is not supported", what);
	find_server_parts(at, &got->key);
	if (pke) at[PART_PKE] = FOUND(pke->key.key);
	TRY(take_parts(set, what, at));
	return numbers_check_tag(what, got->tag);
}

static uint32_t rerand_version(const tf_compressed_server_key *k)
{
	return k->key.rerand.derived.parameters.expansion_kind.version;
}

static err read_xof_keyset(seeded_keyset *set, slice *tag, slice file)
{
	const char *what = OBJECT[OBJECT_XOF_KEYSET].name;
	arena none = arena_with_limit(0);                /* the type has no VECs */
	tf_xof_keyset got;

	TRY(object_read(&got, &none, OBJECT_XOF_KEYSET, file));
	TRY(read_parts(set, what, &got.server_key, &got.public_key));
	maker m = { .set = set, .tag = got.server_key.tag,
	            .versions = { got.public_key.key.parameters.expansion_kind.version, rerand_version(&got.server_key) } };
	tf_xof_keyset want = { got.seed, public_key_of(&m), server_key_of(&m) };
	want.public_key.tag = got.public_key.tag;        /* the server key's is the one that counts */
	TRY(schema_expect(&T_XOF_KEYSET, &got, &want, envelope_length(what), what, numbers_text(set->params).text));
	*tag = got.server_key.tag;
	return check_stream(set, what, &got.seed);
}

static err read_server_key(seeded_keyset *set, slice *tag, slice file)
{
	const char *what = OBJECT[OBJECT_COMPRESSED_SERVER_KEY].name;
	arena none = arena_with_limit(0);                /* the type has no VECs */
	tf_compressed_server_key got;

	TRY(object_read(&got, &none, OBJECT_COMPRESSED_SERVER_KEY, file));
	TRY(read_parts(set, what, &got, NULL));
	maker m = { .set = set, .tag = got.tag, .versions.rerand = rerand_version(&got) };
	tf_compressed_server_key want = server_key_of(&m);
	TRY(schema_expect(&T_COMPRESSED_SERVER_KEY, &got, &want, envelope_length(what), what, numbers_text(set->params).text));
	*tag = got.tag;
	return OK;
}

err tfhers_read_keyset(seeded_keyset *out, slice *tag, slice file)
{
	seeded_keyset set = { 0 };
	slice its_tag;
	object_id id;

	TRY(object_of(&id, file));
	if (id == OBJECT_COMPRESSED_SERVER_KEY) TRY(read_server_key(&set, &its_tag, file));
	else if (id == OBJECT_SERVER_KEY) TRY(server_key_read(&set, &its_tag, file));
	else TRY(read_xof_keyset(&set, &its_tag, file));
	*out = set;
	*tag = its_tag;
	return OK;
}

/* ---- writing ----------------------------------------------------------------------------------------------------- */

/* The object of a set whose parts are all of one stream; `start` is where its seed goes. */
static tf_xof_keyset xof_keyset_of(maker *m, uint8_t start[static MAX_XOF_DATA])
{
	const seeded_keyset *set = m->set;
	mask_seed next = set->part[PART_PKE].seed;

	next.first = (mask_index){ 0, 0 };
	ASSERT(next.kind == MASK_XOF);
	for (key_part i = 0; i < KEY_PARTS; i++) {
		const part_shape s = part_shape_of(set->params, i);
		if (s.rows == 0) continue;
		ASSERT(set->part[i].bodies.n == part_body_bytes(s) && seed_eq_var(&set->part[i].seed, &next));
		next.first = index_after(next.first, s);
	}
	return (tf_xof_keyset){ { XOF_FIRST_BYTE, xof_data(start, &next) }, public_key_of(m), server_key_of(m) };
}

keyset_layout tfhers_keyset_layout(const lat_params *params, size_t seed_n, size_t tag_n)
{
	static const uint8_t ZERO[MAX_TAG];
	const size_t before = envelope_length(OBJECT[OBJECT_XOF_KEYSET].name);
	mask_seed next = { .kind = MASK_XOF, .xof_n = (uint8_t)seed_n };
	seeded_keyset set = { .params = params };
	uint8_t start[MAX_XOF_DATA];
	found at[KEY_PARTS] = { 0 };

	ASSERT(seed_n <= MASK_XOF_MAX && tag_n <= MAX_TAG);
	for (key_part i = 0; i < KEY_PARTS; i++) {
		const part_shape s = part_shape_of(params, i);
		set.part[i] = (seeded_part){ .bodies = { NULL, part_body_bytes(s) }, .seed = next };
		next.first = index_after(next.first, s);
	}
	maker m = { .set = &set, .tag = slice_of(ZERO, tag_n), .versions = { 1, 1 } };
	tf_xof_keyset object = xof_keyset_of(&m, start);
	find_server_parts(at, &object.server_key.key);
	at[PART_PKE] = FOUND(object.public_key.key.key);

	keyset_layout out = { .bytes = before + schema_length(&T_XOF_KEYSET, &object) };
	for (key_part i = 0; i < KEY_PARTS; i++)
		if (at[i].bodies) out.at[i] = before + schema_place(&T_XOF_KEYSET, &object, at[i].bodies);
	return out;
}

void tfhers_frame_keyset(uint8_t *file, const seeded_keyset *set, slice tag)
{
	maker m = { .set = set, .tag = tag, .versions = { 1, 1 } };
	uint8_t start[MAX_XOF_DATA];
	buf head = { 0 };

	tfhers_envelope_write(&head, OBJECT[OBJECT_XOF_KEYSET].name);
	memcpy(file, head.p, head.n);
	const tf_xof_keyset object = xof_keyset_of(&m, start);
	schema_write_around(file + head.n, &T_XOF_KEYSET, &object);
	buf_free(&head);
}

void tfhers_write_keyset(buf *out, const seeded_keyset *set, slice tag)
{
	const keyset_layout layout = tfhers_keyset_layout(set->params, set->part[PART_PKE].seed.xof_n, tag.n);
	uint8_t *file = buf_grow(out, layout.bytes);

	tfhers_frame_keyset(file, set, tag);
	for (key_part i = 0; i < KEY_PARTS; i++)
		if (layout.at[i]) memcpy(file + layout.at[i], set->part[i].bodies.p, set->part[i].bodies.n);
}

void tfhers_write_server_key(buf *out, const seeded_keyset *set, slice tag)
{
	maker m = { .set = set, .tag = tag, .versions = { 1, 1 } };
	ASSERT(present(&m, PART_KSK) && present(&m, PART_BSK));
	tf_compressed_server_key object = server_key_of(&m);
	object_write(out, OBJECT_COMPRESSED_SERVER_KEY, &object);
}

/* ---- a decompression key on its own -------------------------------------------------------------------------------- */

err tfhers_read_decompression_key(seeded_keyset *out, slice file)
{
	const char *what = OBJECT[OBJECT_DECOMPRESSION_KEY].name;
	arena none = arena_with_limit(0);                /* the type has no VECs */
	found at[KEY_PARTS] = { 0 };
	tf_decomp_key got;

	TRY(object_read(&got, &none, OBJECT_DECOMPRESSION_KEY, file));
	seeded_keyset set = { .params = numbers_find(OBJECT_DECOMPRESSION_KEY, &got) };
	if (!set.params) return numbers_unknown(what);
	at[PART_DECOMP_BSK] = FOUND(got.bsk.classic.bsk);
	TRY(take_parts(&set, what, at));
	maker m = { .set = &set };
	tf_decomp_key want = decomp_key_of(&m);
	TRY(schema_expect(&T_DECOMP_KEY, &got, &want, envelope_length(what), what, numbers_text(set.params).text));
	*out = set;
	return OK;
}

keyset_layout tfhers_decompression_layout(const lat_params *params, size_t seed_n)
{
	const size_t before = envelope_length(OBJECT[OBJECT_DECOMPRESSION_KEY].name);
	seeded_keyset set = { .params = params };

	ASSERT(seed_n <= MASK_XOF_MAX);
	set.part[PART_DECOMP_BSK] = (seeded_part){ .bodies = { NULL, part_body_bytes(part_shape_of(params, PART_DECOMP_BSK)) },
	                                           .seed = { .kind = MASK_XOF, .xof_n = (uint8_t)seed_n } };
	maker m = { .set = &set };
	const tf_decomp_key object = decomp_key_of(&m);
	keyset_layout out = { .bytes = before + schema_length(&T_DECOMP_KEY, &object) };
	out.at[PART_DECOMP_BSK] = before + schema_place(&T_DECOMP_KEY, &object, &object.bsk.classic.bsk.data);
	return out;
}

void tfhers_frame_decompression_key(uint8_t *file, const seeded_keyset *set)
{
	maker m = { .set = set };
	buf head = { 0 };

	tfhers_envelope_write(&head, OBJECT[OBJECT_DECOMPRESSION_KEY].name);
	memcpy(file, head.p, head.n);
	const tf_decomp_key object = decomp_key_of(&m);
	schema_write_around(file + head.n, &T_DECOMP_KEY, &object);
	buf_free(&head);
}
