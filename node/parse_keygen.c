/* SPDX-License-Identifier: MIT */
/* node/parse_keygen.c -- what key set is wanted. */
#include "node/parse_internal.h"
#include "rpc/pb.h"

err parse_params(const lat_params **out, const char *what, int number)
{
	*out = params_by_number_var(number);
	if (*out) return OK;
	return err_fail(ERR_REQUEST, "%s is %d; this build offers %s", what, number, params_names());
}

/* Known choices that are not built are told apart from unknown ones. */
static err expect_below(const char *field, int value, int built, int known, const char *names)
{
	if (value >= 0 && value < built) return OK;
	if (value < 0 || value >= known) return err_fail(ERR_REQUEST, "keyset_config: %s is %d, which does not exist", field, value);
	return err_fail(ERR_UNSUPPORTED, "keyset_config: %s is %d; this version builds %s only", field, value, names);
}

static err parse_keyset(keyset_config *out, const Kms__V1__KeySetConfig *m)
{
	*out = (keyset_config){ 0 };
	if (!m) return OK;
	TRY(expect_below("keyset_type", (int)m->keyset_type, 2, 2, "Standard (0) and DecompressionOnly (1)"));
	out->type = (uint32_t)m->keyset_type;
	const Kms__V1__StandardKeySetConfig *s = m->standard_keyset_config;
	if (!s) return OK;
	TRY(expect_below("compute_key_type", (int)s->compute_key_type, 1, 1, "CPU (0)"));
	TRY(expect_below("secret_key_config", (int)s->secret_key_config, 2, 2, "GenerateAll (0) and UseExisting (1)"));
	TRY(expect_below("compressed_key_config", (int)s->compressed_key_config, 2, 2, "CompressedAll (0) and CompressedNone (1)"));
	out->secrets = (uint32_t)s->secret_key_config;
	out->compression = (uint32_t)s->compressed_key_config;
	if (out->type == KEYSET_STANDARD || (out->secrets == SECRETS_NEW && out->compression == COMPRESSED_ALL)) return OK;
	return err_fail(ERR_REQUEST, "keyset_config: %s is for Standard key sets; a DecompressionOnly one %s",
	                out->secrets == SECRETS_NEW ? "CompressedNone" : "UseExisting",
	                out->secrets == SECRETS_NEW ? "has one form only" : "has no secrets of its own");
}

err parse_preproc(request *r, arena *a, slice message)
{
	Kms__V1__KeyGenPreprocRequest *m;

	TRY(pb_unpack(a, &m, &kms__v1__key_gen_preproc_request__descriptor, message));
	TRY(parse_common(r, &COMMON_FIELDS(m)));
	TRY(parse_params(&r->preproc.params, "params", (int)m->params));
	return parse_keyset(&r->preproc.keyset, m->keyset_config);
}

static err refuse_added_info(const Kms__V1__KeySetAddedInfo *m)
{
	if (!m || !(m->from_keyset_id_decompression_only || m->to_keyset_id_decompression_only || m->existing_keyset_id ||
	            m->use_existing_key_tag || m->copy_compressed_key_to_original)) return OK;
	return err_fail(ERR_REQUEST, "keyset_added_info names other keys; a Standard key set that is generated anew has none");
}

/* What the new key takes from an older one. */
static err parse_existing(keygen_request *out, const Kms__V1__KeySetAddedInfo *m)
{
	if (!m) return err_fail(ERR_REQUEST, "keyset_added_info is missing: with UseExisting it names a key, whose secrets are used");
	if (m->from_keyset_id_decompression_only || m->to_keyset_id_decompression_only)
		return err_fail(ERR_REQUEST, "keyset_added_info names key sets for decompression; with UseExisting only "
		                "existing_keyset_id is meant");
	TRY(parse_id(&out->existing, "existing_keyset_id", m->existing_keyset_id));
	out->keeps_tag = m->use_existing_key_tag;
	out->copies = m->copy_compressed_key_to_original;
	if (!out->copies || out->keyset.compression == COMPRESSED_ALL) return OK;
	return err_fail(ERR_REQUEST, "copy_compressed_key_to_original: what is made with CompressedNone is a ServerKey, and only a "
	                "CompressedXofKeySet is copied; ask for CompressedAll");
}

/* Which key sets the new key connects. */
static err parse_between(keygen_request *out, const Kms__V1__KeySetAddedInfo *m)
{
	if (!m) return err_fail(ERR_REQUEST, "keyset_added_info is missing: with DecompressionOnly it names the key set that the key leads "
	                        "from, and the one that it leads to");
	if (m->existing_keyset_id || m->use_existing_key_tag || m->copy_compressed_key_to_original)
		return err_fail(ERR_REQUEST, "keyset_added_info names what UseExisting takes; with DecompressionOnly only "
		                "from_keyset_id_decompression_only and to_keyset_id_decompression_only are meant");
	TRY(parse_id(&out->from, "from_keyset_id_decompression_only", m->from_keyset_id_decompression_only));
	return parse_id(&out->to, "to_keyset_id_decompression_only", m->to_keyset_id_decompression_only);
}

err parse_keygen(request *r, arena *a, slice message)
{
	Kms__V1__KeyGenRequest *m;

	TRY(pb_unpack(a, &m, &kms__v1__key_gen_request__descriptor, message));
	TRY(parse_common(r, &COMMON_FIELDS(m)));
	TRY(parse_id(&r->keygen.preproc_id, "preproc_id", m->preproc_id));
	if (m->_params_case == KMS__V1__KEY_GEN_REQUEST___PARAMS_PARAMS) TRY(parse_params(&r->keygen.params, "params", (int)m->params));
	TRY(parse_keyset(&r->keygen.keyset, m->keyset_config));
	if (keygen_is_decompression(r)) return parse_between(&r->keygen, m->keyset_added_info);
	return keygen_is_migration(r) ? parse_existing(&r->keygen, m->keyset_added_info)
	                              : refuse_added_info(m->keyset_added_info);
}
