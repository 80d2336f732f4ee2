/* SPDX-License-Identifier: MIT */
/*
 * tfhers/client_key.c -- ClientKey: the seven secret keys, a whole word for every bit, and every parameter.
 *
 * Time: depends on lengths and parameters only; that every word is 0 or 1 is checked over all words at once.
 */
#include "tfhers/numbers.h"
#include "tfhers/tfhers.h"

static unsigned word_bytes(secret_id id)
{
	return id == SECRET_SNS || id == SECRET_SNSCOMP ? 16 : 8;
}

/* The object around the words of the keys; data.n == 0: the part is absent.  Re-randomization has no key of its own and
 * goes with the public key. */
static tf_client_key object_for(const lat_params *p, const slice data[static SECRETS], slice tag, uint32_t expand_version)
{
	return (tf_client_key){ .tag = tag, .key = {
		.key.standard = { .glwe_sk = { data[SECRET_BIG], p->N }, .lwe_sk = data[SECRET_SMALL], .params = numbers_pbs(p) },
		.has_dedicated_pke = data[SECRET_PKE].n > 0,
		.dedicated_pke = { .pke = { data[SECRET_PKE], numbers_pke(p, expand_version) }, .cast = numbers_cast(p) },
		.has_compression = data[SECRET_COMP].n > 0,
		.compression = { { data[SECRET_COMP], p->comp.N }, numbers_comp(p) },
		.has_noise_squash = data[SECRET_SNS].n > 0,
		.noise_squash = { { data[SECRET_SNS], p->sns.N }, numbers_ns(p) },
		.has_ns_compression = data[SECRET_SNSCOMP].n > 0,
		.ns_compression = { { data[SECRET_SNSCOMP], p->snscomp.N }, numbers_ns_comp(p) },
		.has_rerand = data[SECRET_PKE].n > 0,
		.rerand = { .variant = RERAND_DERIVED },
		.has_oprf = data[SECRET_OPRF].n > 0,
		.oprf = { .standard = data[SECRET_OPRF] },
	} };
}

/* ---- reading ----------------------------------------------------------------------------------------------------- */

static void words_of(slice data[static SECRETS], const tf_integer_client_key *k)
{
	data[SECRET_BIG] = k->key.standard.glwe_sk.data;
	data[SECRET_SMALL] = k->key.standard.lwe_sk;
	if (k->has_dedicated_pke) data[SECRET_PKE] = k->dedicated_pke.pke.key;
	if (k->has_compression) data[SECRET_COMP] = k->compression.key.data;
	if (k->has_noise_squash) data[SECRET_SNS] = k->noise_squash.key.data;
	if (k->has_ns_compression) data[SECRET_SNSCOMP] = k->ns_compression.key.data;
	if (k->has_oprf) data[SECRET_OPRF] = k->oprf.standard;
}

static bool present(const tf_integer_client_key *k, secret_id id)
{
	const bool has[SECRETS] = {
		[SECRET_PKE] = k->has_dedicated_pke, [SECRET_SMALL] = true, [SECRET_BIG] = true,
		[SECRET_COMP] = k->has_compression, [SECRET_SNS] = k->has_noise_squash,
		[SECRET_SNSCOMP] = k->has_ns_compression, [SECRET_OPRF] = k->has_oprf,
	};
	return has[id];
}

static err check(slice data[static SECRETS], const lat_params *p, const tf_client_key *got)
{
	static const char *const NAME[SECRETS] = {
		[SECRET_PKE] = "public-key", [SECRET_SMALL] = "small", [SECRET_BIG] = "big", [SECRET_COMP] = "compression",
		[SECRET_SNS] = "squash", [SECRET_SNSCOMP] = "squash compression", [SECRET_OPRF] = "pseudo-random function",
	};
	const char *what = OBJECT[OBJECT_CLIENT_KEY].name;

	for (secret_id id = 0; id < SECRETS; id++) {
		if (!present(&got->key, id)) continue;
		size_t bits = data[id].n / word_bytes(id);
		if (bits != secret_length(p, id))
			return err_fail(ERR_REQUEST, "%s: its %s key has %zu bits, %s needs %zu", what, NAME[id], bits,
			                numbers_text(p).text, secret_length(p, id));
	}
	tf_client_key want = object_for(p, data, got->tag, got->key.dedicated_pke.pke.parameters.expansion_kind.version);
	want.key.has_rerand = got->key.has_rerand;
	TRY(schema_expect(&T_CLIENT_KEY, got, &want, envelope_length(what), what, numbers_text(p).text));
	return numbers_check_tag(what, got->tag);
}

/* bit[0 .. n) from words of `word` bytes; nonzero if any word is neither 0 nor 1. */
static uint64_t bits_load(uint8_t *bit, slice words, unsigned word)
{
	uint64_t bad = 0;

	for (size_t i = 0; i < words.n / word; i++) {
		uint64_t low = load64(words.p + i * word);
		bit[i] = (uint8_t)(low & 1);
		bad |= low >> 1;
		if (word == 16) bad |= load64(words.p + i * word + 8);
	}
	return bad;
}

err tfhers_read_client_key(secret_keys *out, slice *tag, slice file)
{
	const char *what = OBJECT[OBJECT_CLIENT_KEY].name;
	arena none = arena_with_limit(0);                /* the type has no VECs */
	slice data[SECRETS] = { 0 };
	tf_client_key got;

	TRY(object_read(&got, &none, OBJECT_CLIENT_KEY, file));
	const lat_params *p = numbers_find(OBJECT_CLIENT_KEY, &got);
	if (!p) return numbers_unknown(what);
	words_of(data, &got.key);
	TRY(check(data, p, &got));

	secret_keys keys;
	uint64_t bad = 0;
	TRY(secret_keys_new(&keys, p));
	for (secret_id id = 0; id < SECRETS; id++) {
		bad |= bits_load(keys.bit[id], data[id], word_bytes(id));
		if (!present(&got.key, id)) keys.bit[id] = NULL;
	}
	DECLASSIFY(&bad, sizeof bad, "whether a key file is well-formed");
	if (bad) {
		secret_keys_free(&keys);
		return err_fail(ERR_REQUEST, "%s: its keys are not binary", what);
	}
	*out = keys;
	*tag = got.tag;
	return OK;
}

/* ---- writing ----------------------------------------------------------------------------------------------------- */

void tfhers_write_client_key(buf *out, const secret_keys *keys, slice tag)
{
	AUTO(arena) a = arena_with_limit(SIZE_MAX);      /* wiped */
	slice data[SECRETS] = { 0 };

	ASSERT(keys->bit[SECRET_BIG] && keys->bit[SECRET_SMALL]);
	for (secret_id id = 0; id < SECRETS; id++) {
		if (!keys->bit[id]) continue;
		const size_t bits = secret_length(keys->params, id), word = word_bytes(id);
		uint8_t *words = arena_try(&a, bits * word);
		ASSERT(words);
		for (size_t i = 0; i < bits; i++) words[i * word] = keys->bit[id][i];
		data[id] = slice_of(words, bits * word);
	}
	tf_client_key object = object_for(keys->params, data, tag, 1);
	object_write(out, OBJECT_CLIENT_KEY, &object);
}
