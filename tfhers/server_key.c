/* SPDX-License-Identifier: MIT */
/*
 * tfhers/server_key.c -- ServerKey: eleven public parts with all their words, bootstrap keys in Fourier form.
 *
 * Reading borrows everything; the rows are made from it when they are needed (lattice/keys.h, part_form).  Writing is in
 * place: a file of production is 2.1 GB, so there is a layout, a frame around the words, and whoever has the rows puts
 * them where the layout says.
 */
#include "tfhers/server_key.h"
#include "tfhers/numbers.h"
#include "tfhers/tables_server.h"

static part_form form_of(part_shape s)
{
	return s.kind == KIND_BSK ? PART_SPECTRA : PART_WHOLE;
}

/* ---- the object of a set: what is written, and what a reader compares with ------------------------------------------- */

typedef struct piece { part_shape s; const seeded_part *p; } piece;

static piece piece_of(const seeded_keyset *set, key_part part)
{
	return (piece){ part_shape_of(set->params, part), &set->part[part] };
}

static bool present(const seeded_keyset *set, key_part part)
{
	return set->part[part].bodies.n > 0;
}

static tf_ksk ksk_of(piece x)
{
	return (tf_ksk){ .data = x.p->bodies, .base_log = x.s.decomp.base_log, .level = x.s.decomp.level,
	                 .output_lwe_size = x.s.mask + 1, .modulus = numbers_modulus(x.s.bits) };
}

static tf_pksk pksk_of(piece x)
{
	return (tf_pksk){ .data = x.p->bodies, .base_log = x.s.decomp.base_log, .level = x.s.decomp.level,
	                  .output_glwe_size = x.s.k + 1, .output_polynomial_size = x.s.N, .modulus = numbers_modulus(x.s.bits) };
}

/* Bits of the input key: a GGSW each. */
static uint64_t inputs_of(part_shape s) { return s.rows / (s.decomp.level * (s.k + 1)); }

static tf_fourier fourier_of(piece x)
{
	return (tf_fourier){ .fourier = { x.s.N, x.p->bodies }, .input_lwe_dimension = inputs_of(x.s), .glwe_size = x.s.k + 1,
	                     .base_log = x.s.decomp.base_log, .level = x.s.decomp.level };
}

static tf_fourier128 fourier128_of(piece x)
{
	return (tf_fourier128){ .re0 = x.p->bodies, .re1 = x.p->array[0], .im0 = x.p->array[1], .im1 = x.p->array[2],
	                        .polynomial_size = x.s.N, .input_lwe_dimension = inputs_of(x.s), .glwe_size = x.s.k + 1,
	                        .base_log = x.s.decomp.base_log, .level = x.s.decomp.level };
}

/* How a bootstrap key switches moduli; the zeros are there with MS_DRIFT only. */
static tf_ms ms_of(const ms_params *ms, piece zeros)
{
	if (ms->kind != MS_DRIFT) return (tf_ms){ .variant = ms->kind };
	return (tf_ms){ .variant = MS_DRIFT, .drift = {
		.zeros = { .data = zeros.p->bodies, .lwe_size = zeros.s.mask + 1, .modulus = numbers_modulus(zeros.s.bits) },
		.ms_bound = ms->ms_bound, .r_sigma = ms->r_sigma, .input_variance = ms->input_variance } };
}

static tf_plain_shortint block_key_of(const seeded_keyset *set)
{
	const lat_params *p = set->params;
	return (tf_plain_shortint){
		.ap.standard = {
			.ksk = ksk_of(piece_of(set, PART_KSK)),
			.bsk = { .bsk = fourier_of(piece_of(set, PART_BSK)), .ms = ms_of(&p->ms, piece_of(set, PART_MS_ZEROS)) },
			.pbs_order = PBS_KEYSWITCH_FIRST },
		.message_modulus = MESSAGE_MODULUS, .carry_modulus = CARRY_MODULUS,
		.max_degree = SERVER_DEGREE, .max_noise_level = p->max_noise_level, .modulus = numbers_modulus(64) };
}

static tf_server_key object_of_set(const seeded_keyset *set, slice tag, uint32_t rerand_version)
{
	const lat_params *p = set->params;
	const piece rerand = piece_of(set, PART_RERAND);
	return (tf_server_key){ .tag = tag, .key = {
		.key = block_key_of(set),
		.has_cpk_ksk = present(set, PART_CAST_KSK),
		.cpk_ksk = { .ksk = ksk_of(piece_of(set, PART_CAST_KSK)), .cast_rshift = 0, .destination_key = KEY_SMALL },
		.has_compression = present(set, PART_COMP_PKSK),
		.compression = { pksk_of(piece_of(set, PART_COMP_PKSK)), p->comp.lwe_per_glwe, p->comp.storage_bits },
		.has_decompression = present(set, PART_DECOMP_BSK),
		.decompression = { .bsk = { .bsk = fourier_of(piece_of(set, PART_DECOMP_BSK)), .ms = { .variant = MS_STANDARD } },
		                   .lwe_per_glwe = p->comp.lwe_per_glwe },
		.has_noise_squash = present(set, PART_SNS_BSK),
		.noise_squash = {
			.ap.standard = { .bsk = fourier128_of(piece_of(set, PART_SNS_BSK)),
			                 .ms = ms_of(&p->sns.ms, piece_of(set, PART_SNS_MS_ZEROS)) },
			.message_modulus = MESSAGE_MODULUS, .carry_modulus = CARRY_MODULUS, .modulus = numbers_modulus(128) },
		.has_ns_compression = present(set, PART_SNSCOMP_PKSK),
		.ns_compression = { pksk_of(piece_of(set, PART_SNSCOMP_PKSK)), p->snscomp.lwe_per_glwe },
		.has_rerand = present(set, PART_RERAND),
		.rerand = { .variant = RERAND_DERIVED,
		            .derived = { .key = { .data = rerand.p->bodies, .polynomial_size = rerand.s.N,
		                                  .modulus = numbers_modulus(64) },
		                         .parameters = numbers_rerand(p, rerand_version) } },
		.has_oprf = present(set, PART_OPRF_BSK),
		.oprf = { .classic = fourier_of(piece_of(set, PART_OPRF_BSK)) },
	} };
}

/* ---- where the words are ---------------------------------------------------------------------------------------------- */

/* The slices of each part in an object: one, or four of the squash key; NULL for parts that are absent. */
typedef struct found { const slice *bodies, *array[3]; } found;

static void find_parts(found at[static KEY_PARTS], const tf_plain_integer *k)
{
	const tf_plain_block *block = &k->key.ap.standard;
	const tf_plain_bsk128 *sns = &k->noise_squash.ap.standard;

	at[PART_KSK].bodies = &block->ksk.data;
	at[PART_BSK].bodies = &block->bsk.bsk.fourier.polynomials;
	if (block->bsk.ms.variant == MS_DRIFT) at[PART_MS_ZEROS].bodies = &block->bsk.ms.drift.zeros.data;
	if (k->has_cpk_ksk) at[PART_CAST_KSK].bodies = &k->cpk_ksk.ksk.data;
	if (k->has_compression) at[PART_COMP_PKSK].bodies = &k->compression.pksk.data;
	if (k->has_decompression) at[PART_DECOMP_BSK].bodies = &k->decompression.bsk.bsk.fourier.polynomials;
	if (k->has_noise_squash) at[PART_SNS_BSK] = (found){ &sns->bsk.re0, { &sns->bsk.re1, &sns->bsk.im0, &sns->bsk.im1 } };
	if (k->has_noise_squash && sns->ms.variant == MS_DRIFT) at[PART_SNS_MS_ZEROS].bodies = &sns->ms.drift.zeros.data;
	if (k->has_ns_compression) at[PART_SNSCOMP_PKSK].bodies = &k->ns_compression.pksk.data;
	if (k->has_rerand) at[PART_RERAND].bodies = &k->rerand.derived.key.data;
	if (k->has_oprf) at[PART_OPRF_BSK].bodies = &k->oprf.classic.fourier.polynomials;
}

/* ---- reading ---------------------------------------------------------------------------------------------------------- */

static err take(seeded_part *out, const char *what, const lat_params *params, part_shape s, const found *at)
{
	const size_t needs = part_stored_bytes(s, form_of(s));

	*out = (seeded_part){ .form = form_of(s), .bodies = *at->bodies };
	for (size_t i = 0; i < COUNT(out->array); i++)
		if (at->array[i]) out->array[i] = *at->array[i];
	for (size_t i = 0; i <= COUNT(out->array); i++) {
		const slice x = i ? out->array[i - 1] : out->bodies;
		if (i && !at->array[i - 1]) continue;
		if (x.n == 0 || x.n != needs)
			return err_fail(ERR_REQUEST, "%s: its %s has %zu bytes, %s needs %zu", what, s.name, x.n, numbers_text(params).text,
			                needs);
	}
	return OK;
}

err server_key_read(seeded_keyset *out, slice *tag, slice file)
{
	const char *what = OBJECT[OBJECT_SERVER_KEY].name;
	arena none = arena_with_limit(0);                /* the type has no VECs */
	found at[KEY_PARTS] = { 0 };
	tf_server_key got;

	TRY(object_read(&got, &none, OBJECT_SERVER_KEY, file));
	seeded_keyset set = { .params = numbers_find(OBJECT_SERVER_KEY, &got) };
	if (!set.params) return numbers_unknown(what);
	find_parts(at, &got.key);
	for (key_part i = 0; i < KEY_PARTS; i++)
		if (at[i].bodies) TRY(take(&set.part[i], what, set.params, part_shape_of(set.params, i), &at[i]));
	TRY(numbers_check_tag(what, got.tag));
	const tf_server_key want = object_of_set(&set, got.tag, got.key.rerand.derived.parameters.expansion_kind.version);
	TRY(schema_expect(&T_SERVER_KEY, &got, &want, envelope_length(what), what, numbers_text(set.params).text));
	*out = set;
	*tag = got.tag;
	return OK;
}

/* ---- writing ---------------------------------------------------------------------------------------------------------- */

/* A set whose slices only have lengths. */
static seeded_keyset outline_of(const lat_params *params)
{
	seeded_keyset set = { .params = params };

	for (key_part i = 0; i < KEY_PARTS; i++) {
		const part_shape s = part_shape_of(params, i);
		const slice words = { NULL, part_stored_bytes(s, form_of(s)) };
		if (i == PART_PKE || s.rows == 0) continue;
		set.part[i] = (seeded_part){ .form = form_of(s), .bodies = words };
		for (size_t a = 0; s.bits == 128 && a < COUNT(set.part[i].array); a++) set.part[i].array[a] = words;
	}
	return set;
}

server_key_layout tfhers_server_key_layout(const lat_params *params, size_t tag_n)
{
	static const uint8_t ZERO[MAX_TAG];
	const size_t before = envelope_length(OBJECT[OBJECT_SERVER_KEY].name);
	const seeded_keyset set = outline_of(params);
	found at[KEY_PARTS] = { 0 };

	ASSERT(tag_n <= MAX_TAG);
	const tf_server_key object = object_of_set(&set, slice_of(ZERO, tag_n), 1);
	find_parts(at, &object.key);
	server_key_layout out = { .bytes = before + schema_length(&T_SERVER_KEY, &object) };
	for (key_part i = 0; i < KEY_PARTS; i++) {
		if (!at[i].bodies) continue;
		out.part[i].form = set.part[i].form;
		out.part[i].at[0] = before + schema_place(&T_SERVER_KEY, &object, at[i].bodies);
		for (size_t a = 0; a < COUNT(at[i].array); a++)
			if (at[i].array[a]) out.part[i].at[a + 1] = before + schema_place(&T_SERVER_KEY, &object, at[i].array[a]);
	}
	return out;
}

void tfhers_frame_server_key(uint8_t *file, const lat_params *params, slice tag)
{
	const seeded_keyset set = outline_of(params);
	const tf_server_key object = object_of_set(&set, tag, 1);
	buf head = { 0 };

	tfhers_envelope_write(&head, OBJECT[OBJECT_SERVER_KEY].name);
	memcpy(file, head.p, head.n);
	schema_write_around(file + head.n, &T_SERVER_KEY, &object);
	buf_free(&head);
}
